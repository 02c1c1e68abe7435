using System;

namespace EdgeProxy.Ai.Guards;

/// <summary>Bytes that are being written; reused, and small again after a long text.</summary>
internal sealed class ByteBuffer
{
    private const int BytesFirst = 256;
    private byte[] _bytes = new byte[BytesFirst];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
    }

    /// <summary>Room for so many bytes behind, to be written at once.</summary>
    public Span<byte> Room(int length)
    {
        if (_bytes.Length - Length < length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + length));
        }

        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }

    /// <summary>The first bytes are no longer needed.</summary>
    public void DropFirst(int count)
    {
        _bytes.AsSpan(count, Length - count).CopyTo(_bytes);
        Length -= count;
    }

    /// <summary>The last bytes are not wanted.</summary>
    /// <param name="length">Bytes that stay.</param>
    public void Cut(int length) => Length = length;

    public void Append(int number)
    {
        Span<byte> digits = stackalloc byte[11];
        System.Buffers.Text.Utf8Formatter.TryFormat(number, digits, out int length);
        Append(digits[..length]);
    }

    /// <summary>A decoded text as JSON spells it in a string, with the escapes JSON needs and no others.</summary>
    /// <param name="isTwice">The string is one of JSON that stands in a string itself.</param>
    public void AppendEscaped(ReadOnlySpan<byte> text, bool isTwice = false)
    {
        Span<byte> escape = stackalloc byte[6];
        while (!text.IsEmpty)
        {
            int plain = 0;
            while (plain < text.Length && text[plain] >= 0x20 && text[plain] is not ((byte)'"' or (byte)'\\'))
            {
                plain++;
            }

            Append(text[..plain]);
            text = text[plain..];
            if (!text.IsEmpty)
            {
                ReadOnlySpan<byte> spelled = EscapeOf(text[0], escape);
                if (isTwice)
                {
                    AppendEscaped(spelled);
                }
                else
                {
                    Append(spelled);
                }

                text = text[1..];
            }
        }
    }

    private static ReadOnlySpan<byte> EscapeOf(byte value, Span<byte> room)
    {
        ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
        byte simple = value switch
        {
            8 => (byte)'b',
            9 => (byte)'t',
            10 => (byte)'n',
            12 => (byte)'f',
            13 => (byte)'r',
            (byte)'"' or (byte)'\\' => value,
            _ => 0,
        };
        if (simple == 0)
        {
            "\\u00"u8.CopyTo(room);
            room[4] = digits[value >> 4];
            room[5] = digits[value & 0xF];
            return room;
        }

        room[0] = (byte)'\\';
        room[1] = simple;
        return room[..2];
    }

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > GuardLimits.KeptBytesMax)
        {
            _bytes = new byte[BytesFirst];
        }
    }
}
