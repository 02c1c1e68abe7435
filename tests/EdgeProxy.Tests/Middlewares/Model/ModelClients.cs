using System;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeProxy.Config;
using EdgeProxy.Tests.Config;
using EdgeProxy.Tests.Transport.Tls;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;
using Xunit;

namespace EdgeProxy.Tests.Middlewares.Model;

/// <summary>
/// Clients by their addresses: one shows a certificate that is trusted, one a certificate that nobody signed, others
/// none. Handshakes were made once, over memory; requests are in clear text.
/// </summary>
internal sealed class ModelClients : IDisposable
{
    public const string Trusted = "10.0.0.1";
    public const string Stranger = "192.0.2.1";
    public const string Subject = "CN=good.test";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-model-");
    private readonly TlsPair _trusted;
    private readonly TlsPair _stranger;

    public ModelClients()
    {
        CertificateSettings good = TestCertificates.Make("good.test");
        File.WriteAllText(FileOf("own.pem"), TlsPair.Certificate.CertificatePem);
        File.WriteAllText(FileOf("own.key"), TlsPair.Certificate.KeyPem);
        File.SetUnixFileMode(FileOf("own.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(FileOf("ca.pem"), good.CertificatePem);
        using var read = X509Certificate2.CreateFromPem(good.CertificatePem);
        Fingerprint = read.GetCertHashString(HashAlgorithmName.SHA256);
        _trusted = Pair(good, good.CertificatePem);
        _stranger = Pair(TestCertificates.Make("good.test"), good.CertificatePem);
        Assert.True(_trusted.AtServer.Peer is { IsVerified: true, Subject: Subject });
        Assert.True(_stranger.AtServer.Peer is { IsVerified: false });
    }

    /// <summary>SHA-256 of the certificate that is trusted.</summary>
    public string Fingerprint { get; }

    /// <summary>What an entrypoint says to ask for certificates.</summary>
    public string EntryPoint => $"tls = {{ client_auth = \"request\", client_ca = \"{FileOf("ca.pem")}\" }}";

    /// <summary>What TLS needs besides.</summary>
    public string Certificates => $"""

        [[tls.certificates]]
        cert = "{FileOf("own.pem")}"
        key = "{FileOf("own.key")}"

        """;

    /// <summary>Reads a configuration that lies beside the certificates.</summary>
    public ProxySettings Parse(string toml)
    {
        File.WriteAllText(FileOf("edgeproxy.toml"), toml);
        return ConfigFile.Load(FileOf("edgeproxy.toml"), ConfigCorpus.Environment, out var faults)
            ?? throw new InvalidOperationException(string.Join('\n', faults));
    }

    /// <summary>What a client at this address shows; null: nothing.</summary>
    public ByteLink? At(string address) => address switch
    {
        Trusted => _trusted.AtServer,
        Stranger => _stranger.AtServer,
        _ => null,
    };

    public void Dispose()
    {
        _trusted.Dispose();
        _stranger.Dispose();
        _folder.Delete(recursive: true);
    }

    private string FileOf(string name) => Path.Combine(_folder.FullName, name);

    private static TlsPair Pair(CertificateSettings own, string ca) => new(
        TlsPair.Server() with { Policy = new ClientPolicy { Auth = ClientAuth.Request, CaPem = ca } },
        new TlsClientSettings { SkipVerify = true, Certificate = own });
}
