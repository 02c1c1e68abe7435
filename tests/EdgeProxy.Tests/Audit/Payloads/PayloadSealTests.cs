using System;
using System.Security.Cryptography;
using System.Text;
using EdgeProxy.Audit.Payloads;
using Xunit;

namespace EdgeProxy.Tests.Audit.Payloads;

/// <summary>What is sealed opens with the private key alone, and not once a bit of it is another.</summary>
public sealed class PayloadSealTests
{
    [Fact]
    public void Sealed_OpensWithThePrivateKeyOnly()
    {
        using ECDiffieHellman pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using ECDiffieHellman other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using PayloadSeal box = PayloadSeal.OfPem(pair.ExportSubjectPublicKeyInfoPem());
        using PayloadSeal owner = PayloadSeal.OfPem(pair.ExportPkcs8PrivateKeyPem(), isPrivate: true);
        using PayloadSeal stranger = PayloadSeal.OfPem(other.ExportPkcs8PrivateKeyPem(), isPrivate: true);
        byte[] plain = Encoding.UTF8.GetBytes("what was said");
        byte[] form = new byte[plain.Length + PayloadSeal.OverheadBytes];
        box.Seal(plain, "here"u8, form);

        Assert.Equal(plain, owner.Open(form, "here"u8, out _));
        Assert.Null(stranger.Open(form, "here"u8, out string problem));
        Assert.Contains("another key", problem);
        Assert.Null(owner.Open(form, "there"u8, out _));
        Assert.Null(owner.Open(form.AsSpan(0, 40), "here"u8, out _));
        Assert.DoesNotContain("what was said", Encoding.Latin1.GetString(form));
        for (int i = 0; i < form.Length; i++)
        {
            form[i] ^= 1;
            Assert.Null(owner.Open(form, "here"u8, out _));
            form[i] ^= 1;
        }
    }

    [Fact]
    public void OfPem_TakesTheKeyThatBelongsThere()
    {
        using ECDiffieHellman pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using ECDiffieHellman larger = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<CryptographicException>(() => PayloadSeal.OfPem(pair.ExportPkcs8PrivateKeyPem()));
        Assert.Throws<CryptographicException>(
            () => PayloadSeal.OfPem(pair.ExportSubjectPublicKeyInfoPem(), isPrivate: true));
        Assert.Throws<CryptographicException>(() => PayloadSeal.OfPem(larger.ExportSubjectPublicKeyInfoPem()));
        Assert.Throws<ArgumentException>(() => PayloadSeal.OfPem("no key"));
    }
}
