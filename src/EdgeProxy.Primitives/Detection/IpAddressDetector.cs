using System;
using System.Net;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// IPv4 addresses of four decimal numbers, and IPv6 addresses (RFC 4291) that have a digit in them, so that no word
/// with colons is one. No letter, digit, dot or colon stands next to them, but for the colon of a word that is no group
/// of hexadecimal digits ("ip:10.0.0.1").
/// </summary>
internal sealed class IpAddressDetector() : PlaceDetector(
    Beginning.OneOf("0123456789", "0123456789.", "0123456789."), Beginning.OneOf(OfSix, OfSix, OfSix))
{
    private const string OfSix = "0123456789abcdefABCDEF:";
    private const int BytesMax = 45;
    private const int ShortestSix = 4;

    private const int GroupBytesMax = 4;

    public override int HeldBytesMax => BytesMax + 2;

    protected override bool MayBegin(ReadOnlySpan<byte> text, int at) =>
        at > 0 && text[at - 1] == (byte)':' ? !IsOfSixBefore(text, at - 1) : base.MayBegin(text, at);

    protected override bool MayFollow(byte before) =>
        !Letters.IsAlphanumeric(before) && before is not ((byte)'.' or (byte)':' or (byte)'_');

    // What stands before a colon may belong to an address. No more is looked at than a scan keeps.
    private static bool IsOfSixBefore(ReadOnlySpan<byte> text, int colon)
    {
        int length = 0;
        while (length <= GroupBytesMax && length < colon && Letters.IsAlphanumeric(text[colon - 1 - length]))
        {
            if (!Letters.IsHex(text[colon - 1 - length]))
            {
                return false;
            }

            length++;
        }

        return length is > 0 and <= GroupBytesMax || (length == 0 && colon > 0 && text[colon - 1] == (byte)':');
    }

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        mode = 0;
        int place = at;
        int colons = 0;
        bool hasDigit = false;
        while (place < text.Length && place - at <= BytesMax
            && (Letters.IsHex(text[place]) || text[place] is (byte)'.' or (byte)':'))
        {
            colons += text[place] == (byte)':' ? 1 : 0;
            hasDigit |= Letters.IsDigit(text[place]);
            place++;
        }

        if (place - at > BytesMax)
        {
            return 0;
        }

        if (place == text.Length && !isEnd)
        {
            return NeedMore;
        }

        if (place < text.Length && (Letters.IsAlphanumeric(text[place]) || text[place] == (byte)'_'))
        {
            return 0;
        }

        // A full stop or a colon behind it is the sentence's.
        while (place > at && (text[place - 1] == (byte)'.'
            || (text[place - 1] == (byte)':' && !(place - at > 1 && text[place - 2] == (byte)':'))))
        {
            colons -= text[place - 1] == (byte)':' ? 1 : 0;
            place--;
        }

        ReadOnlySpan<byte> found = text[at..place];
        if (colons == 1)
        {
            found = found[..found.IndexOf((byte)':')]; // a port
            colons = 0;
        }

        bool isAddress = colons > 1
            ? hasDigit && found.Length >= ShortestSix && IPAddress.IsValidUtf8(found)
            : colons == 0 && IsFour(found);
        return isAddress ? found.Length : 0;
    }

    private static bool IsFour(ReadOnlySpan<byte> text)
    {
        int numbers = 1;
        int digits = 0;
        int value = 0;
        foreach (byte sign in text)
        {
            if (Letters.IsDigit(sign))
            {
                value = (value * 10) + sign - '0';
                if (++digits > 3 || value > 255)
                {
                    return false;
                }

                continue;
            }

            if (sign != (byte)'.' || digits == 0)
            {
                return false;
            }

            numbers++;
            digits = 0;
            value = 0;
        }

        return numbers == 4 && digits > 0;
    }
}
