using System;
using System.Buffers.Binary;

namespace EdgeProxy.Routing;

/// <summary>
/// Hashes a few dozen bytes, eight at a time, by folded multiplication. The keys in our tables come from the
/// configuration, so a client cannot make them collide and the hash needs no secret.
/// </summary>
internal static class ByteHash
{
    // Two odd constants with about half their bits set: the fractions of the golden ratio and of the square root of 2.
    private const ulong First = 0x9e3779b97f4a7c15;
    private const ulong Second = 0x6a09e667f3bcc909;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = First ^ (ulong)bytes.Length;
        ReadOnlySpan<byte> rest = bytes;
        while (rest.Length > sizeof(ulong))
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(rest), Second);
            rest = rest[sizeof(ulong)..];
        }

        hash = Fold(hash ^ Last(bytes, rest), First);
        return (uint)(hash ^ (hash >> 32));
    }

    // The last 8 bytes, overlapping what was hashed already; or all there are of a shorter text.
    private static ulong Last(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> rest)
    {
        if (bytes.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes[^sizeof(ulong)..]);
        }

        if (rest.Length >= sizeof(uint))
        {
            return BinaryPrimitives.ReadUInt32LittleEndian(rest)
                | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(rest[^sizeof(uint)..]) << 32);
        }

        return rest.IsEmpty ? 0 : rest[0] | ((ulong)rest[rest.Length / 2] << 8) | ((ulong)rest[^1] << 16);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
