using System;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Numbers of payment cards (ISO/IEC 7812): 13 to 19 digits, in groups by single spaces or dashes or in one, that begin
/// with 2 to 6 and whose last digit is right (Luhn). No letter or digit stands next to them.
/// </summary>
internal sealed class CardNumberDetector() : PlaceDetector(Beginning.OneOf("23456", Inner, Inner))
{
    private const string Inner = "0123456789 -";
    private const int DigitsMin = 13;
    private const int DigitsMax = 19;

    public override int HeldBytesMax => (2 * DigitsMax) + 1;

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        mode = 0;
        Span<byte> digits = stackalloc byte[DigitsMax];
        int count = 0;
        int best = 0;
        int place = at;
        while (place < text.Length)
        {
            if (Letters.IsDigit(text[place]))
            {
                if (count == DigitsMax)
                {
                    return best;
                }

                digits[count++] = (byte)(text[place++] - '0');
                if (place == text.Length && !isEnd)
                {
                    return NeedMore;
                }

                bool isAlone = place == text.Length || !Letters.IsAlphanumeric(text[place]);
                if (isAlone && count >= DigitsMin && IsRight(digits[..count]))
                {
                    best = place - at;
                }

                continue;
            }

            if (text[place] is not ((byte)' ' or (byte)'-'))
            {
                return best;
            }

            if (place + 1 == text.Length)
            {
                return isEnd ? best : NeedMore;
            }

            if (!Letters.IsDigit(text[++place]))
            {
                return best;
            }
        }

        return best;
    }

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
