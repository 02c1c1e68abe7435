using System;
using System.Buffers.Binary;

namespace EdgeProxy.Primitives.Http2;

/// <summary>
/// The Huffman code of HPACK (RFC 7541 section 5.2 and appendix B). The code is canonical, so the lengths are all of it
/// that has to be written down: within a length, codes go up with their symbols.
/// </summary>
internal static class Huffman
{
    private const int SymbolCount = 257;
    private const int EndOfString = 256;
    private const int BitsMax = 30;

    // Codes up to this long are found with one look; among them are all letters and digits.
    private const int QuickBits = 8;

    private static readonly Code s_code = new();

    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
        28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
        7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
        23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
        21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
    ];

    /// <summary>Room that is enough for the text of so many coded bytes: the shortest code has 5 bits.</summary>
    public static int DecodedBytesMax(int codedBytes) => codedBytes * 8 / 5;

    /// <summary>Bytes <paramref name="text"/> takes when coded.</summary>
    public static int CodedBytes(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> lengths = Lengths;
        int bits = 0;
        foreach (byte value in text)
        {
            bits += lengths[value];
        }

        return (bits + 7) / 8;
    }

    /// <summary>Writes the code of <paramref name="text"/>, padded with ones; returns its length in bytes.</summary>
    public static int Encode(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        ReadOnlySpan<byte> lengths = Lengths;
        uint[] codes = s_code.Codes;
        ulong pending = 0;
        int pendingBits = 0;
        int written = 0;
        foreach (byte value in text)
        {
            pending = (pending << lengths[value]) | codes[value];
            pendingBits += lengths[value];
            while (pendingBits >= 8)
            {
                pendingBits -= 8;
                destination[written++] = (byte)(pending >> pendingBits);
            }
        }

        if (pendingBits > 0)
        {
            int missing = 8 - pendingBits;
            destination[written++] = (byte)((pending << missing) | ((1u << missing) - 1));
        }

        return written;
    }

    /// <summary>
    /// Reads coded text into <paramref name="destination"/>, which MUST have room for
    /// <see cref="DecodedBytesMax"/>. False if it is none: an end-of-string within, or padding that is longer than 7
    /// bits or not all ones.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> coded, Span<byte> destination, out int count)
    {
        Code code = s_code;
        count = 0;
        ulong window = 0; // the next bits, from the top
        int bits = 0;
        int at = 0;
        while (true)
        {
            while (bits <= 56 && at < coded.Length)
            {
                if (bits <= 32 && coded.Length - at >= sizeof(uint))
                {
                    window |= (ulong)BinaryPrimitives.ReadUInt32BigEndian(coded[at..]) << (32 - bits);
                    at += sizeof(uint);
                    bits += 32;
                    continue;
                }

                window |= (ulong)coded[at++] << (56 - bits);
                bits += 8;
            }

            ushort quick = code.Quick[(int)(window >> (64 - QuickBits))];
            int length = quick >> 8;
            int symbol = quick & 0xFF;
            if (length == 0)
            {
                length = code.Find((uint)(window >> (64 - BitsMax)), out symbol);
            }

            if (length > bits)
            {
                // No whole code is left: at most 7 bits, all ones, which begin the longest codes.
                return bits < 8 && window >> (64 - 8) >> (8 - bits) == (1u << bits) - 1;
            }

            if (symbol == EndOfString)
            {
                return false;
            }

            destination[count++] = (byte)symbol;
            window <<= length;
            bits -= length;
        }
    }

    /// <summary>The tables made of the lengths, once.</summary>
    private sealed class Code
    {
        /// <summary>Right-aligned codes by symbol.</summary>
        public readonly uint[] Codes = new uint[SymbolCount];

        /// <summary>By the next 8 bits: length and symbol, or 0 where the code is longer.</summary>
        public readonly ushort[] Quick = new ushort[1 << QuickBits];

        // By length: the first code after those so long, left-aligned in 30 bits; and where its symbols are.
        private readonly uint[] _ends = new uint[BitsMax + 1];
        private readonly int[] _places = new int[BitsMax + 1];
        private readonly ushort[] _symbols = new ushort[SymbolCount];

        public Code()
        {
            ReadOnlySpan<byte> lengths = Lengths;
            uint next = 0;
            int place = 0;
            for (int length = 1; length <= BitsMax; length++)
            {
                next <<= 1;
                _places[length] = place - (int)next;
                for (int symbol = 0; symbol < SymbolCount; symbol++)
                {
                    if (lengths[symbol] == length)
                    {
                        Codes[symbol] = next++;
                        _symbols[place++] = (ushort)symbol;
                    }
                }

                _ends[length] = next << (BitsMax - length);
            }

            FillQuick(lengths);
        }

        /// <summary>The length of the code that <paramref name="bits"/>, 30 of them, begin with.</summary>
        public int Find(uint bits, out int symbol)
        {
            int length = QuickBits + 1;
            while (length < BitsMax && bits >= _ends[length])
            {
                length++;
            }

            symbol = _symbols[_places[length] + (int)(bits >> (BitsMax - length))];
            return length;
        }

        private void FillQuick(ReadOnlySpan<byte> lengths)
        {
            for (int symbol = 0; symbol < EndOfString; symbol++)
            {
                int length = lengths[symbol];
                if (length > QuickBits)
                {
                    continue;
                }

                int spare = QuickBits - length;
                for (int tail = 0; tail < 1 << spare; tail++)
                {
                    Quick[(int)(Codes[symbol] << spare) | tail] = (ushort)((length << 8) | symbol);
                }
            }
        }
    }
}
