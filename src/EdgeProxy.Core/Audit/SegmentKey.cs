using System;
using System.IO;
using System.Security.Cryptography;

namespace EdgeProxy.Audit;

/// <summary>The key that signs segments: ECDSA on P-256 with SHA-256. Loads the platform's cryptography.</summary>
internal sealed class SegmentKey : IDisposable
{
    private readonly ECDsa _key;

    private SegmentKey(ECDsa key)
    {
        _key = key;
        Id = SHA256.HashData(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>SHA-256 of the public key's SubjectPublicKeyInfo.</summary>
    public byte[] Id { get; }

    public static SegmentKey Generate() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>
    /// From PEM, private or public. CryptographicException or ArgumentException if it is no P-256 key.
    /// </summary>
    public static SegmentKey OfPem(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            string? curve = key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value;
            return curve == ECCurve.NamedCurves.nistP256.Oid.Value
                ? new SegmentKey(key)
                : throw new CryptographicException("is not a key of the curve P-256");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The key of <paramref name="privatePath"/>, made with mode 0600 if <paramref name="mayMake"/> and it is not
    /// there; its public half is written to <paramref name="publicPath"/> each time, and what was there of another key
    /// is kept beside it. IOException and those of <see cref="OfPem"/>.
    /// </summary>
    public static SegmentKey Open(string privatePath, string publicPath, bool mayMake)
    {
        if (mayMake && !File.Exists(privatePath))
        {
            using SegmentKey made = Generate();
            WriteWhole(
                privatePath, made._key.ExportPkcs8PrivateKeyPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        SegmentKey key = OfPem(File.ReadAllText(privatePath));
        KeepOther(publicPath, key);
        WriteWhole(publicPath, key.PublicPem(), (UnixFileMode)0b110_100_100);
        return key;
    }

    public string PublicPem() => _key.ExportSubjectPublicKeyInfoPem() + "\n";

    public byte[] Sign(ReadOnlySpan<byte> bytes) => _key.SignData(bytes, HashAlgorithmName.SHA256);

    public bool Verifies(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature) =>
        _key.VerifyData(bytes, signature, HashAlgorithmName.SHA256);

    public void Dispose() => _key.Dispose();

    // Segments that were signed with it are checked with it, for years to come.
    private static void KeepOther(string publicPath, SegmentKey key)
    {
        if (!File.Exists(publicPath))
        {
            return;
        }

        string pem = File.ReadAllText(publicPath);
        try
        {
            using SegmentKey before = OfPem(pem);
            if (!before.Id.AsSpan().SequenceEqual(key.Id))
            {
                string name = $"key-{Convert.ToHexStringLower(before.Id)}.pub.pem";
                WriteWhole(Path.Combine(Path.GetDirectoryName(publicPath)!, name), pem, (UnixFileMode)0b110_100_100);
            }
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // It is no key, and keeps nobody from starting.
        }
    }

    // By way of another name: a crash leaves no half of a key.
    private static void WriteWhole(string path, string text, UnixFileMode mode)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = mode,
        }))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(text);
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
