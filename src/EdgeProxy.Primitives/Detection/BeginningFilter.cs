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
/// </summary>
internal sealed class BeginningFilter
{
    private const int Depth = 3;
    private const int NarrowGroups = 4; // of eight; one for each width but none
    private const int WideMin = 64;
    private const int Lanes = 16;
    private const int BlockBytes = Lanes + Depth - 1;
    private const uint AllLanes = (1u << Lanes) - 1;
    private const int NarrowMask = (1 << NarrowGroups) - 1;
    private const int HashBits = 15;
    private readonly byte[] _exact = new byte[Depth * 256]; // groups that a byte may be in, by its place
    private readonly ulong[] _narrow = new ulong[(1 << HashBits) / 64]; // threes of bytes that narrow ones begin with
    private readonly Vector128<byte>[] _halves = new Vector128<byte>[Depth * 2];

    public BeginningFilter(IReadOnlyList<Beginning> beginnings)
    {
        var sorted = new Beginning[beginnings.Count];
        for (int i = 0; i < sorted.Length; i++)
        {
            sorted[i] = beginnings[i];
        }

        // A group is as wide as its widest at each place, so the wide ones have groups of their own.
        Array.Sort(sorted, static (one, other) => WidthOf(one) != WidthOf(other)
            ? WidthOf(one).CompareTo(WidthOf(other))
            : one.First.AsSpan().SequenceCompareTo(other.First));
        int narrow = Array.FindIndex(sorted, static one => WidthOf(one) > 0);
        narrow = narrow < 0 ? sorted.Length : narrow;
        for (int i = 0; i < sorted.Length; i++)
        {
            int number = i < narrow ? i * NarrowGroups / narrow : NarrowGroups + WidthOf(sorted[i]) - 1;
            byte group = (byte)(1 << number);
            Add(0, sorted[i].First, group);
            Add(1, sorted[i].Second, group);
            Add(2, sorted[i].Third, group);
            if (i < narrow)
            {
                AddNarrow(sorted[i]);
            }
        }

        Span<byte> halves = stackalloc byte[Lanes];
        for (int half = 0; half < _halves.Length; half++)
        {
            halves.Clear();
            for (int value = 0; value < 256; value++)
            {
                halves[half % 2 == 0 ? value & 0xF : value >> 4] |= _exact[(half / 2 * 256) + value];
            }

            _halves[half] = Vector128.Create<byte>(halves);
        }
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
            Vector128<byte> groups = GroupsOf(ref begin, at, low0, high0) & GroupsOf(ref begin, at + 1, low1, high1)
                & GroupsOf(ref begin, at + 2, low2, high2);
            if (groups != Vector128<byte>.Zero)
            {
                uint places = ~Vector128.Equals(groups, Vector128<byte>.Zero).ExtractMostSignificantBits() & AllLanes;
                for (; places != 0; places &= places - 1)
                {
                    int place = at + BitOperations.TrailingZeroCount(places);
                    if (place < count && MayBegin(text, place))
                    {
                        return place;
                    }
                }
            }

            if (at == last)
            {
                return -1;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> GroupsOf(ref byte begin, int at, Vector128<byte> low, Vector128<byte> high)
    {
        Vector128<byte> values = Vector128.LoadUnsafe(ref begin, (nuint)at);
        Vector128<byte> half = Vector128.Create((byte)0xF);
        return HalfByteTable.Look(low, values & half)
            & HalfByteTable.Look(high, (values.AsUInt16() >> 4).AsByte() & half);
    }

    private bool MayBegin(ReadOnlySpan<byte> text, int at)
    {
        if (at + Depth > text.Length)
        {
            int some = _exact[text[at]];
            return (at + 1 < text.Length ? some & _exact[256 + text[at + 1]] : some) != 0;
        }

        int groups = _exact[text[at]] & _exact[256 + text[at + 1]] & _exact[512 + text[at + 2]];
        if (groups is 0 or > NarrowMask)
        {
            return groups != 0;
        }

        // Of a group each byte may be another's: all three together are one's.
        int hash = HashOf(text[at], text[at + 1], text[at + 2]);
        return (_narrow[hash / 64] >> (hash % 64) & 1) != 0;
    }

    private static int HashOf(byte first, byte second, byte third) =>
        (int)((first | ((uint)second << 8) | ((uint)third << 16)) * 2_654_435_761u >> (32 - HashBits));

    private void AddNarrow(in Beginning beginning)
    {
        foreach (byte first in beginning.First)
        {
            foreach (byte second in beginning.Second!)
            {
                foreach (byte third in beginning.Third!)
                {
                    int hash = HashOf(first, second, third);
                    _narrow[hash / 64] |= 1UL << (hash % 64);
                }
            }
        }
    }

    // 1 to 4: of the two behind the first, which may be any, or nearly.
    private static int WidthOf(in Beginning beginning) =>
        beginning.Second is null ? 1
        : beginning.Second.Length >= WideMin ? 2
        : beginning.Third is null ? 3
        : beginning.Third.Length >= WideMin ? 4
        : 0;

    private void Add(int depth, byte[]? set, byte group)
    {
        for (int value = 0; value < 256; value++)
        {
            _exact[(depth * 256) + value] |= set is null || Array.IndexOf(set, (byte)value) >= 0 ? group : (byte)0;
        }
    }
}
