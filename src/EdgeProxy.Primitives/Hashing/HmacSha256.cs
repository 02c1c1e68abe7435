using System;

namespace EdgeProxy.Primitives.Hashing;

/// <summary>HMAC with SHA-256 (RFC 2104), over <see cref="Sha256"/>. For when a configuration is read.</summary>
internal static class HmacSha256
{
    private const int BlockBytes = 64;
    private const byte InnerPad = 0x36;
    private const byte OuterPad = 0x5C;

    public static byte[] Of(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message)
    {
        // Section 2: a key longer than a block is hashed first, a shorter one is followed by zeroes.
        ReadOnlySpan<byte> used = key.Length > BlockBytes ? Sha256.Of(key) : key;
        byte[] inner = new byte[BlockBytes];
        byte[] outer = new byte[BlockBytes];
        used.CopyTo(inner);
        used.CopyTo(outer);
        for (int i = 0; i < BlockBytes; i++)
        {
            inner[i] ^= InnerPad;
            outer[i] ^= OuterPad;
        }

        var hash = new Sha256();
        hash.Append(inner);
        hash.Append(message);
        byte[] innerHash = hash.End();
        hash = new Sha256();
        hash.Append(outer);
        hash.Append(innerHash);
        return hash.End();
    }
}
