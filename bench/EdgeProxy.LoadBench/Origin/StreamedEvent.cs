using System;
using System.Buffers.Text;

namespace EdgeProxy.LoadBench.Origin;

/// <summary>
/// An event of the stream: <c>data: </c>, the time it was due in nanoseconds (19 digits), an empty line.
/// </summary>
internal static class StreamedEvent
{
    public const int Digits = 19;
    public const int PayloadBytes = 6 + Digits + 2;
    public const int ChunkBytes = 4 + PayloadBytes + 2;

    public static ReadOnlySpan<byte> Start => "data: "u8;

    /// <summary>Writes it as one chunk (RFC 9112 section 7.1).</summary>
    public static void WriteChunk(Span<byte> chunk, long dueNs)
    {
        "1b\r\ndata: "u8.CopyTo(chunk);
        Span<byte> digits = chunk.Slice(10, Digits);
        digits.Fill((byte)'0');
        Span<byte> text = stackalloc byte[Digits + 1];
        Utf8Formatter.TryFormat(dueNs, text, out int length);
        text[..length].CopyTo(digits[^length..]);
        "\n\n\r\n"u8.CopyTo(chunk[(10 + Digits)..]);
    }

    /// <summary>Takes the next event from the front; what is left begins behind it. False: none is whole.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> bytes, out long dueNs)
    {
        dueNs = 0;
        int start = bytes.IndexOf(Start);
        if (start < 0 || bytes.Length < start + PayloadBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> digits = bytes.Slice(start + Start.Length, Digits);
        bool isNumber = Utf8Parser.TryParse(digits, out dueNs, out int used) && used == Digits;
        bytes = bytes[(start + PayloadBytes)..];
        return isNumber;
    }
}
