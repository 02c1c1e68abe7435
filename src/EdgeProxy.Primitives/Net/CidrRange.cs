using System;
using System.Net;
using System.Text;

namespace EdgeProxy.Primitives.Net;

/// <summary>
/// All addresses from <see cref="First"/> to <see cref="Last"/>, both of one family: one address or one network.
/// </summary>
internal readonly record struct CidrRange(IpAddress First, IpAddress Last)
{
    private const int V4Bits = 32;
    private const int V6Bits = 128;
    private const int MappedBits = V6Bits - V4Bits;

    public bool Contains(IpAddress address) =>
        address.IsV4 == First.IsV4 && address.Bits >= First.Bits && address.Bits <= Last.Bits;

    public bool Overlaps(CidrRange other) =>
        other.First.IsV4 == First.IsV4 && other.First.Bits <= Last.Bits && First.Bits <= other.Last.Bits;

    public static CidrRange Of(IPNetwork network)
    {
        Span<byte> bytes = stackalloc byte[16];
        network.BaseAddress.TryWriteBytes(bytes, out int count);
        IpAddress address = IpAddress.FromBytes(bytes[..count]);
        return Of(address, address.IsV4 && count == 16 ? network.PrefixLength - MappedBits : network.PrefixLength);
    }

    /// <summary>Reads "192.0.2.1", "10.0.0.0/8" or the IPv6 forms; <paramref name="problem"/> says why not.</summary>
    public static bool TryParse(string text, out CidrRange range, out string problem)
    {
        range = default;
        problem = "";
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string addressText = slash < 0 ? text : text[..slash];
        if (!Ascii.IsValid(addressText)
            || !IpAddress.TryParse(Encoding.ASCII.GetBytes(addressText), out IpAddress address))
        {
            problem = $"'{text}' is not an IP address or network, e.g. 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32";
            return false;
        }

        bool mapped = address.IsV4 && addressText.Contains(':', StringComparison.Ordinal);
        int bitsMax = address.IsV4 && !mapped ? V4Bits : V6Bits;
        if (slash < 0)
        {
            range = new CidrRange(address, address);
            return true;
        }

        if (!TryParsePrefix(text.AsSpan(slash + 1), bitsMax, out int prefix))
        {
            problem = $"'{text}' has no prefix length from 0 to {bitsMax} after the slash";
            return false;
        }

        if (mapped && prefix < MappedBits)
        {
            problem = $"'{text}' mixes IPv4-mapped and other IPv6 addresses; name the IPv4 network on its own";
            return false;
        }

        range = Of(address, mapped ? prefix - MappedBits : prefix);
        if (range.First != address)
        {
            problem = $"'{text}' has bits set after its prefix; write "
                + $"{range.First}/{(mapped ? prefix - MappedBits : prefix)}";
            return false;
        }

        return true;
    }

    private static CidrRange Of(IpAddress address, int prefix)
    {
        UInt128 all = address.IsV4 ? uint.MaxValue : UInt128.MaxValue;
        int hostBits = (address.IsV4 ? V4Bits : V6Bits) - prefix;
        UInt128 host = hostBits == 0 ? 0 : all >> prefix;
        UInt128 first = address.Bits & ~host;
        UInt128 last = address.Bits | host;
        return address.IsV4
            ? new CidrRange(IpAddress.FromV4((uint)first), IpAddress.FromV4((uint)last))
            : new CidrRange(IpAddress.FromV6(first), IpAddress.FromV6(last));
    }

    private static bool TryParsePrefix(ReadOnlySpan<char> text, int bitsMax, out int prefix)
    {
        prefix = 0;
        if (text.Length is 0 or > 3 || (text.Length > 1 && text[0] == '0'))
        {
            return false;
        }

        foreach (char digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            prefix = (prefix * 10) + (digit - '0');
        }

        return prefix <= bitsMax;
    }
}
