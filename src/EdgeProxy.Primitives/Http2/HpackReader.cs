using System;

namespace EdgeProxy.Primitives.Http2;

/// <summary>What <see cref="HpackReader.Next"/> found.</summary>
internal enum HpackStep : byte
{
    Field,
    End,

    /// <summary>Not HPACK: the two sides' tables differ from here on, so the connection cannot go on.</summary>
    Malformed,
}

/// <summary>
/// Reads the fields of one whole field block (RFC 7541 section 6). Name and value of a field stay readable until the
/// next one is asked for.
/// </summary>
internal ref struct HpackReader
{
    // Longer numbers than any length or index here: four further bytes of seven bits.
    private const int NumberShiftMax = 21;

    private readonly HpackTable _table;
    private readonly int _limitMax;
    private readonly Span<byte> _scratch;
    private ReadOnlySpan<byte> _rest;
    private ReadOnlySpan<byte> _name;
    private ReadOnlySpan<byte> _value;
    private int _used;
    private bool _hasField;

    /// <param name="block">The whole block.</param>
    /// <param name="table">The connection's, for what it receives.</param>
    /// <param name="limitMax">What this side told the other that the table may hold.</param>
    /// <param name="scratch">Room for texts: MUST be at least <see cref="ScratchBytes"/>.</param>
    public HpackReader(ReadOnlySpan<byte> block, HpackTable table, int limitMax, Span<byte> scratch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scratch.Length, ScratchBytes(block.Length));
        _rest = block;
        _table = table;
        _limitMax = limitMax;
        _scratch = scratch;
    }

    public readonly ReadOnlySpan<byte> Name => _name;

    public readonly ReadOnlySpan<byte> Value => _value;

    /// <summary>Room for all texts of a block of so many bytes, and for one name out of the table.</summary>
    public static int ScratchBytes(int blockBytes) => Huffman.DecodedBytesMax(blockBytes) + HpackTable.BytesMax;

    public HpackStep Next()
    {
        while (!_rest.IsEmpty)
        {
            byte first = _rest[0];
            if ((first & 0x80) != 0)
            {
                return ReadIndexed();
            }

            if ((first & 0xE0) == 0x20)
            {
                if (!TryResize())
                {
                    return HpackStep.Malformed;
                }

                continue;
            }

            return (first & 0x40) != 0 ? ReadLiteral(prefixBits: 6, isKept: true) : ReadLiteral(prefixBits: 4, false);
        }

        return HpackStep.End;
    }

    private HpackStep ReadIndexed()
    {
        _hasField = true;
        return TryNumber(7, out int index) && TryFind(index, out _name, out _value)
            ? HpackStep.Field
            : HpackStep.Malformed;
    }

    private HpackStep ReadLiteral(int prefixBits, bool isKept)
    {
        _hasField = true;
        if (!TryNumber(prefixBits, out int index))
        {
            return HpackStep.Malformed;
        }

        if (index == 0)
        {
            if (!TryText(out _name))
            {
                return HpackStep.Malformed;
            }
        }
        else if (!TryFind(index, out _name, out _))
        {
            return HpackStep.Malformed;
        }

        if (!TryText(out _value))
        {
            return HpackStep.Malformed;
        }

        if (isKept)
        {
            if (index > HpackStatic.Count)
            {
                // It lies in the table, where it may have to make room for the new entry.
                Span<byte> copy = _scratch[^HpackTable.BytesMax..];
                _name.CopyTo(copy);
                _name = copy[.._name.Length];
            }

            _table.Add(_name, _value);
        }

        return HpackStep.Field;
    }

    // RFC 7541 section 4.2: only where a block begins.
    private bool TryResize()
    {
        if (_hasField || !TryNumber(5, out int limit) || limit > _limitMax)
        {
            return false;
        }

        _table.Resize(limit);
        return true;
    }

    private readonly bool TryFind(int index, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = default;
        value = default;
        if (index == 0 || index > HpackStatic.Count + _table.Count)
        {
            return false;
        }

        bool isStatic = index <= HpackStatic.Count;
        name = isStatic ? HpackStatic.NameAt(index) : _table.NameAt(index - HpackStatic.Count - 1);
        value = isStatic ? HpackStatic.ValueAt(index) : _table.ValueAt(index - HpackStatic.Count - 1);
        return true;
    }

    private bool TryText(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        bool isCoded = (_rest[0] & 0x80) != 0;
        if (!TryNumber(7, out int length) || length > _rest.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = _rest[..length];
        _rest = _rest[length..];
        if (!isCoded)
        {
            text = bytes;
            return true;
        }

        Span<byte> room = _scratch[_used..];
        if (!Huffman.TryDecode(bytes, room, out int count))
        {
            return false;
        }

        text = room[..count];
        _used += count;
        return true;
    }

    // RFC 7541 section 5.1.
    private bool TryNumber(int prefixBits, out int number)
    {
        int mask = (1 << prefixBits) - 1;
        number = _rest[0] & mask;
        _rest = _rest[1..];
        if (number < mask)
        {
            return true;
        }

        for (int shift = 0; shift <= NumberShiftMax && !_rest.IsEmpty; shift += 7)
        {
            byte next = _rest[0];
            _rest = _rest[1..];
            number += (next & 0x7F) << shift;
            if ((next & 0x80) == 0)
            {
                return true;
            }
        }

        return false;
    }
}
