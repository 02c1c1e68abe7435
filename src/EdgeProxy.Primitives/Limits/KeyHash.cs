using System;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace EdgeProxy.Primitives.Limits;

/// <summary>
/// 64-bit hashes of what limits are counted by. Seeded anew for each limiter, so that nobody outside can aim at a
/// bucket.
/// </summary>
internal readonly struct KeyHash(long seed)
{
    // Half of a random GUID: the kernel's random bytes, without loading OpenSSL for them.
    public static KeyHash Random() => new(BitConverter.ToInt64(Guid.NewGuid().ToByteArray(), sizeof(long)));

    /// <summary>Never 0, which is an empty slot.</summary>
    public ulong Of(ReadOnlySpan<byte> key)
    {
        ulong hash = XxHash3.HashToUInt64(key, seed);
        return hash == 0 ? 1 : hash;
    }

    public ulong Of(UInt128 key)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, key);
        return Of(bytes);
    }
}
