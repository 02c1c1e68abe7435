using System;
using System.Collections.Generic;

namespace EdgeProxy.Primitives.Json;

/// <summary>
/// Places of a text that get other bytes; everything between them stays as it is, byte for byte. Reused.
/// </summary>
internal sealed class JsonEdits
{
    private readonly List<Edit> _edits = [];
    private byte[] _bytes = new byte[256];
    private int _length;
    private int _removed;

    public int Count => _edits.Count;

    public bool IsEmpty => _edits.Count == 0;

    /// <summary>How much longer the text becomes; less than 0 if it becomes shorter.</summary>
    public int Growth => _length - _removed;

    /// <summary>Bytes from start to end become these. Places MUST NOT overlap; at one the first goes first.</summary>
    public void Replace(int start, int end, ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _length < bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes.Length));
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        int place = _edits.Count;
        while (place > 0 && _edits[place - 1].Start > start)
        {
            place--;
        }

        _edits.Insert(place, new Edit(start, end, _length, bytes.Length));
        _length += bytes.Length;
        _removed += end - start;
    }

    /// <summary>Writes the text with its edits; <paramref name="target"/> has room for it and its growth.</summary>
    public int Apply(ReadOnlySpan<byte> text, Span<byte> target)
    {
        int from = 0;
        int written = 0;
        foreach (Edit edit in _edits)
        {
            text[from..edit.Start].CopyTo(target[written..]);
            written += edit.Start - from;
            _bytes.AsSpan(edit.Offset, edit.Length).CopyTo(target[written..]);
            written += edit.Length;
            from = edit.End;
        }

        text[from..].CopyTo(target[written..]);
        return written + text.Length - from;
    }

    public void Reset()
    {
        _edits.Clear();
        _length = 0;
        _removed = 0;
        if (_bytes.Length > KeptMax)
        {
            _bytes = new byte[256];
        }
    }

    private const int KeptMax = 16 * 1024;

    private readonly record struct Edit(int Start, int End, int Offset, int Length);
}
