using System;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// International bank account numbers (ISO 13616): a country's code, its length, and check digits that are right
/// (modulo 97). In one or in groups by single spaces or dashes (NumberSigns); capital or small letters. No letter or
/// digit stands next to them.
/// </summary>
internal sealed class IbanDetector() : PlaceDetector(
    Beginning.OneOf(AllLetters, AllLetters, "0123456789" + Beginning.AnyNotAscii))
{
    private const string AllLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    // The registry's countries, each with the length of its numbers.
    private const string Registry =
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27"
        + "GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24"
        + "ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23"
        + "ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

    private const int LengthMax = 33;
    private static readonly byte[] Lengths = ReadLengths();

    public override int HeldBytesMax => ((NumberSigns.DigitBytesMax + NumberSigns.GapBytesMax) * LengthMax) + 3;

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        mode = 0;
        if (at + 1 < text.Length && (!Letters.IsLetter(text[at + 1]) || LengthOf(text[at], text[at + 1]) == 0))
        {
            return 0;
        }

        Span<byte> signs = stackalloc byte[LengthMax];
        int count = 0;
        int length = 2;
        int place = at;
        while (count < length)
        {
            if (count > 3)
            {
                int gap = NumberSigns.Gap(text, place, isEnd, out byte between);
                if (gap == NumberSigns.NeedMore)
                {
                    return NeedMore;
                }

                place += between == (byte)'.' ? 0 : gap;
            }

            int digit = NumberSigns.Digit(text, place, isEnd, out byte value);
            if (digit == NumberSigns.NeedMore)
            {
                return NeedMore;
            }

            if (digit == 0 && (place == text.Length || !Letters.IsLetter(text[place]) || count is 2 or 3))
            {
                return 0;
            }

            signs[count++] = digit > 0 ? value : (byte)((text[place] & ~0x20) - 'A' + 10);
            place += Math.Max(1, digit);
            length = count == 2 ? LengthOf(text[at], text[at + 1]) : length;
        }

        int next = NumberSigns.Digit(text, place, isEnd, out _);
        if (next == NumberSigns.NeedMore)
        {
            return NeedMore;
        }

        bool isAlone = next == 0 && (place == text.Length || !Letters.IsLetter(text[place]));
        return isAlone && IsRight(signs[..count]) ? place - at : 0;
    }

    private static bool IsRight(ReadOnlySpan<byte> signs)
    {
        int rest = 0;
        for (int i = 0; i < signs.Length; i++)
        {
            int value = signs[(i + 4) % signs.Length];
            rest = ((rest * (value > 9 ? 100 : 10)) + value) % 97;
        }

        return rest == 1;
    }

    private static int LengthOf(byte first, byte second) =>
        Lengths[(((first & ~0x20) - 'A') * 26) + (second & ~0x20) - 'A'];

    private static byte[] ReadLengths()
    {
        var lengths = new byte[26 * 26];
        for (int i = 0; i < Registry.Length; i += 4)
        {
            lengths[((Registry[i] - 'A') * 26) + Registry[i + 1] - 'A'] =
                (byte)(((Registry[i + 2] - '0') * 10) + Registry[i + 3] - '0');
        }

        return lengths;
    }
}
