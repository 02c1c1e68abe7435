using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>An authority of the test's own and what it signs, in a folder that goes with it.</summary>
internal sealed class TestKeys : IDisposable
{
    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-keys-");
    private readonly X509Certificate2 _authority;
    private int _serial;

    public TestKeys()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test Authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(From, From.AddYears(1));
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
    }

    public string Folder => _folder.FullName;

    public string AuthorityFile => Path.Combine(Folder, "ca.pem");

    /// <summary>
    /// Makes NAME.pem and NAME.key for these names or addresses; the certificate with its key is returned.
    /// </summary>
    public X509Certificate2 Make(string name, string[]? names = null, bool isRsa = false, bool isExpired = false)
    {
        using RSA? rsa = isRsa ? RSA.Create(2048) : null;
        using ECDsa? ec = isRsa ? null : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = rsa is not null
            ? new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN={name}", ec!, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string one in names ?? [name])
        {
            if (IPAddress.TryParse(one, out IPAddress? address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(one);
            }
        }

        request.CertificateExtensions.Add(alternatives.Build());
        byte[] serial = [1, (byte)++_serial];
        using X509Certificate2 signed = request.Create(
            _authority.SubjectName,
            X509SignatureGenerator.CreateForECDsa(_authority.GetECDsaPrivateKey()!),
            From,
            isExpired ? From.AddDays(1) : From.AddDays(300),
            serial);
        File.WriteAllText(CertificateFile(name), signed.ExportCertificatePem());
        WriteKey(KeyFile(name), rsa?.ExportPkcs8PrivateKeyPem() ?? ec!.ExportPkcs8PrivateKeyPem());
        return rsa is not null ? signed.CopyWithPrivateKey(rsa) : signed.CopyWithPrivateKey(ec!);
    }

    public string CertificateFile(string name) => Path.Combine(Folder, name + ".pem");

    public string KeyFile(string name) => Path.Combine(Folder, name + ".key");

    /// <summary>[[tls.certificates]] of what was made.</summary>
    public string Toml(string name, string more = "") =>
        $"[[tls.certificates]]\ncert = \"{CertificateFile(name)}\"\nkey = \"{KeyFile(name)}\"\n{more}\n";

    /// <summary>Trusts this authority and no other.</summary>
    public X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(_authority);
        return policy;
    }

    /// <summary>A server that shows this certificate.</summary>
    public static SslServerAuthenticationOptions Server(X509Certificate2 certificate) =>
        new() { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null) };

    public void Dispose() => _folder.Delete(recursive: true);

    private static void WriteKey(string path, string pem)
    {
        File.WriteAllText(path, pem);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
