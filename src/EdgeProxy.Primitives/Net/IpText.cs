using System;
using System.Buffers.Text;

namespace EdgeProxy.Primitives.Net;

/// <summary>
/// Reads and writes addresses as text. Strict where <see cref="System.Net.IPAddress"/> is not: no octal, hexadecimal or
/// short forms ("127.1"), no zone, no brackets, so that two readers never see two addresses.
/// </summary>
internal static class IpText
{
    private const int Groups = 8;
    private const int OctetDigitsMax = 3;
    private const int GroupDigitsMax = 4;

    public static bool TryParse(ReadOnlySpan<byte> text, out IpAddress address)
    {
        address = default;
        if (text.IndexOf((byte)':') < 0)
        {
            if (!TryParseV4(text, out uint v4))
            {
                return false;
            }

            address = IpAddress.FromV4(v4);
            return true;
        }

        if (!TryParseV6(text, out UInt128 v6))
        {
            return false;
        }

        address = IpAddress.FromV6(v6);
        return true;
    }

    // RFC 3986 section 3.2.2: IPv4address = dec-octet 3( "." dec-octet ), no leading zero
    private static bool TryParseV4(ReadOnlySpan<byte> text, out uint bits)
    {
        bits = 0;
        int at = 0;
        for (int octet = 0; octet < 4; octet++)
        {
            if (octet > 0 && (at >= text.Length || text[at++] != '.'))
            {
                return false;
            }

            int start = at;
            uint value = 0;
            while (at < text.Length && at - start < OctetDigitsMax && text[at] is >= (byte)'0' and <= (byte)'9')
            {
                value = (value * 10) + (uint)(text[at++] - '0');
            }

            if (at == start || value > 255 || (at - start > 1 && text[start] == '0'))
            {
                return false;
            }

            bits = (bits << 8) | value;
        }

        return at == text.Length;
    }

    // RFC 4291 section 2.2: groups of 1 to 4 hexadecimal digits, at most one "::", a dotted IPv4 tail allowed
    private static bool TryParseV6(ReadOnlySpan<byte> text, out UInt128 bits)
    {
        bits = 0;
        UInt128 head = 0;
        int count = 0;
        int gap = -1;
        int at = 0;
        if (text.StartsWith("::"u8))
        {
            gap = 0;
            at = 2;
        }

        while (at < text.Length)
        {
            int end = text[at..].IndexOf((byte)':');
            ReadOnlySpan<byte> group = end < 0 ? text[at..] : text.Slice(at, end);
            if (end < 0 && group.IndexOf((byte)'.') >= 0)
            {
                if (count > Groups - 2 || !TryParseV4(group, out uint tail))
                {
                    return false;
                }

                head = (head << 32) | tail;
                count += 2;
                break;
            }

            if (count == Groups || !TryParseGroup(group, out uint value))
            {
                return false;
            }

            head = (head << 16) | value;
            count++;
            if (end < 0)
            {
                break;
            }

            at += end + 1;
            if (at < text.Length && text[at] == ':')
            {
                if (gap >= 0)
                {
                    return false;
                }

                gap = count;
                at++;
            }
            else if (at == text.Length)
            {
                return false; // a single colon at the end
            }
        }

        // RFC 5952 section 4.2.2 advises against "::" for no group at all; as RFC 4291 does, we refuse it.
        if (gap < 0 ? count != Groups : count >= Groups)
        {
            return false;
        }

        bits = gap < 0 ? head : Spread(head, count, gap);
        return true;
    }

    // The groups before the gap move to the top; shifting by 128 would shift by 0, hence the two special cases.
    private static UInt128 Spread(UInt128 head, int count, int gap)
    {
        int tailGroups = count - gap;
        UInt128 tail = tailGroups == 0 ? 0 : head & (UInt128.MaxValue >> (128 - (16 * tailGroups)));
        UInt128 top = gap == 0 ? 0 : (head >> (16 * tailGroups)) << (128 - (16 * gap));
        return top | tail;
    }

    private static bool TryParseGroup(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        if (text.Length is 0 or > GroupDigitsMax)
        {
            return false;
        }

        foreach (byte digit in text)
        {
            int hex = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
                _ => -1,
            };
            if (hex < 0)
            {
                return false;
            }

            value = (value << 4) | (uint)hex;
        }

        return true;
    }

    public static bool TryFormat(IpAddress address, Span<byte> destination, out int count) =>
        address.IsV4
            ? TryFormatV4((uint)address.Bits, destination, out count)
            : TryFormatV6(address.Bits, destination, out count);

    private static bool TryFormatV4(uint bits, Span<byte> destination, out int count)
    {
        count = 0;
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            if (!Utf8Formatter.TryFormat((byte)(bits >> shift), destination[count..], out int written))
            {
                count = 0;
                return false;
            }

            count += written;
            if (shift > 0 && !TryAppend((byte)'.', destination, ref count))
            {
                return false;
            }
        }

        return true;
    }

    // RFC 5952 section 4: lower case, no leading zeros, "::" for the first longest run of two or more zero groups
    private static bool TryFormatV6(UInt128 bits, Span<byte> destination, out int count)
    {
        count = 0;
        (int gap, int gapLength) = LongestZeroRun(bits);
        for (int i = 0; i < Groups;)
        {
            if (i == gap)
            {
                if (!TryAppend((byte)':', destination, ref count)
                    || (i + gapLength == Groups && !TryAppend((byte)':', destination, ref count)))
                {
                    return false;
                }

                i += gapLength;
                continue;
            }

            if (i > 0 && !TryAppend((byte)':', destination, ref count))
            {
                return false;
            }

            if (!Utf8Formatter.TryFormat(Group(bits, i), destination[count..], out int written, new('x')))
            {
                count = 0;
                return false;
            }

            count += written;
            i++;
        }

        return true;
    }

    private static (int Start, int Length) LongestZeroRun(UInt128 bits)
    {
        int best = -1;
        int bestLength = 1; // a single zero group is written as 0
        for (int i = 0; i < Groups; i++)
        {
            int length = 0;
            while (i + length < Groups && Group(bits, i + length) == 0)
            {
                length++;
            }

            if (length > bestLength)
            {
                (best, bestLength) = (i, length);
            }

            i += length;
        }

        return (best, bestLength);
    }

    private static ushort Group(UInt128 bits, int index) => (ushort)(bits >> (112 - (16 * index)));

    private static bool TryAppend(byte value, Span<byte> destination, ref int count)
    {
        if (count == destination.Length)
        {
            count = 0;
            return false;
        }

        destination[count++] = value;
        return true;
    }
}
