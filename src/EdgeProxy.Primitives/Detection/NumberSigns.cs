using System;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Digits and what stands between groups of them, as people and word processors write numbers: full-width and Arabic
/// digits, spaces that do not break, dashes of several lengths, and signs of no width that nobody sees.
/// </summary>
internal static class NumberSigns
{
    /// <summary>The outcome depends on bytes that are not here.</summary>
    public const int NeedMore = -1;

    /// <summary>Bytes of the longest digit.</summary>
    public const int DigitBytesMax = 3;

    /// <summary>Bytes of the longest gap: one sign of no width and one that is seen.</summary>
    public const int GapBytesMax = 6;

    /// <summary>First bytes of digits that are no ASCII.</summary>
    public static ReadOnlySpan<byte> FirstBytes => [0xD9, 0xDB, 0xEF];

    /// <summary>Bytes of the digit at a place; 0 if there is none; NeedMore, never at the end of the text.</summary>
    public static int Digit(ReadOnlySpan<byte> text, int at, bool isEnd, out byte value)
    {
        value = 0;
        if (at >= text.Length)
        {
            return isEnd ? 0 : NeedMore;
        }

        byte first = text[at];
        if (first < 0x80)
        {
            value = (byte)(first - '0');
            return value <= 9 ? 1 : 0;
        }

        int length = first is 0xD9 or 0xDB ? 2 : first == 0xEF ? 3 : 0;
        if (length == 0 || text.Length - at < length)
        {
            return length == 0 || isEnd ? 0 : NeedMore;
        }

        value = (byte)(text[at + length - 1] - (first switch { 0xD9 => 0xA0, 0xDB => 0xB0, _ => 0x90 }));
        return value <= 9 && (length == 2 || text[at + 1] == 0xBC) ? length : 0;
    }

    /// <summary>
    /// Bytes of what stands between two digits: one sign, one of no width, or both; 0 if nothing does; NeedMore, never
    /// at the end of the text.
    /// </summary>
    /// <param name="sign">A space, a dash or a full stop; 0 if none is seen.</param>
    public static int Gap(ReadOnlySpan<byte> text, int at, bool isEnd, out byte sign)
    {
        int first = Sign(text, at, isEnd, out sign);
        if (first <= 0)
        {
            return first;
        }

        int second = Sign(text, at + first, isEnd, out byte other);
        if (second <= 0 || (sign != 0) == (other != 0))
        {
            return second == NeedMore ? NeedMore : first;
        }

        sign |= other;
        return first + second;
    }

    /// <summary>One of those signs.</summary>
    /// <param name="sign">What it stands for: a space, a dash or a full stop; 0 if it has no width.</param>
    public static int Sign(ReadOnlySpan<byte> text, int at, bool isEnd, out byte sign)
    {
        sign = 0;
        if (at >= text.Length)
        {
            return isEnd ? 0 : NeedMore;
        }

        byte first = text[at];
        if (first < 0x80)
        {
            sign = first;
            return first is (byte)' ' or (byte)'-' or (byte)'.' ? 1 : 0;
        }

        int length = first == 0xC2 ? 2 : first is 0xE2 or 0xE3 or 0xEF ? 3 : 0;
        if (length == 0 || text.Length - at < length)
        {
            return length == 0 || isEnd ? 0 : NeedMore;
        }

        int rune = length == 2
            ? text[at + 1]
            : ((first & 0xF) << 12) | ((text[at + 1] & 0x3F) << 6) | (text[at + 2] & 0x3F);
        switch (rune)
        {
            case 0xA0 or (>= 0x2000 and <= 0x200A) or 0x202F or 0x205F or 0x3000:
                sign = (byte)' ';
                return length;
            case (>= 0x2010 and <= 0x2015) or 0x2212 or 0xFE63 or 0xFF0D:
                sign = (byte)'-';
                return length;
            case 0xAD or (>= 0x200B and <= 0x200F) or 0x2060 or 0xFEFF:
                return length;
            default:
                return 0;
        }
    }
}
