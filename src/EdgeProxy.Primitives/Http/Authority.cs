using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Reads uri-host [":" port] (RFC 9110 sections 4.2.1 and 7.2, RFC 3986 section 3.2.2).</summary>
internal static class Authority
{
    /// <summary>A DNS name has at most 253 bytes (RFC 1035 section 2.3.4), and one dot may end it.</summary>
    public const int HostBytesMax = 254;

    private const int PortDigitsMax = 5;
    private const int PortMax = 65535;

    /// <summary>
    /// False if it is not one. <paramref name="port"/> is -1 if none is named; "a:" names none (RFC 3986 section
    /// 3.2.3).
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out int hostLength, out int port)
    {
        port = -1;
        hostLength = HostLength(text);
        if (hostLength <= 0 || hostLength > HostBytesMax)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = text[hostLength..];
        return rest.IsEmpty || (rest[0] == (byte)':' && TryReadPort(rest[1..], out port));
    }

    private static int HostLength(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("["u8))
        {
            int close = text.IndexOf((byte)']');
            return close > 0 && Ipv6Literal.Is(text[1..close]) ? close + 1 : -1;
        }

        // Narrower than reg-name: percent-escapes and sub-delims name no host that exists, and every hop reads them
        // differently.
        ReadOnlySpan<byte> name = text[..AsciiSet.Unreserved.LengthAt(text)];

        // An empty label makes "a.." differ from "a." only in how many dots a hop removes.
        return name.StartsWith("."u8) || name.IndexOf(".."u8) >= 0 ? -1 : name.Length;
    }

    private static bool TryReadPort(ReadOnlySpan<byte> digits, out int port)
    {
        port = -1;
        if (digits.IsEmpty)
        {
            return true;
        }

        if (digits.Length > PortDigitsMax)
        {
            return false;
        }

        int number = 0;
        foreach (byte digit in digits)
        {
            uint worth = (uint)(digit - '0');
            if (worth > 9)
            {
                return false;
            }

            number = (number * 10) + (int)worth;
        }

        port = number;
        return number is > 0 and <= PortMax;
    }
}
