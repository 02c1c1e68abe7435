using System;
using System.IO;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>The certificate every proxy shows, as files: ECDSA P-256, signed by itself, for 127.0.0.1.</summary>
/// <param name="Cert">The certificate alone.</param>
/// <param name="Key">Its key alone; nobody else may read it.</param>
/// <param name="Both">One after the other, as HAProxy wants them.</param>
internal sealed record TlsFiles(string Cert, string Key, string Both)
{
    public static TlsFiles WriteTo(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench.example.com", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("bench.example.com");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));

        string cert = certificate.ExportCertificatePem() + "\n";
        string secret = key.ExportPkcs8PrivateKeyPem() + "\n";
        return new TlsFiles(
            Write(folder, "cert.pem", cert),
            Write(folder, "key.pem", secret),
            Write(folder, "both.pem", cert + secret));
    }

    private static string Write(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
