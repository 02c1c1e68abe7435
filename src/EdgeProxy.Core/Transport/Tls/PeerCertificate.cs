using System;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Transport.Tls;

/// <summary>What the peer's certificate says, read once when its handshake is over.</summary>
internal sealed unsafe class PeerCertificate
{
    // ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_DN_REV | XN_FLAG_FN_SN | XN_FLAG_DUMP_UNKNOWN_FIELDS:
    // RFC 2253, everything outside of ASCII escaped.
    private const uint NameAsRfc2253 = 0x111_0317;
    private const int NameBytesMax = 1024;

    private PeerCertificate(void* certificate, nint verified)
    {
        IsVerified = verified == 0;
        VerifyText = OpenSsl.VerifyText(verified);
        Der = Encoded(certificate, isKey: false);
        Spki = Digest256.Of(Encoded(certificate, isKey: true));
        Fingerprint = Digest256.Of(Der);
        FingerprintText = Fingerprint.ToString();
        Subject = NameOf(LibCrypto.Subject(certificate));
        Issuer = NameOf(LibCrypto.Issuer(certificate));
        void* serial = LibCrypto.SerialNumber(certificate);
        Serial = Convert.ToHexStringLower(
            new ReadOnlySpan<byte>(LibCrypto.StringBytes(serial), LibCrypto.StringLength(serial)));
    }

    /// <summary>It leads to somebody we trust, is of this time, and was made for this use.</summary>
    public bool IsVerified { get; }

    /// <summary>Which check failed; "ok" if none did.</summary>
    public string VerifyText { get; }

    public byte[] Der { get; }

    /// <summary>SHA-256 of the public key with its algorithm (RFC 7469 section 2.4).</summary>
    public Digest256 Spki { get; }

    /// <summary>SHA-256 of the certificate.</summary>
    public Digest256 Fingerprint { get; }

    /// <summary>The same in lower-case hex.</summary>
    public string FingerprintText { get; }

    /// <summary>RFC 2253, printable ASCII.</summary>
    public string Subject { get; }

    public string Issuer { get; }

    /// <summary>Lower-case hex.</summary>
    public string Serial { get; }

    /// <summary>What its reader makes of it, once, and keeps with it.</summary>
    public byte[]? Notes { get; set; }

    /// <summary>Null if the peer gave none.</summary>
    public static PeerCertificate? Read(void* ssl)
    {
        void* certificate = LibSsl.PeerCertificate(ssl);
        if (certificate is null)
        {
            return null;
        }

        var peer = new PeerCertificate(certificate, LibSsl.VerifyResult(ssl));
        LibCrypto.FreeCertificate(certificate);
        return peer;
    }

    private static byte[] Encoded(void* certificate, bool isKey)
    {
        int length = Encode(certificate, isKey, null);
        byte[] bytes = new byte[Math.Max(0, length)];
        fixed (byte* memory = bytes)
        {
            byte* into = memory;
            _ = Encode(certificate, isKey, &into);
        }

        return bytes;
    }

    private static int Encode(void* certificate, bool isKey, byte** into) => isKey
        ? LibCrypto.EncodePublicKey(LibCrypto.PublicKey(certificate), into)
        : LibCrypto.EncodeCertificate(certificate, into);

    private static string NameOf(void* name)
    {
        void* bio = LibCrypto.BioNew(LibCrypto.BioMemoryMethod());
        _ = LibCrypto.PrintName(bio, name, 0, NameAsRfc2253);
        byte* text = stackalloc byte[NameBytesMax];
        int length = LibCrypto.BioRead(bio, text, NameBytesMax);
        _ = LibCrypto.BioFree(bio);
        var shown = new StringBuilder();
        for (int i = 0; i < length; i++)
        {
            shown.Append(text[i] is >= 0x20 and < 0x7F ? (char)text[i] : '?');
        }

        return shown.ToString();
    }
}
