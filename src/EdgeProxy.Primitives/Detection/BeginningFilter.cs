using System;
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Finds where one of many things may begin, by the first three bytes, 16 places at a time: prose has a letter that
/// some key begins with in every word, and hardly ever three. What it passes over begins nothing; what it stops at may.
/// The sets of each byte are kept by their halves, as in Hyperscan's Teddy, in eight groups of beginnings, one a bit.
/// Places with bytes that are not ASCII are looked at one by one.
/// </summary>
internal sealed class BeginningFilter
{
    private const int Depth = 3;
    private const int NarrowGroups = 7;
    private const byte WideGroup = 1 << NarrowGroups;
    private const int ThreesMax = 2048; // of a narrow one
    private const int Lanes = 16;
    private const int BlockBytes = Lanes + Depth - 1;
    private const int HashBits = 15;
    private const byte FirstNotAscii = 0x80;
    private readonly byte[] _ascii = new byte[Depth * 256]; // groups that a byte may be in, by its place
    private readonly byte[] _all = new byte[Depth * 256]; // the same with what is not ASCII
    private readonly ulong[] _threes = new ulong[(1 << HashBits) / 64]; // of ASCII, that one begins with, hashed
    private readonly Vector128<byte>[] _halves = new Vector128<byte>[Depth * 2];

    public BeginningFilter(IReadOnlyList<Beginning> beginnings)
    {
        var ascii = new List<Beginning>();
        for (int i = 0; i < beginnings.Count; i++)
        {
            Beginning one = beginnings[i];
            bool isWide = one.Second is null || one.Third is null;
            Add(_all, one, isWide ? WideGroup : (byte)(1 << (i * NarrowGroups / beginnings.Count)));
            byte[] first = Ascii(one.First);
            byte[] second = Ascii(one.Second);
            byte[] third = Ascii(one.Third);
            if (first.Length > 0 && second.Length > 0 && third.Length > 0)
            {
                ascii.Add(new Beginning(first, second, third));
            }
        }

        // A group is as wide as its widest at each place: the wide ones have one of their own.
        ascii.Sort(static (one, other) => IsWide(one) != IsWide(other)
            ? IsWide(one).CompareTo(IsWide(other))
            : one.First.AsSpan().SequenceCompareTo(other.First));
        int narrow = ascii.FindIndex(IsWide);
        narrow = narrow < 0 ? ascii.Count : narrow;
        for (int i = 0; i < ascii.Count; i++)
        {
            Add(_ascii, ascii[i], i < narrow ? (byte)(1 << (i * NarrowGroups / narrow)) : WideGroup);
            if (i < narrow)
            {
                AddThrees(ascii[i]);
            }
        }

        FillHalves();
    }

    /// <summary>The first place where something may begin, if bytes behind the text may be any; -1: none.</summary>
    public int IndexOf(ReadOnlySpan<byte> text)
    {
        int at = 0;
        if (text.Length >= BlockBytes)
        {
            at = text.Length - Depth + 1;
            int place = InBlocks(text, at);
            if (place >= 0)
            {
                return place;
            }
        }
        else if (text.Length >= Depth)
        {
            Span<byte> padded = stackalloc byte[BlockBytes];
            text.CopyTo(padded);
            at = text.Length - Depth + 1;
            int place = InBlocks(padded, at);
            if (place >= 0)
            {
                return place;
            }
        }

        for (; at < text.Length; at++)
        {
            if (MayBegin(text, at))
            {
                return at;
            }
        }

        return -1;
    }

