using System;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Primitives.Tracing;

/// <summary>
/// The value of a traceparent field (W3C Trace Context, section 3.2): a span of a trace, and whether it is recorded.
/// </summary>
/// <param name="TraceHigh">The first 8 bytes of the trace's id.</param>
/// <param name="TraceLow">The last 8.</param>
/// <param name="Span">Never 0 in a value that was read.</param>
internal readonly record struct TraceParent(ulong TraceHigh, ulong TraceLow, ulong Span, bool IsSampled)
{
    /// <summary>00-TRACE-SPAN-FLAGS: 2, 32, 16 and 2 hex digits, and what separates them.</summary>
    public const int TextBytes = 55;

    public const int TraceTextBytes = 32;

    public const int SpanTextBytes = 16;

    private const int TraceAt = 3;
    private const int SpanAt = TraceAt + TraceTextBytes + 1;
    private const int FlagsAt = SpanAt + SpanTextBytes + 1;
    private const ulong SampledFlag = 1;

    /// <summary>
    /// False if the text is no traceparent: ids of nothing but zeros, upper case and version ff are none, either. A
    /// version above 00 is read as 00, whatever follows its flags (section 3.2.4).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out TraceParent value)
    {
        value = default;
        if (text.Length < TextBytes || text[TraceAt - 1] != '-' || text[SpanAt - 1] != '-' || text[FlagsAt - 1] != '-'
            || !TryReadHex(text[..(TraceAt - 1)], out ulong version) || version == 0xFF)
        {
            return false;
        }

        if (text.Length > TextBytes && (version == 0 || text[TextBytes] != '-'))
        {
            return false;
        }

        if (!TryReadHex(text.Slice(TraceAt, 16), out ulong high)
            || !TryReadHex(text.Slice(TraceAt + 16, 16), out ulong low)
            || !TryReadHex(text.Slice(SpanAt, SpanTextBytes), out ulong span)
            || !TryReadHex(text.Slice(FlagsAt, 2), out ulong flags) || (high | low) == 0 || span == 0)
        {
            return false;
        }

        value = new TraceParent(high, low, span, (flags & SampledFlag) != 0);
        return true;
    }

    /// <summary>Writes <see cref="TextBytes"/> bytes, of version 00.</summary>
    public void Write(Span<byte> destination)
    {
        "00-"u8.CopyTo(destination);
        WriteTrace(destination[TraceAt..]);
        destination[SpanAt - 1] = (byte)'-';
        HexDigit.WriteLower(Span, destination[SpanAt..]);
        (IsSampled ? "-01"u8 : "-00"u8).CopyTo(destination[(FlagsAt - 1)..]);
    }

    /// <summary>Writes the trace's id, <see cref="TraceTextBytes"/> bytes.</summary>
    public void WriteTrace(Span<byte> destination)
    {
        HexDigit.WriteLower(TraceHigh, destination);
        HexDigit.WriteLower(TraceLow, destination[16..]);
    }

    // Lower case only: section 3.2.2.3 has it so.
    private static bool TryReadHex(ReadOnlySpan<byte> digits, out ulong value)
    {
        value = 0;
        foreach (byte digit in digits)
        {
            int number = digit is >= (byte)'A' and <= (byte)'F' ? -1 : HexDigit.Worth(digit);
            if (number < 0)
            {
                return false;
            }

            value = (value << 4) | (uint)number;
        }

        return true;
    }
}
