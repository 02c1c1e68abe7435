using System;
using System.Buffers;
using System.Buffers.Text;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Telemetry;

/// <summary>
/// Bytes of lines in the making, used again and again. What a client sent goes in escaped: nothing in it can end a
/// line, a string, or reach a terminal as a command.
/// </summary>
internal sealed class LineBuffer
{
    private const int NumberBytesMax = 32;
    private const int NameBytesMax = 1024;

    // What stands for itself between quotes, in JSON and in Apache's form.
    private static readonly SearchValues<byte> s_plain = SearchValues.Create(PlainOnes());

    private byte[] _bytes = new byte[4096];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Forgets what comes after.</summary>
    public void Truncate(int length) => Length = length;

    public LineBuffer Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
        return this;
    }

    /// <summary>ASCII text of our own, or of the configuration's names.</summary>
    public LineBuffer Add(string text)
    {
        Length += Encoding.UTF8.GetBytes(text, Room(text.Length * 3));
        return this;
    }

    public LineBuffer Add(long number)
    {
        Utf8Formatter.TryFormat(number, Room(NumberBytesMax), out int count);
        Length += count;
        return this;
    }

    /// <summary>Microseconds as milliseconds: 1234 is 1.234.</summary>
    public LineBuffer AddMilliseconds(long microseconds) =>
        Add(microseconds / 1000).Add("."u8).AddDigits(microseconds % 1000, 3);

    /// <summary>The last digits of a number, zeros in front included.</summary>
    public LineBuffer AddDigits(long number, int count)
    {
        Span<byte> digits = Room(count);
        for (int i = count - 1; i >= 0; i--)
        {
            digits[i] = (byte)('0' + (number % 10));
            number /= 10;
        }

        Length += count;
        return this;
    }

    public LineBuffer Add(IpAddress address)
    {
        address.TryFormat(Room(IpAddress.TextBytesMax), out int count);
        Length += count;
        return this;
    }

    /// <summary>16 hex digits.</summary>
    public LineBuffer AddHex(ulong number)
    {
        HexDigit.WriteLower(number, Room(16));
        Length += 16;
        return this;
    }

    /// <summary>
    /// As the inside of a JSON string. Bytes above ASCII are no text of a known encoding: each is told by its number.
    /// </summary>
    public LineBuffer AddJson(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int plain = PlainBytes(bytes);
            Add(bytes[..plain]);
            if (plain == bytes.Length)
            {
                break;
            }

            byte odd = bytes[plain];
            if (odd is (byte)'"' or (byte)'\\')
            {
                Add("\\"u8).Add([odd]);
            }
            else
            {
                Add("\\u00"u8).AddByteHex(odd);
            }

            bytes = bytes[(plain + 1)..];
        }

        return this;
    }

    /// <summary>A name of the configuration, or of a credential.</summary>
    public LineBuffer AddJson(string name) => TryAddPlain(name) ? this : AddOddJson(name);

    /// <inheritdoc cref="AddJson(string)"/>
    public LineBuffer AddQuoted(string name) => TryAddPlain(name) ? this : AddOddQuoted(name);

    /// <summary>As Apache and nginx escape within quotes: \xHH.</summary>
    public LineBuffer AddQuoted(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int plain = PlainBytes(bytes);
            Add(bytes[..plain]);
            if (plain == bytes.Length)
            {
                break;
            }

            Add("\\x"u8).AddByteHex(bytes[plain]);
            bytes = bytes[(plain + 1)..];
        }

        return this;
    }

    // Nearly every name is plain, and goes to its place at once.
    private bool TryAddPlain(string name)
    {
        Span<byte> room = Room(name.Length * 3);
        int count = Encoding.UTF8.GetBytes(name, room);
        if (PlainBytes(room[..count]) < count)
        {
            return false;
        }

        Length += count;
        return true;
    }

    private LineBuffer AddOddJson(string name)
    {
        Span<byte> bytes = stackalloc byte[NameBytesMax];
        Encoding.UTF8.TryGetBytes(name, bytes, out int count);
        return AddJson(bytes[..count]);
    }

    private LineBuffer AddOddQuoted(string name)
    {
        Span<byte> bytes = stackalloc byte[NameBytesMax];
        Encoding.UTF8.TryGetBytes(name, bytes, out int count);
        return AddQuoted(bytes[..count]);
    }

    private static int PlainBytes(ReadOnlySpan<byte> bytes)
    {
        int odd = bytes.IndexOfAnyExcept(s_plain);
        return odd < 0 ? bytes.Length : odd;
    }

    private static byte[] PlainOnes()
    {
        var plain = new byte[0x7F - 0x20 - 2];
        int count = 0;
        for (byte one = 0x20; one < 0x7F; one++)
        {
            if (one is not ((byte)'"' or (byte)'\\'))
            {
                plain[count++] = one;
            }
        }

        return plain;
    }

    private void AddByteHex(byte value)
    {
        Span<byte> digits = Room(2);
        digits[0] = "0123456789abcdef"u8[value >> 4];
        digits[1] = "0123456789abcdef"u8[value & 15];
        Length += 2;
    }

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - Length < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
        }

        return _bytes.AsSpan(Length);
    }
}
