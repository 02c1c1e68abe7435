using System;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Telephone numbers that say they are: with + or 00 and a country's code (E.164: 8 to 15 digits, in groups or not),
/// and North America's in three groups. Other national numbers look like any number, and are not looked for.
/// </summary>
internal sealed class PhoneDetector() : PlaceDetector(
    Beginning.OneOf("+", Inner, Inner), Beginning.OneOf("0", "0", Inner), Beginning.OneOf("(", Digit, Digit),
    Beginning.OneOf("1", " -.", "(" + Digit), Beginning.OneOf(Digit, Digit, Digit))
{
    private const string Digit = "0123456789";
    private const string Inner = Digit + " -.()/";
    private const int DigitsMin = 8;
    private const int DigitsMax = 15;
    private const int SeparatorsMax = 2;

    public override int HeldBytesMax => 2 + ((1 + SeparatorsMax) * (DigitsMax + 1)) + 1;

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

        return NorthAmerican(text, at, isEnd);
    }

    private static int International(ReadOnlySpan<byte> text, int at, int place, bool isEnd)
    {
        int digits = 0;
        int best = 0;
        int separators = 0;
        for (; place < text.Length; place++)
        {
            byte value = text[place];
            if (Letters.IsDigit(value))
            {
                if ((digits == 0 && value == (byte)'0') || digits == DigitsMax)
                {
                    return digits == 0 ? 0 : best;
                }

                digits++;
                separators = 0;
                if (place + 1 == text.Length)
                {
                    return !isEnd ? NeedMore : digits >= DigitsMin ? place + 1 - at : best;
                }

                if (digits >= DigitsMin && !Letters.IsAlphanumeric(text[place + 1]))
                {
                    best = place + 1 - at;
                }
            }
            else if (value is not ((byte)' ' or (byte)'-' or (byte)'.' or (byte)'(' or (byte)')' or (byte)'/')
                || ++separators > SeparatorsMax)
            {
                return best;
            }
        }

        return isEnd ? best : NeedMore;
    }

    // (ddd) ddd-dddd, ddd-ddd-dddd, ddd.ddd.dddd, ddd ddd dddd; with 1 before it or not.
    private static int NorthAmerican(ReadOnlySpan<byte> text, int at, bool isEnd)
    {
        int place = at;
        bool isShort = false;
        if (Is(text, place, (byte)'1', ref isShort) && IsSeparator(text, place + 1, ref isShort))
        {
            place += 2;
        }

        bool isBracketed = Is(text, place, (byte)'(', ref isShort);
        place += isBracketed ? 1 : 0;
        bool isOne = Digits(text, ref place, 3, ref isShort);
        if (isOne && isBracketed)
        {
            isOne = Is(text, place++, (byte)')', ref isShort);
            place += isOne && Is(text, place, (byte)' ', ref isShort) ? 1 : 0;
        }
        else if (isOne)
        {
            isOne = IsSeparator(text, place++, ref isShort);
        }

        isOne = isOne && Digits(text, ref place, 3, ref isShort) && IsSeparator(text, place++, ref isShort)
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

    private static bool IsSeparator(ReadOnlySpan<byte> text, int place, ref bool isShort)
    {
        isShort |= place >= text.Length;
        return place < text.Length && text[place] is (byte)' ' or (byte)'-' or (byte)'.';
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
