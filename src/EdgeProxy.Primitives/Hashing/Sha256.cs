using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeProxy.Primitives.Hashing;

/// <summary>
/// SHA-256 (FIPS 180-4) without allocation: in managed code until <see cref="UseLibrary"/> was called, then by
/// libcrypto, which has the processor's instructions for it. Loading that costs a start more than the rest of reading a
/// configuration, so it is for those who hash what passes; what a start hashes is short. The framework's own goes to
/// libcrypto, too, by way of contexts and error queues that cost more than a kilobyte's hash (decision 144).
/// </summary>
/// <remarks>
/// Laid out as SHA256_CTX of openssl/sha.h, and what is in it means the same, so either may go on where the other was.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct Sha256
{
    public const int HashBytes = 32;
    private const int BlockBytes = 64;
    private const int LengthOffset = BlockBytes - sizeof(ulong);
    private const int WordCount = 64;
    private const int StateWords = HashBytes / sizeof(uint);

    // Section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static readonly uint[] RoundConstants = FractionsOfRoots(WordCount, root: 3);

    // Section 5.3.3: the same of the square roots of the first 8.
    private static readonly uint[] InitialState = FractionsOfRoots(StateWords, root: 2);

    private Words _state;
    private uint _bitsLow;
    private uint _bitsHigh;
    private Bytes _block;
    private int _filled;
    private int _hashBytes;

    public Sha256() => Begin();

    private ulong Bits
    {
        readonly get => ((ulong)_bitsHigh << 32) | _bitsLow;
        set => (_bitsLow, _bitsHigh) = ((uint)value, (uint)(value >> 32));
    }

    /// <summary>
    /// From here on libcrypto hashes, if it is there and what it says of a known text is right. Loads it; any thread.
    /// </summary>
    public static void UseLibrary() => LibrarySha256.Load();

    /// <summary>Forgets what was appended.</summary>
    public void Begin()
    {
        this = default;
        InitialState.CopyTo(_state);
        _hashBytes = HashBytes;
    }

    public static byte[] Of(ReadOnlySpan<byte> bytes)
    {
        byte[] hash = new byte[HashBytes];
        Write(bytes, hash);
        return hash;
    }

    /// <summary>
    /// The hash of <paramref name="bytes"/> into the first <see cref="HashBytes"/> of <paramref name="hash"/>.
    /// </summary>
    public static void Write(ReadOnlySpan<byte> bytes, Span<byte> hash)
    {
        var running = new Sha256();
        running.Append(bytes);
        running.End(hash);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (LibrarySha256.IsLoaded)
        {
            LibrarySha256.Append(ref this, bytes);
            return;
        }

        AppendManaged(bytes);
    }

    /// <summary>As <see cref="Append"/>, in managed code whatever is loaded.</summary>
    public void AppendManaged(ReadOnlySpan<byte> bytes)
    {
        Bits += (ulong)bytes.Length * 8;
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, BlockBytes - _filled);
            bytes[..count].CopyTo(((Span<byte>)_block)[_filled..]);
            bytes = bytes[count..];
            _filled += count;
            if (_filled == BlockBytes)
            {
                MixBlock();
            }
        }
    }

    /// <summary>The hash of all that was appended. Nothing may be appended after it.</summary>
    public byte[] End()
    {
        byte[] hash = new byte[HashBytes];
        End(hash);
        return hash;
    }

    /// <summary>As <see cref="End()"/>, into the first <see cref="HashBytes"/> of <paramref name="hash"/>.</summary>
    public void End(Span<byte> hash)
    {
        if (LibrarySha256.IsLoaded)
        {
            LibrarySha256.End(ref this, hash[..HashBytes]);
            return;
        }

        EndManaged(hash);
    }

    /// <summary>As <see cref="End(Span{byte})"/>, in managed code whatever is loaded.</summary>
    public void EndManaged(Span<byte> hash)
    {
        // Section 5.1.1: a 1 bit, zeroes, then the length in bits as 64 bits at the end of a block.
        Span<byte> block = _block;
        block[_filled++] = 0x80;
        if (_filled > LengthOffset)
        {
            block[_filled..].Clear();
            MixBlock();
        }

        block[_filled..LengthOffset].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(block[LengthOffset..], Bits);
        MixBlock();
        for (int i = 0; i < StateWords; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash[(i * sizeof(uint))..], _state[i]);
        }
    }

    // Section 6.2.2.
    private void MixBlock()
    {
        Span<byte> block = _block;
        Span<uint> words = stackalloc uint[WordCount];
        for (int t = 0; t < WordCount; t++)
        {
            words[t] = t < 16
                ? BinaryPrimitives.ReadUInt32BigEndian(block[(t * sizeof(uint))..])
                : SmallSigma(words[t - 2], 17, 19, 10) + words[t - 7]
                    + SmallSigma(words[t - 15], 7, 18, 3) + words[t - 16];
        }

        (uint a, uint b, uint c, uint d) = (_state[0], _state[1], _state[2], _state[3]);
        (uint e, uint f, uint g, uint h) = (_state[4], _state[5], _state[6], _state[7]);
        for (int t = 0; t < WordCount; t++)
        {
            uint first = h + BigSigma(e, 6, 11, 25) + ((e & f) ^ (~e & g)) + RoundConstants[t] + words[t];
            uint second = BigSigma(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e) = (g, f, e, d + first);
            (d, c, b, a) = (c, b, a, first + second);
        }

        ReadOnlySpan<uint> mixed = [a, b, c, d, e, f, g, h];
        for (int i = 0; i < StateWords; i++)
        {
            _state[i] += mixed[i];
        }

        _filled = 0;
    }

    private static uint BigSigma(uint x, int first, int second, int third) =>
        BitOperations.RotateRight(x, first)
        ^ BitOperations.RotateRight(x, second)
        ^ BitOperations.RotateRight(x, third);

    private static uint SmallSigma(uint x, int first, int second, int shift) =>
        BitOperations.RotateRight(x, first) ^ BitOperations.RotateRight(x, second) ^ (x >> shift);

    // Whole-number roots of the prime shifted left, so that the 32 bits after the point come out exact.
    private static uint[] FractionsOfRoots(int count, int root)
    {
        uint[] fractions = new uint[count];
        uint prime = 1;
        for (int i = 0; i < count; i++)
        {
            prime = NextPrime(prime);
            UInt128 scaled = (UInt128)prime << (32 * root);
            ulong low = 0;
            ulong high = 1UL << 37; // the square root of 311, the last prime, is below 2^5; cube roots are smaller
            while (high - low > 1)
            {
                ulong middle = low + ((high - low) / 2);
                UInt128 power = (UInt128)middle * middle * (root == 3 ? middle : 1UL);
                (low, high) = power <= scaled ? (middle, high) : (low, middle);
            }

            fractions[i] = (uint)low;
        }

        return fractions;
    }

    private static uint NextPrime(uint after)
    {
        for (uint candidate = after + 1; ; candidate++)
        {
            bool isPrime = true;
            for (uint divisor = 2; divisor * divisor <= candidate; divisor++)
            {
                isPrime &= candidate % divisor != 0;
            }

            if (isPrime)
            {
                return candidate;
            }
        }
    }

    [InlineArray(StateWords)]
    private struct Words
    {
        private uint _first;
    }

    [InlineArray(BlockBytes)]
    private struct Bytes
    {
        private byte _first;
    }
}
