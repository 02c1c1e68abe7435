using System;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Numbers of payment cards (ISO/IEC 7812): 13 to 19 digits, in groups by single spaces, dashes or full stops or in one
/// (NumberSigns), that begin with 2 to 6 and whose last digit is right (Luhn). No letter or digit stands next to them.
/// Full stops part groups of 3 to 6 only: what has one is else a fraction.
/// </summary>
internal sealed class CardNumberDetector() : PlaceDetector(
    Beginning.OneOf("23456", Inner, Inner), new([.. NumberSigns.FirstBytes], Beginning.NotAscii, null))
{
    private const string Inner = "0123456789 -." + Beginning.AnyNotAscii;
    private const int DigitsMin = 13;
    private const int DigitsMax = 19;
    private const int DottedMin = 3;
    private const int DottedMax = 6;

    public override int HeldBytesMax => ((NumberSigns.DigitBytesMax + NumberSigns.GapBytesMax) * DigitsMax) + 3;

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        mode = 0;
        Span<byte> digits = stackalloc byte[DigitsMax];
        int count = 0;
        int best = 0;
        int place = at;
        int group = 0;
        bool isDotted = false;
        bool isOdd = false; // a group that no full stop may stand next to
        while (true)
        {
            int length = NumberSigns.Digit(text, place, isEnd, out byte digit);
            if (length <= 0 || count == DigitsMax || (count == 0 && (digit is < 2 or > 6 || FollowsDigit(text, at))))
            {
                return length == NumberSigns.NeedMore ? NeedMore : best;
            }

            digits[count++] = digit;
            group++;
            place += length;
            int next = NumberSigns.Digit(text, place, isEnd, out _);
            byte sign = 0;
            int gap = next == 0 ? NumberSigns.Gap(text, place, isEnd, out sign) : 0;
            if (next == NumberSigns.NeedMore || gap == NumberSigns.NeedMore)
            {
                return NeedMore;
            }

            bool isAlone = next == 0 && (place == text.Length || !Letters.IsAlphanumeric(text[place]));
            bool isGrouped = !isDotted || (!isOdd && group is >= DottedMin and <= DottedMax);
            if (isAlone && isGrouped && count >= DigitsMin && IsRight(digits[..count]))
            {
                best = place - at;
            }

            if (next == 0 && gap == 0)
            {
                return best;
            }

            if (sign != 0)
            {
                isDotted |= sign == (byte)'.';
                isOdd |= group is < DottedMin or > DottedMax;
                group = 0;
            }

            place += gap;
        }
    }

    // One in the middle of a number that is not ASCII.
    private static bool FollowsDigit(ReadOnlySpan<byte> text, int at) =>
        text[at] >= 0x80 && ((at >= 3 && NumberSigns.Digit(text[(at - 3)..at], 0, isEnd: true, out _) == 3)
            || (at >= 2 && NumberSigns.Digit(text[(at - 2)..at], 0, isEnd: true, out _) == 2));

    private static bool IsRight(ReadOnlySpan<byte> digits)
    {
        int sum = 0;
        bool isDoubled = false;
        bool isOne = true;
        for (int i = digits.Length - 1; i >= 0; i--)
        {
            int digit = digits[i];
            isOne &= digit == digits[0];
            int value = isDoubled ? digit * 2 : digit;
            sum += value > 9 ? value - 9 : value;
            isDoubled = !isDoubled;
        }

        return sum % 10 == 0 && !isOne;
    }
}
