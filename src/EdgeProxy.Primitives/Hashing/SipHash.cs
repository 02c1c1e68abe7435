using System;
using System.Buffers.Binary;
using System.Numerics;

namespace EdgeProxy.Primitives.Hashing;

/// <summary>
/// SipHash-1-3 (Aumasson and Bernstein, 2012) over bytes that come in pieces, with a key of this process: nobody
/// outside can tell which texts meet. The key is drawn at the first use.
/// </summary>
internal struct SipHash
{
    private static readonly (ulong First, ulong Second) ProcessKey = Draw();

    private ulong _v0;
    private ulong _v1;
    private ulong _v2;
    private ulong _v3;
    private ulong _tail;
    private ulong _count;

    public SipHash(ulong first, ulong second)
    {
        _v0 = first ^ 0x736F_6D65_7073_6575;
        _v1 = second ^ 0x646F_7261_6E64_6F6D;
        _v2 = first ^ 0x6C79_6765_6E65_7261;
        _v3 = second ^ 0x7465_6462_7974_6573;
    }

    /// <summary>With the key of this process.</summary>
    public static SipHash Begin() => new(ProcessKey.First, ProcessKey.Second);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        int filled = (int)(_count & 7);
        _count += (ulong)bytes.Length;
        if (filled > 0)
        {
            int taken = Math.Min(8 - filled, bytes.Length);
            _tail |= Partial(bytes[..taken]) << (8 * filled);
            if (filled + taken < 8)
            {
                return;
            }

            Add(_tail);
            bytes = bytes[taken..];
        }

        while (bytes.Length >= 8)
        {
            Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        _tail = Partial(bytes);
    }

    /// <summary>The hash of all that was added; nothing is added after it.</summary>
    public ulong End()
    {
        Add(_tail | (_count << 56));
        _v2 ^= 0xFF;
        Round();
        Round();
        Round();
        return _v0 ^ _v1 ^ _v2 ^ _v3;
    }

    private static ulong Partial(ReadOnlySpan<byte> bytes)
    {
        ulong word = 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            word = (word << 8) | bytes[i];
        }

        return word;
    }

    private void Add(ulong word)
    {
        _v3 ^= word;
        Round();
        _v0 ^= word;
    }

    private void Round()
    {
        _v0 += _v1;
        _v2 += _v3;
        _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
        _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
        _v0 = BitOperations.RotateLeft(_v0, 32);
        _v2 += _v1;
        _v0 += _v3;
        _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
        _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
        _v2 = BitOperations.RotateLeft(_v2, 32);
    }

    // The kernel's random bytes, without loading OpenSSL for them: 122 of the 128 bits are random.
    private static (ulong First, ulong Second) Draw()
    {
        UInt128 key = BinaryPrimitives.ReadUInt128LittleEndian(Guid.NewGuid().ToByteArray());
        return ((ulong)key, (ulong)(key >> 64));
    }
}
