using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Text.Unicode;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// What one call's prompt had where its placeholders stand now, so that the answer can have it back. It lives as long
/// as the call, in memory alone: nothing writes it anywhere else. Reused.
/// </summary>
internal sealed class PlaceholderTable(GuardSide prompt)
{
    /// <summary>Placeholders of one call; what is found beyond them has a mask that nothing takes back.</summary>
    public const int CountMax = 256;

    /// <summary>Longest value that has a placeholder, bytes.</summary>
    public const int ValueBytesMax = 4096;

    /// <summary>All values of one call, bytes.</summary>
    public const int BytesMax = 64 * 1024;

    /// <summary>All that is put back for one call, bytes: a model may repeat what it was told to.</summary>
    public const int RestoredBytesMax = 1024 * 1024;

    private readonly List<Entry> _entries = [];
    private readonly byte[] _written = new byte[PlaceholderDetector.BytesMax];
    private byte[] _values = [];
    private int _length;
    private int _restored;

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>What stands in a prompt for what a rule found: the same each time for the same.</summary>
    public ReadOnlySpan<byte> MaskFor(int rule, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> mask = prompt.MaskOf(rule);
        int number = 1;
        foreach (Entry entry in _entries)
        {
            if (entry.Rule == rule && ValueOf(entry).SequenceEqual(value))
            {
                return Write(mask, entry.Number);
            }

            number = entry.Rule == rule ? entry.Number + 1 : number;
        }

        if (_entries.Count == CountMax || value.Length > Math.Min(ValueBytesMax, BytesMax - _length)
            || !Utf8.IsValid(value))
        {
            return mask;
        }

        if (_values.Length - _length < value.Length)
        {
            byte[] larger = new byte[Math.Min(BytesMax, Math.Max(2 * _values.Length, _length + value.Length + 256))];
            _values.AsSpan(0, _length).CopyTo(larger);
            _values.AsSpan(0, _length).Clear();
            _values = larger;
        }

        value.CopyTo(_values.AsSpan(_length));
        _entries.Add(new Entry(rule, number, _length, value.Length));
        _length += value.Length;
        return Write(mask, number);
    }

    /// <summary>What stood where a placeholder stands; false if the call has none like it.</summary>
    public bool TryFind(ReadOnlySpan<byte> placeholder, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (IsEmpty || !PlaceholderDetector.IsOne(placeholder))
        {
            return false;
        }

        int split = placeholder.LastIndexOf((byte)'_');
        _ = Utf8Parser.TryParse(placeholder[(split + 1)..], out int number, out _); // IsOne has seen to it
        foreach (Entry entry in _entries)
        {
            if (entry.Number == number && prompt.MaskOf(entry.Rule)[..^1].SequenceEqual(placeholder[..split]))
            {
                if (entry.Length > RestoredBytesMax - _restored)
                {
                    return false;
                }

                value = ValueOf(entry);
                _restored += entry.Length;
                return true;
            }
        }

        return false;
    }

    /// <summary>A decoded text with everything back in its place.</summary>
    public void Restore(ReadOnlySpan<byte> text, ByteBuffer output)
    {
        while (!text.IsEmpty)
        {
            int start = text.IndexOf((byte)'[');
            int end = start < 0 ? -1 : text[start..].IndexOf((byte)']');
            if (end < 0)
            {
                break;
            }

            bool isKnown = TryFind(text.Slice(start, end + 1), out ReadOnlySpan<byte> value);
            int passed = isKnown ? start + end + 1 : start + 1;
            output.Append(text[..(isKnown ? start : passed)]);
            output.Append(value);
            text = text[passed..];
        }

        output.Append(text);
    }

    /// <summary>Nothing of the call is left.</summary>
    public void Clear()
    {
        _values.AsSpan(0, _length).Clear();
        _entries.Clear();
        _length = 0;
        _restored = 0;
    }

    private ReadOnlySpan<byte> ValueOf(Entry entry) => _values.AsSpan(entry.Start, entry.Length);

    // [EMAIL] with a number in it.
    private ReadOnlySpan<byte> Write(ReadOnlySpan<byte> mask, int number)
    {
        int length = mask.Length - 1;
        mask[..length].CopyTo(_written);
        _written[length++] = (byte)'_';
        Utf8Formatter.TryFormat(number, _written.AsSpan(length), out int digits);
        length += digits;
        _written[length++] = (byte)']';
        return _written.AsSpan(0, length);
    }

    private readonly record struct Entry(int Rule, int Number, int Start, int Length);
}
