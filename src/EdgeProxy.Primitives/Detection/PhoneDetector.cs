using System;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Telephone numbers that say they are: with + or 00 and a country's code (E.164: 8 to 15 digits, in groups or not),
/// and North America's in three groups; NumberSigns between and in them. Other national numbers look like any number,
/// and are not looked for.
/// </summary>
internal sealed class PhoneDetector() : PlaceDetector(
    Beginning.OneOf("+", Inner, null), Beginning.OneOf("0", "0", Inner), Beginning.OneOf("(", Digit, Digit),
    Beginning.OneOf("1", " -." + Beginning.AnyNotAscii), Beginning.OneOf(Digit, Digit, Digit),
    Beginning.Of("\uFF0B"u8))
{
    private const string Digit = "0123456789";
    private const string Inner = Digit + " -.()/" + Beginning.AnyNotAscii;
    private const int DigitsMin = 8;
    private const int DigitsMax = 15;
    private const int SeparatorsMax = 2;

    public override int HeldBytesMax =>
        4 + ((NumberSigns.DigitBytesMax + (SeparatorsMax * NumberSigns.GapBytesMax)) * (DigitsMax + 1));

    protected override bool MayFollow(byte before) =>
        !Letters.IsAlphanumeric(before)
        && before is not ((byte)'+' or (byte)'-' or (byte)'.' or (byte)'_' or (byte)'/');

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        mode = 0;
        byte first = text[at];
        if (first == (byte)'+')
        {
            return International(text, at, at + 1, isEnd);
        }

        if (first == (byte)'0')
        {
            return at + 1 == text.Length ? (isEnd ? 0 : NeedMore)
                : text[at + 1] == (byte)'0' ? International(text, at, at + 2, isEnd)
                : 0;
        }

        if (first < 0x80)
        {
            return NorthAmerican(text, at, isEnd);
        }

        // A full-width plus; other digits than ASCII's are found behind a plus only.
        return at + 2 >= text.Length ? (isEnd ? 0 : NeedMore)
            : text[at..].StartsWith("\uFF0B"u8) ? International(text, at, at + 3, isEnd)
            : 0;
    }

    private static int International(ReadOnlySpan<byte> text, int at, int place, bool isEnd)
    {
        int digits = 0;
        int best = 0;
        int separators = 0;
        while (true)
        {
            int length = NumberSigns.Digit(text, place, isEnd, out byte value);
            if (length > 0)
            {
                if ((digits == 0 && value == 0) || digits == DigitsMax)
                {
                    return digits == 0 ? 0 : best;
                }

                digits++;
                separators = 0;
                place += length;
                int next = NumberSigns.Digit(text, place, isEnd, out _);
                bool isAlone = next == 0 && (place == text.Length || !Letters.IsAlphanumeric(text[place]));
                best = digits >= DigitsMin && isAlone ? place - at : best;
                length = next == NumberSigns.NeedMore ? next : length;
            }
            else if (length == 0)
            {
                length = Separator(text, place, isEnd);
                if (length == 0 || (length > 0 && ++separators > SeparatorsMax))
                {
                    return best;
                }

                place += Math.Max(0, length);
            }

            if (length == NumberSigns.NeedMore)
            {
                return NeedMore;
            }
        }
    }

    private static int Separator(ReadOnlySpan<byte> text, int at, bool isEnd) =>
        at < text.Length && text[at] is (byte)'(' or (byte)')' or (byte)'/'
            ? 1
            : NumberSigns.Gap(text, at, isEnd, out _);

    // (ddd) ddd-dddd, ddd-ddd-dddd, ddd.ddd.dddd, ddd ddd dddd; with 1 before it or not.
    private static int NorthAmerican(ReadOnlySpan<byte> text, int at, bool isEnd)
    {
        int place = at;
        bool isShort = false;
        if (Is(text, place, (byte)'1', ref isShort))
        {
            int one = place + 1;
            place = IsSeparator(text, ref one, ref isShort) ? one : place;
        }

        bool isBracketed = Is(text, place, (byte)'(', ref isShort);
        place += isBracketed ? 1 : 0;
        bool isOne = Digits(text, ref place, 3, ref isShort);
        if (isOne && isBracketed)
        {
            isOne = Is(text, place++, (byte)')', ref isShort);
            if (isOne)
            {
                _ = IsSeparator(text, ref place, ref isShort);
            }
        }
        else if (isOne)
        {
            isOne = IsSeparator(text, ref place, ref isShort);
        }

        isOne = isOne && Digits(text, ref place, 3, ref isShort) && IsSeparator(text, ref place, ref isShort)
            && Digits(text, ref place, 4, ref isShort);
        if (isOne && place == text.Length)
        {
            isShort = true;
        }

        return isShort && !isEnd ? NeedMore
            : isOne && (place == text.Length || !Letters.IsAlphanumeric(text[place])) ? place - at
            : 0;
    }

    private static bool Is(ReadOnlySpan<byte> text, int place, byte value, ref bool isShort)
    {
        isShort |= place >= text.Length;
        return place < text.Length && text[place] == value;
    }

    private static bool IsSeparator(ReadOnlySpan<byte> text, ref int place, ref bool isShort)
    {
        int length = NumberSigns.Gap(text, place, isEnd: false, out byte sign);
        isShort |= length == NumberSigns.NeedMore;
        length = length == NumberSigns.NeedMore ? NumberSigns.Gap(text, place, isEnd: true, out sign) : length;
        place += Math.Max(0, length);
        return length > 0 && sign != 0;
    }

    private static bool Digits(ReadOnlySpan<byte> text, ref int place, int count, ref bool isShort)
    {
        for (int i = 0; i < count; i++, place++)
        {
            if (place >= text.Length)
            {
                isShort = true;
                return false;
            }

            if (!Letters.IsDigit(text[place]))
            {
                return false;
            }
        }

        return true;
    }
}
