using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

        AddWords(bytes[..(bytes.Length & ~7)]);
        _tail = Partial(bytes[(bytes.Length & ~7)..]);
    }

    /// <summary>The hash of all that was added; nothing is added after it.</summary>
    public ulong End()
    {
        Add(_tail | (_count << 56));
        _v2 ^= 0xFF;
        Round(ref _v0, ref _v1, ref _v2, ref _v3);
        Round(ref _v0, ref _v1, ref _v2, ref _v3);
        Round(ref _v0, ref _v1, ref _v2, ref _v3);
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
        Round(ref _v0, ref _v1, ref _v2, ref _v3);
        _v0 ^= word;
    }

    // In registers: a prompt of a kilobyte is 128 words.
    private void AddWords(ReadOnlySpan<byte> bytes)
    {
        (ulong v0, ulong v1, ulong v2, ulong v3) = (_v0, _v1, _v2, _v3);
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            ulong added = BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
            v3 ^= added;
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= added;
        }

        (_v0, _v1, _v2, _v3) = (v0, v1, v2, v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v2 += v3;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 = BitOperations.RotateLeft(v2, 32);
    }

    // The kernel's random bytes, without loading OpenSSL for them: 122 of the 128 bits are random.
    private static (ulong First, ulong Second) Draw()
    {
        UInt128 key = BinaryPrimitives.ReadUInt128LittleEndian(Guid.NewGuid().ToByteArray());
        return ((ulong)key, (ulong)(key >> 64));
    }
}
