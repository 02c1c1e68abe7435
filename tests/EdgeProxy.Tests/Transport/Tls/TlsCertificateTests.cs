using System.Security.Cryptography;
using EdgeProxy.Transport.Tls;
using Xunit;

namespace EdgeProxy.Tests.Transport.Tls;

public sealed class TlsCertificateTests
{
    [Fact]
    public void Pair_ThatFits_IsRead_WithItsNames()
    {
        CertificateSettings pem = TestCertificates.Make("A.test", "*.b.test");

        using TlsCertificate? read = TlsCertificate.Read(pem.CertificatePem, pem.KeyPem, out string problem, out _);

        Assert.Equal("", problem);
        Assert.Equal(["a.test", "*.b.test"], read!.Names);
        Assert.InRange(read.DaysLeft, 296, 299);
    }

    [Fact]
    public void Expired_IsReadAllTheSame()
    {
        CertificateSettings pem = TestCertificates.Make(["a.test"], static key => key.ExportPkcs8PrivateKeyPem(), days: 1);

        using TlsCertificate? read = TlsCertificate.Read(pem.CertificatePem, pem.KeyPem, out _, out _);

        Assert.True(read!.DaysLeft < 0);
    }

    [Fact]
    public void Key_OfAnother_IsAFaultOfTheKey() => Check(
        TestCertificates.Make("a.test").CertificatePem, TestCertificates.Make("b.test").KeyPem,
        "is not the key of the certificate", isKeyAtFault: true);

    [Fact]
    public void Key_Encrypted_IsToldSo()
    {
        CertificateSettings pem = TestCertificates.Make(["a.test"], static key =>
            key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(
                PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000)));

        Check(pem.CertificatePem, pem.KeyPem, "is encrypted", isKeyAtFault: true);
    }

    [Fact]
    public void Chain_OutOfOrder_IsAFault()
    {
        CertificateSettings own = TestCertificates.Make("a.test");
        CertificateSettings other = TestCertificates.Make("b.test");

        Check(own.CertificatePem + "\n" + other.CertificatePem, own.KeyPem, "out of order", isKeyAtFault: false);
    }

    [Theory]
    [InlineData("", "has no certificate in PEM")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read, number 1")]
    [InlineData("-----BEGIN CERTIFICATE-----", "cannot be read, number 1")]
    public void Certificate_Bad_IsAFault(string pem, string why) =>
        Check(pem, TestCertificates.Make("a.test").KeyPem, why, isKeyAtFault: false);

    [Theory]
    [InlineData("", "has no private key in PEM")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be read")]
    public void Key_Bad_IsAFault(string pem, string why) =>
        Check(TestCertificates.Make("a.test").CertificatePem, pem, why, isKeyAtFault: true);

    private static void Check(string certificate, string key, string why, bool isKeyAtFault)
    {
        Assert.Null(TlsCertificate.Read(certificate, key, out string problem, out bool atKey));
        Assert.Contains(why, problem);
        Assert.Equal(isKeyAtFault, atKey);
    }
}
