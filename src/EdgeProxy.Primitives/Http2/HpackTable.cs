using System;

namespace EdgeProxy.Primitives.Http2;

/// <summary>
/// The dynamic table of one direction of a connection (RFC 7541 section 2.3.2): the newest entry is the first, the
/// oldest go when room is needed. Its memory grows with what is in it, and stays.
/// </summary>
internal sealed class HpackTable
{
    /// <summary>SETTINGS_HEADER_TABLE_SIZE where nobody asked for another; ours never asks for more.</summary>
    public const int BytesMax = 4096;

    /// <summary>What an entry counts besides its bytes (RFC 7541 section 4.1).</summary>
    public const int EntryOverhead = 32;

    // Powers of two: most connections have few fields that come again.
    private const int FirstBytes = 512;
    private const int FirstEntries = 16;

    private byte[] _bytes = [];
    private Entry[] _entries = [];
    private int _end;
    private int _newest = -1;

    /// <summary>Entries in it.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes and overhead of its entries.</summary>
    public int Size { get; private set; }

    /// <summary>What <see cref="Size"/> may come to.</summary>
    public int Limit { get; private set; } = BytesMax;

    /// <summary>Changes the limit, at most to <see cref="BytesMax"/>; entries over it go.</summary>
    public void Resize(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)limit, (uint)BytesMax);
        Limit = limit;
        Evict(0);
    }

    public ReadOnlySpan<byte> NameAt(int index)
    {
        ref readonly Entry entry = ref At(index);
        return _bytes.AsSpan(entry.Start, entry.NameLength);
    }

    public ReadOnlySpan<byte> ValueAt(int index)
    {
        ref readonly Entry entry = ref At(index);
        return _bytes.AsSpan(entry.Start + entry.NameLength, entry.ValueLength);
    }

    /// <summary>What was given with the entry; equal entries have equal ones.</summary>
    public uint HashAt(int index) => At(index).Hash;

    /// <summary>
    /// Adds an entry; one that is larger than the table empties it and is not kept (RFC 7541 section 4.4). Neither text
    /// may lie in the table itself.
    /// </summary>
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, uint hash = 0)
    {
        int bytes = name.Length + value.Length;
        Evict(bytes + EntryOverhead);
        if (bytes + EntryOverhead > Limit)
        {
            return;
        }

        MakeRoom(bytes);
        _newest = (_newest + 1) & (_entries.Length - 1);
        _entries[_newest] = new Entry(_end, (ushort)name.Length, (ushort)value.Length, hash);
        name.CopyTo(_bytes.AsSpan(_end));
        value.CopyTo(_bytes.AsSpan(_end + name.Length));
        _end += bytes;
        Count++;
        Size += bytes + EntryOverhead;
    }

    /// <summary>As new, with its memory, for another connection.</summary>
    public void Reset()
    {
        Count = 0;
        Size = 0;
        _end = 0;
        Limit = BytesMax;
    }

    private ref readonly Entry At(int index) => ref _entries[(_newest - index) & (_entries.Length - 1)];

    private void Evict(int wanted)
    {
        while (Count > 0 && Size + wanted > Limit)
        {
            ref readonly Entry oldest = ref At(Count - 1);
            Size -= oldest.NameLength + oldest.ValueLength + EntryOverhead;
            Count--;
        }
    }

    // The entries lie one behind the other, the oldest first: moved together there is room at the end.
    private void MakeRoom(int bytes)
    {
        if (Count == _entries.Length)
        {
            Entry[] more = new Entry[Math.Max(FirstEntries, 2 * _entries.Length)];
            for (int i = 0; i < Count; i++)
            {
                more[Count - 1 - i] = At(i);
            }

            _entries = more;
            _newest = Count - 1;
        }

        if (_end + bytes <= _bytes.Length)
        {
            return;
        }

        int start = Count == 0 ? _end : At(Count - 1).Start;
        int used = _end - start;
        byte[] target = _bytes;
        if (used + bytes > target.Length)
        {
            int wanted = Math.Max(FirstBytes, target.Length);
            while (wanted < used + bytes)
            {
                wanted *= 2;
            }

            target = new byte[wanted];
        }

        _bytes.AsSpan(start, used).CopyTo(target);
        _bytes = target;
        _end = used;
        for (int i = 0; i < Count; i++)
        {
            ref Entry entry = ref _entries[(_newest - i) & (_entries.Length - 1)];
            entry = entry with { Start = entry.Start - start };
        }
    }

    private readonly record struct Entry(int Start, ushort NameLength, ushort ValueLength, uint Hash);
}
