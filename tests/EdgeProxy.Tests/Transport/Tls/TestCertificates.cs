using System;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Tests.Transport.Tls;

/// <summary>Certificates of the test's own, which sign themselves.</summary>
internal static class TestCertificates
{
    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-2);

    public static CertificateSettings Make(params string[] names) =>
        Make(names, static key => key.ExportPkcs8PrivateKeyPem());

    public static CertificateSettings Make(string[] names, Func<ECDsa, string> exportKey, int days = 300)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(From, From.AddDays(days));
        return new CertificateSettings(names[0], certificate.ExportCertificatePem(), exportKey(key));
    }
}