    // Of the first places, so many; the last block of a text goes over what the one before it saw.
    private int InBlocks(ReadOnlySpan<byte> text, int count)
    {
        ref byte begin = ref MemoryMarshal.GetReference(text);
        Vector128<byte> low0 = _halves[0], high0 = _halves[1];
        Vector128<byte> low1 = _halves[2], high1 = _halves[3];
        Vector128<byte> low2 = _halves[4], high2 = _halves[5];
        int last = text.Length - BlockBytes;
        for (int at = 0; ; at = Math.Min(at + Lanes, last))
        {
            Vector128<byte> first = Vector128.LoadUnsafe(ref begin, (nuint)at);
            Vector128<byte> second = Vector128.LoadUnsafe(ref begin, (nuint)at + 1);
            Vector128<byte> third = Vector128.LoadUnsafe(ref begin, (nuint)at + 2);
            Vector128<byte> groups = GroupsOf(first, low0, high0) & GroupsOf(second, low1, high1)
                & GroupsOf(third, low2, high2);
            Vector128<byte> isWide = (first | second | third) & Vector128.Create(FirstNotAscii);
            Vector128<byte> isOne = ~Vector128.Equals(groups, Vector128<byte>.Zero) | isWide;
            for (uint places = isOne.ExtractMostSignificantBits(); places != 0; places &= places - 1)
            {
                int place = at + BitOperations.TrailingZeroCount(places);
                if (place < count && MayBegin(text, place))
                {
                    return place;
                }
            }

            if (at == last)
            {
                return -1;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> GroupsOf(Vector128<byte> values, Vector128<byte> low, Vector128<byte> high)
    {
        Vector128<byte> half = Vector128.Create((byte)0xF);
        return HalfByteTable.Look(low, values & half)
            & HalfByteTable.Look(high, (values.AsUInt16() >> 4).AsByte() & half);
    }

    private bool MayBegin(ReadOnlySpan<byte> text, int at)
    {
        if (at + Depth > text.Length)
        {
            int some = _all[text[at]];
            return (at + 1 < text.Length ? some & _all[256 + text[at + 1]] : some) != 0;
        }

        byte first = text[at];
        byte second = text[at + 1];
        byte third = text[at + 2];
        if ((first | second | third) >= FirstNotAscii)
        {
            return (_all[first] & _all[256 + second] & _all[512 + third]) != 0;
        }

        // Of a group each byte may be another's: all three together are one's.
        int groups = _ascii[first] & _ascii[256 + second] & _ascii[512 + third];
        int hash = HashOf(first, second, third);
        return groups >= WideGroup || (groups != 0 && (_threes[hash / 64] >> (hash % 64) & 1) != 0);
    }

    private static int HashOf(byte first, byte second, byte third) =>
        (int)((first | ((uint)second << 8) | ((uint)third << 16)) * 2_654_435_761u >> (32 - HashBits));

    private void AddThrees(in Beginning beginning)
    {
        foreach (byte first in beginning.First)
        {
            foreach (byte second in beginning.Second!)
            {
                foreach (byte third in beginning.Third!)
                {
                    int hash = HashOf(first, second, third);
                    _threes[hash / 64] |= 1UL << (hash % 64);
                }
            }
        }
    }

    private void FillHalves()
    {
        Span<byte> halves = stackalloc byte[Lanes];
        for (int half = 0; half < _halves.Length; half++)
        {
            halves.Clear();
            for (int value = 0; value < FirstNotAscii; value++)
            {
                halves[half % 2 == 0 ? value & 0xF : value >> 4] |= _ascii[(half / 2 * 256) + value];
            }

            _halves[half] = Vector128.Create<byte>(halves);
        }
    }

    private static bool IsWide(Beginning beginning) =>
        beginning.First.Length * beginning.Second!.Length * beginning.Third!.Length > ThreesMax;

    private static byte[] Ascii(byte[]? set)
    {
        var ascii = new List<byte>();
        for (int value = 0; value < FirstNotAscii; value++)
        {
            if (set is null || Array.IndexOf(set, (byte)value) >= 0)
            {
                ascii.Add((byte)value);
            }
        }

        return [.. ascii];
    }

    private static void Add(byte[] table, in Beginning beginning, byte group)
    {
        Add(table.AsSpan(0, 256), beginning.First, group);
        Add(table.AsSpan(256, 256), beginning.Second, group);
        Add(table.AsSpan(512, 256), beginning.Third, group);
    }

    private static void Add(Span<byte> table, byte[]? set, byte group)
    {
        for (int value = 0; value < table.Length; value++)
        {
            table[value] |= set is null || Array.IndexOf(set, (byte)value) >= 0 ? group : (byte)0;
        }
    }
}
