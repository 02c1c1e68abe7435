using System;
using System.Security.Cryptography;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// Encrypts payloads to a public key of P-256: an ephemeral key each, ECDH, HKDF-SHA-256 (RFC 5869), AES-256-GCM. The
/// form: ephemeral public key (65 bytes, SEC 1 uncompressed), id of the recipient's key (32), ciphertext, tag (16).
/// </summary>
internal sealed class PayloadSeal : IDisposable
{
    private const int PointBytes = 65;
    private const int CoordinateBytes = 32;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int IdBytes = SHA256.HashSizeInBytes;

    /// <summary>What the sealed form has more than the plain.</summary>
    public const int OverheadBytes = PointBytes + IdBytes + TagBytes;

    private readonly ECDiffieHellman _key;

    private PayloadSeal(ECDiffieHellman key)
    {
        _key = key;
        Id = SHA256.HashData(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>SHA-256 of the public key's SubjectPublicKeyInfo.</summary>
    public byte[] Id { get; }

    private static ReadOnlySpan<byte> Purpose => "edgeproxy audit payload 1"u8;

    /// <summary>
    /// From PEM. CryptographicException or ArgumentException if it is no P-256 key, or a private one where a public
    /// one belongs.
    /// </summary>
    public static PayloadSeal OfPem(string pem, bool isPrivate = false)
    {
        if (!isPrivate && pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new CryptographicException("is a private key: this box is to have the public one only");
        }

        if (isPrivate && !pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new CryptographicException("is no private key");
        }

        var key = ECDiffieHellman.Create();
        try
        {
            key.ImportFromPem(pem);
            string? curve = key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value;
            return curve == ECCurve.NamedCurves.nistP256.Oid.Value
                ? new PayloadSeal(key)
                : throw new CryptographicException("is not a key of the curve P-256");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <param name="bound">Opening fails if it is another.</param>
    /// <param name="output">As long as the plain form and <see cref="OverheadBytes"/>.</param>
    public void Seal(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> bound, Span<byte> output)
    {
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        ECPoint point = ephemeral.ExportParameters(includePrivateParameters: false).Q;
        output[0] = 4;
        point.X.CopyTo(output[1..]);
        point.Y.CopyTo(output[(1 + CoordinateBytes)..]);
        Id.CopyTo(output[PointBytes..]);
        using ECDiffieHellmanPublicKey recipient = _key.PublicKey;
        Span<byte> keys = stackalloc byte[KeyBytes + NonceBytes];
        Derive(ephemeral, recipient, output[..(PointBytes + IdBytes)], keys);
        using var cipher = new AesGcm(keys[..KeyBytes], TagBytes);
        cipher.Encrypt(keys[KeyBytes..], plain, output.Slice(PointBytes + IdBytes, plain.Length),
            output.Slice(PointBytes + IdBytes + plain.Length, TagBytes), bound);
        CryptographicOperations.ZeroMemory(keys);
    }

    /// <summary>Null, and why, if it was sealed to another key or is not as it was.</summary>
    public byte[]? Open(ReadOnlySpan<byte> form, ReadOnlySpan<byte> bound, out string problem)
    {
        problem = "";
        if (form.Length < OverheadBytes || form[0] != 4)
        {
            problem = "is no sealed payload";
            return null;
        }

        if (!form.Slice(PointBytes, IdBytes).SequenceEqual(Id))
        {
            problem = $"is sealed to another key, {Convert.ToHexStringLower(form.Slice(PointBytes, IdBytes))}";
            return null;
        }

        byte[] plain = new byte[form.Length - OverheadBytes];
        try
        {
            using var ephemeral = ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint
                {
                    X = form.Slice(1, CoordinateBytes).ToArray(),
                    Y = form.Slice(1 + CoordinateBytes, CoordinateBytes).ToArray(),
                },
            });
            using ECDiffieHellmanPublicKey sender = ephemeral.PublicKey;
            Span<byte> keys = stackalloc byte[KeyBytes + NonceBytes];
            Derive(_key, sender, form[..(PointBytes + IdBytes)], keys);
            using var cipher = new AesGcm(keys[..KeyBytes], TagBytes);
            cipher.Decrypt(keys[KeyBytes..], form[(PointBytes + IdBytes)..^TagBytes], form[^TagBytes..], plain, bound);
            return plain;
        }
        catch (CryptographicException)
        {
            problem = "does not open: it is not as it was sealed";
            return null;
        }
    }

    public void Dispose() => _key.Dispose();

    // A key is used for one payload, so its nonce may come from the same place.
    private static void Derive(
        ECDiffieHellman own, ECDiffieHellmanPublicKey other, ReadOnlySpan<byte> salt, Span<byte> keys)
    {
        byte[] secret = own.DeriveRawSecretAgreement(other);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, keys, salt, Purpose);
        CryptographicOperations.ZeroMemory(secret);
    }
}
