using System;

namespace EdgeProxy.Primitives.Http2;

/// <summary>
/// Writes field blocks (RFC 7541 section 6) for one direction of a connection: fields that come again are kept in the
/// table, secrets never are, and neither are values that are different every time.
/// </summary>
internal sealed class HpackWriter
{
    // A number takes up to four bytes more than its prefix; a field has two texts, and a block a table size or two.
    private const int FieldOverhead = 16;

    // Values longer than this are not kept: a few of them would empty the table.
    private const int KeptBytesMax = 256;

    private readonly HpackTable _table = new();
    private int _limit = HpackTable.BytesMax;
    private int _lowest = HpackTable.BytesMax;
    private bool _isResized;

    /// <summary>Room that is enough for a field, or for what <see cref="Begin"/> writes.</summary>
    public static int BytesMax(int nameBytes, int valueBytes) => nameBytes + valueBytes + FieldOverhead;

    /// <summary>The other side said how large its table may be.</summary>
    public void Limit(uint bytes)
    {
        int limit = (int)Math.Min(bytes, HpackTable.BytesMax);
        if (limit != _limit || _isResized)
        {
            _lowest = Math.Min(limit, _isResized ? _lowest : _limit);
            _limit = limit;
            _isResized = true;
        }
    }

    /// <summary>Begins a block: sizes of the table that changed are told first (RFC 7541 section 4.2).</summary>
    public int Begin(Span<byte> destination)
    {
        if (!_isResized)
        {
            return 0;
        }

        _isResized = false;
        int written = 0;
        if (_lowest < _limit)
        {
            _table.Resize(_lowest);
            written = WriteNumber(destination, 0x20, 5, _lowest);
        }

        _table.Resize(_limit);
        return written + WriteNumber(destination[written..], 0x20, 5, _limit);
    }

    /// <summary>Writes a field; its name MUST be in lower case. Returns the bytes written.</summary>
    public int Write(Span<byte> destination, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int place = HpackStatic.Find(name, value, out bool isWhole);
        if (isWhole)
        {
            return WriteNumber(destination, 0x80, 7, place);
        }

        Keeping keeping = KeepingOf(name, value);
        if (keeping == Keeping.Table && name.Length + value.Length + HpackTable.EntryOverhead <= _table.Limit)
        {
            uint hash = HashOf(name, value);
            int known = Find(hash, name, value);
            if (known >= 0)
            {
                return WriteNumber(destination, 0x80, 7, HpackStatic.Count + 1 + known);
            }

            _table.Add(name, value, hash);
            return WriteLiteral(destination, 0x40, 6, place, name, value);
        }

        return WriteLiteral(destination, keeping == Keeping.Never ? (byte)0x10 : (byte)0, 4, place, name, value);
    }

    /// <summary>As new, for another connection.</summary>
    public void Reset()
    {
        _table.Reset();
        _limit = HpackTable.BytesMax;
        _lowest = HpackTable.BytesMax;
        _isResized = false;
    }

    private int Find(uint hash, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _table.Count; i++)
        {
            if (_table.HashAt(i) == hash && _table.NameAt(i).SequenceEqual(name)
                && _table.ValueAt(i).SequenceEqual(value))
            {
                return i;
            }
        }

        return -1;
    }

    // RFC 7541 section 7.1.3: what is secret is not to be guessed at by what it compresses to.
    private static Keeping KeepingOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (value.Length > KeptBytesMax)
        {
            return Keeping.None;
        }

        switch (name.Length)
        {
            case 4 when name.SequenceEqual("etag"u8):
            case 5 when name.SequenceEqual(":path"u8):
            case 8 when name.SequenceEqual("location"u8):
            case 9 when name.SequenceEqual("forwarded"u8):
            case 12 when name.SequenceEqual("x-request-id"u8):
            case 11 when name.SequenceEqual("traceparent"u8):
            case 13 when name.SequenceEqual("last-modified"u8) || name.SequenceEqual("content-range"u8):
            case 14 when name.SequenceEqual("content-length"u8):
                return Keeping.None;
            case 6 when name.SequenceEqual("cookie"u8):
            case 10 when name.SequenceEqual("set-cookie"u8):
            case 13 when name.SequenceEqual("authorization"u8):
            case 19 when name.SequenceEqual("proxy-authorization"u8):
                return Keeping.Never;
            default:
                return Keeping.Table;
        }
    }

    private static int WriteLiteral(
        Span<byte> destination, byte pattern, int prefixBits, int place, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value)
    {
        int written = WriteNumber(destination, pattern, prefixBits, place);
        if (place == 0)
        {
            written += WriteText(destination[written..], name);
        }

        return written + WriteText(destination[written..], value);
    }

    private static int WriteText(Span<byte> destination, ReadOnlySpan<byte> text)
    {
        int coded = Huffman.CodedBytes(text);
        if (coded < text.Length)
        {
            int head = WriteNumber(destination, 0x80, 7, coded);
            return head + Huffman.Encode(text, destination[head..]);
        }

        int written = WriteNumber(destination, 0, 7, text.Length);
        text.CopyTo(destination[written..]);
        return written + text.Length;
    }

    private static int WriteNumber(Span<byte> destination, byte pattern, int prefixBits, int number)
    {
        int mask = (1 << prefixBits) - 1;
        if (number < mask)
        {
            destination[0] = (byte)(pattern | number);
            return 1;
        }

        destination[0] = (byte)(pattern | mask);
        int written = 1;
        number -= mask;
        while (number >= 0x80)
        {
            destination[written++] = (byte)(number | 0x80);
            number >>= 7;
        }

        destination[written++] = (byte)number;
        return written;
    }

    // FNV-1a: no seed is needed, a collision costs one comparison.
    private static uint HashOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        uint hash = 2166136261;
        foreach (byte b in name)
        {
            hash = (hash ^ b) * 16777619;
        }

        hash = (hash ^ 0xFF) * 16777619;
        foreach (byte b in value)
        {
            hash = (hash ^ b) * 16777619;
        }

        return hash;
    }

    private enum Keeping : byte
    {
        Table,

        /// <summary>As a literal; others on the way may keep it.</summary>
        None,

        /// <summary>As a literal that nobody on the way may keep.</summary>
        Never,
    }
}
