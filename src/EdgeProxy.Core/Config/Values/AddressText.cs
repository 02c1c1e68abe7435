using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EdgeProxy.Config.Values;

/// <summary>
/// Addresses, ports and ranges, read strictly: the framework takes "10", "0x7f.1" and "010.0.0.1" (octal) for
/// addresses.
/// </summary>
internal static class AddressText
{
    private const int PortDigitsMax = 5;

    /// <summary>
    /// "192.0.2.1" or "2001:db8::1" without brackets and zone. An IPv4-mapped address is its IPv4 address.
    /// </summary>
    public static bool TryParseAddress(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;
        bool isV6 = text.Contains(':');
        if ((!isV6 && !IsDotted(text)) || text.ContainsAny("%[]/") || !IPAddress.TryParse(text, out IPAddress? parsed))
        {
            return false;
        }

        address = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        return true;
    }

    /// <summary>1 to 65535, or 0 if that is asked for.</summary>
    public static bool TryParsePort(ReadOnlySpan<char> text, bool zeroAllowed, out int port)
    {
        port = 0;
        return text.Length is > 0 and <= PortDigitsMax
            && (text.Length == 1 || text[0] != '0')
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port <= IPEndPoint.MaxPort
            && (port > 0 || zeroAllowed);
    }

    /// <summary>":8080", "0.0.0.0:8080", "[::]:8080"; no address is every address, IPv4 and IPv6.</summary>
    public static bool TryParseEndPoint(ReadOnlySpan<char> text, out IPEndPoint endPoint)
    {
        endPoint = new IPEndPoint(IPAddress.None, 0);
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !TryParsePort(text[(colon + 1)..], zeroAllowed: true, out int port))
        {
            return false;
        }

        ReadOnlySpan<char> host = text[..colon];
        IPAddress? address = IPAddress.IPv6Any;
        if (!host.IsEmpty)
        {
            bool inBrackets = host.Length > 2 && host[0] == '[' && host[^1] == ']';
            ReadOnlySpan<char> bare = inBrackets ? host[1..^1] : host;
            if (!TryParseAddress(bare, out address) || bare.Contains(':') != inBrackets)
            {
                return false;
            }
        }

        endPoint = new IPEndPoint(address, port);
        return true;
    }

    /// <summary>An address or a CIDR range; null, or why not.</summary>
    public static string? ParseNetwork(ReadOnlySpan<char> text, out IPNetwork network)
    {
        network = default;
        int slash = text.IndexOf('/');
        if (!TryParseAddress(slash < 0 ? text : text[..slash], out IPAddress address))
        {
            return "is not an address or range";
        }

        int bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        int prefix = bits;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture,
            out prefix)
            || prefix > bits || (text.Length - slash > 2 && text[slash + 1] == '0')))
        {
            return $"has no prefix length of 0 to {bits}";
        }

        IPAddress first = FirstOf(address, prefix);
        network = new IPNetwork(first, prefix);
        return first.Equals(address) ? null : $"does not start its range, which would be {first}/{prefix}";
    }

    private static IPAddress FirstOf(IPAddress address, int prefix)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int kept = Math.Clamp(prefix - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xff << (8 - kept));
        }

        return new IPAddress(bytes);
    }

    private static bool IsDotted(ReadOnlySpan<char> text)
    {
        int parts = 0;
        foreach (Range range in text.Split('.'))
        {
            ReadOnlySpan<char> part = text[range];
            if (part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0')
                || part.ContainsAnyExceptInRange('0', '9'))
            {
                return false;
            }

            parts++;
        }

        return parts == 4;
    }
}
