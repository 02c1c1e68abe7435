using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Finds where a line ends and, in the same pass, that no byte before it is one no line may hold: every control byte
/// but HTAB, and DEL (RFC 9110 section 5.5, RFC 9112 section 2.2). So a bad byte is known as soon as it is seen.
/// </summary>
internal static class LineEnd
{
    public const int Bytes = 2; // CRLF

    /// <summary>
    /// Looks from <paramref name="from"/> on. Complete: <paramref name="stop"/> is the CR of a CRLF. NeedMore: it is
    /// where to look on. Malformed: it is the offending byte.
    /// </summary>
    public static ParseStatus Find(ReadOnlySpan<byte> input, int from, out int stop)
    {
        int found = IndexOfStop(input[from..]);
        if (found < 0)
        {
            stop = input.Length;
            return ParseStatus.NeedMore;
        }

        stop = from + found;
        if (input[stop] != (byte)'\r')
        {
            return ParseStatus.Malformed;
        }

        if (stop + 1 == input.Length)
        {
            return ParseStatus.NeedMore;
        }

        return input[stop + 1] == (byte)'\n' ? ParseStatus.Complete : ParseStatus.Malformed;
    }

    /// <summary>Names the fault of a byte that <see cref="Find"/> called malformed.</summary>
    public static RejectReason Reason(byte stop) => stop switch
    {
        (byte)'\r' => RejectReason.BareCarriageReturn,
        (byte)'\n' => RejectReason.BareLineFeed,
        0 => RejectReason.NulByte,
        _ => RejectReason.ControlByte,
    };

    // By hand instead of SearchValues: lines are short (20 to 60 bytes), and the virtual call of SearchValues costs as
    // much as the search itself.
    private static int IndexOfStop(ReadOnlySpan<byte> bytes)
    {
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        if (!Vector128.IsHardwareAccelerated || bytes.Length < Vector128<byte>.Count)
        {
            return IndexOfStopShort(bytes);
        }

        int last = bytes.Length - Vector128<byte>.Count;
        int at = 0;
        while (true)
        {
            uint stops = StopMask(Vector128.LoadUnsafe(ref start, (nuint)at));
            if (stops != 0)
            {
                return at + BitOperations.TrailingZeroCount(stops);
            }

            if (at == last)
            {
                return -1;
            }

            // The last step overlaps the one before it, so no tail is left for a scalar loop.
            at = Math.Min(at + Vector128<byte>.Count, last);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint StopMask(Vector128<byte> bytes)
    {
        Vector128<byte> controls = Vector128.LessThan(bytes, Vector128.Create((byte)0x20));
        Vector128<byte> tabs = Vector128.Equals(bytes, Vector128.Create((byte)'\t'));
        Vector128<byte> deletes = Vector128.Equals(bytes, Vector128.Create((byte)0x7F));
        return (Vector128.AndNot(controls, tabs) | deletes).ExtractMostSignificantBits();
    }

    private static int IndexOfStopShort(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if ((bytes[i] < 0x20 && bytes[i] != (byte)'\t') || bytes[i] == 0x7F)
            {
                return i;
            }
        }

        return -1;
    }
}
