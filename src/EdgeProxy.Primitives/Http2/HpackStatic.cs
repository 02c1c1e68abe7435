using System;

namespace EdgeProxy.Primitives.Http2;

/// <summary>The static table (RFC 7541 appendix A), from 1 to 61.</summary>
internal static class HpackStatic
{
    public const int Count = 61;

    // Fields by the length of their name, so that a name is looked for among few.
    private static readonly byte[][] s_byLength = GroupByLength();

    public static ReadOnlySpan<byte> NameAt(int index) => index switch
    {
        1 => ":authority"u8,
        2 or 3 => ":method"u8,
        4 or 5 => ":path"u8,
        6 or 7 => ":scheme"u8,
        8 or 9 or 10 or 11 or 12 or 13 or 14 => ":status"u8,
        15 => "accept-charset"u8,
        16 => "accept-encoding"u8,
        17 => "accept-language"u8,
        18 => "accept-ranges"u8,
        19 => "accept"u8,
        20 => "access-control-allow-origin"u8,
        21 => "age"u8,
        22 => "allow"u8,
        23 => "authorization"u8,
        24 => "cache-control"u8,
        25 => "content-disposition"u8,
        26 => "content-encoding"u8,
        27 => "content-language"u8,
        28 => "content-length"u8,
        29 => "content-location"u8,
        30 => "content-range"u8,
        31 => "content-type"u8,
        32 => "cookie"u8,
        33 => "date"u8,
        34 => "etag"u8,
        35 => "expect"u8,
        36 => "expires"u8,
        37 => "from"u8,
        38 => "host"u8,
        39 => "if-match"u8,
        40 => "if-modified-since"u8,
        41 => "if-none-match"u8,
        42 => "if-range"u8,
        43 => "if-unmodified-since"u8,
        44 => "last-modified"u8,
        45 => "link"u8,
        46 => "location"u8,
        47 => "max-forwards"u8,
        48 => "proxy-authenticate"u8,
        49 => "proxy-authorization"u8,
        50 => "range"u8,
        51 => "referer"u8,
        52 => "refresh"u8,
        53 => "retry-after"u8,
        54 => "server"u8,
        55 => "set-cookie"u8,
        56 => "strict-transport-security"u8,
        57 => "transfer-encoding"u8,
        58 => "user-agent"u8,
        59 => "vary"u8,
        60 => "via"u8,
        61 => "www-authenticate"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public static ReadOnlySpan<byte> ValueAt(int index) => index switch
    {
        2 => "GET"u8,
        3 => "POST"u8,
        4 => "/"u8,
        5 => "/index.html"u8,
        6 => "http"u8,
        7 => "https"u8,
        8 => "200"u8,
        9 => "204"u8,
        10 => "206"u8,
        11 => "304"u8,
        12 => "400"u8,
        13 => "404"u8,
        14 => "500"u8,
        16 => "gzip, deflate"u8,
        _ => default,
    };

    /// <summary>
    /// The first field with this name, or the one with this value, too; 0 if there is none of the name.
    /// </summary>
    public static int Find(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, out bool isWhole)
    {
        isWhole = false;
        int found = 0;
        if (name.Length >= s_byLength.Length)
        {
            return found;
        }

        foreach (byte index in s_byLength[name.Length])
        {
            if (!NameAt(index).SequenceEqual(name))
            {
                continue;
            }

            found = found == 0 ? index : found;
            if (!value.IsEmpty && ValueAt(index).SequenceEqual(value))
            {
                isWhole = true;
                return index;
            }
        }

        return found;
    }

    private static byte[][] GroupByLength()
    {
        var groups = new byte[32][];
        for (int length = 0; length < groups.Length; length++)
        {
            var group = new byte[Count];
            int count = 0;
            for (int index = 1; index <= Count; index++)
            {
                if (NameAt(index).Length == length)
                {
                    group[count++] = (byte)index;
                }
            }

            groups[length] = group[..count];
        }

        return groups;
    }
}
