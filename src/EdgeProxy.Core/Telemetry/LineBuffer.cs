using System;
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
    public LineBuffer AddMilliseconds(long microseconds)
    {
        Add(microseconds / 1000).Add("."u8);
        Span<byte> digits = Room(3);
        long rest = microseconds % 1000;
        digits[0] = (byte)('0' + (rest / 100));
        digits[1] = (byte)('0' + (rest / 10 % 10));
        digits[2] = (byte)('0' + (rest % 10));
        Length += 3;
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
    public LineBuffer AddJson(string name)
    {
        Span<byte> bytes = stackalloc byte[NameBytesMax];
        Encoding.UTF8.TryGetBytes(name, bytes, out int count);
        return AddJson(bytes[..count]);
    }

    /// <inheritdoc cref="AddJson(string)"/>
    public LineBuffer AddQuoted(string name)
    {
        Span<byte> bytes = stackalloc byte[NameBytesMax];
        Encoding.UTF8.TryGetBytes(name, bytes, out int count);
        return AddQuoted(bytes[..count]);
    }

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

    private static int PlainBytes(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] is < 0x20 or > 0x7E or (byte)'"' or (byte)'\\')
            {
                return i;
            }
        }

        return bytes.Length;
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
