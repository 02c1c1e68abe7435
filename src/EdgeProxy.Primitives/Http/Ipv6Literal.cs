using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Checks the text between the brackets of an IPv6 host (RFC 3986 section 3.2.2); zone ids are refused.
/// </summary>
internal static class Ipv6Literal
{
    private const int Groups = 8;
    private const int GroupsOfIpv4 = 2;

    public static bool Is(ReadOnlySpan<byte> text)
    {
        int groups = 0;
        bool elided = false;
        int at = 0;
        if (text.StartsWith("::"u8))
        {
            elided = true;
            at = 2;
        }

        while (at < text.Length)
        {
            int length = HexLength(text[at..]);
            int end = at + length;
            if (end < text.Length && text[end] == (byte)'.')
            {
                groups += GroupsOfIpv4;
                return IsIpv4(text[at..]) && IsWhole(groups, elided);
            }

            groups++;
            if (length == 0 || groups > Groups)
            {
                return false;
            }

            if (end == text.Length)
            {
                break;
            }

            // A group is followed by one colon and another group, or by the one "::".
            bool twice = text[end..].StartsWith("::"u8);
            if (text[end] != (byte)':' || (twice && elided) || (!twice && end + 1 == text.Length))
            {
                return false;
            }

            elided |= twice;
            at = end + (twice ? 2 : 1);
        }

        return IsWhole(groups, elided);
    }

    private static bool IsWhole(int groups, bool elided) => elided ? groups < Groups : groups == Groups;

    private static int HexLength(ReadOnlySpan<byte> text)
    {
        int length = 0;
        while (length < text.Length && length < 4 && char.IsAsciiHexDigit((char)text[length]))
        {
            length++;
        }

        return length;
    }

    private static bool IsIpv4(ReadOnlySpan<byte> text)
    {
        int parts = 0;
        int digits = 0;
        int value = 0;
        foreach (byte b in text)
        {
            if (char.IsAsciiDigit((char)b))
            {
                // dec-octet has no leading zero, which some readers would take for octal.
                if (digits > 0 && value == 0)
                {
                    return false;
                }

                digits++;
                value = (value * 10) + (b - '0');
                if (value > 255)
                {
                    return false;
                }
            }
            else if (b == (byte)'.' && digits > 0)
            {
                parts++;
                digits = 0;
                value = 0;
            }
            else
            {
                return false;
            }
        }

        return parts == 3 && digits > 0;
    }
}
