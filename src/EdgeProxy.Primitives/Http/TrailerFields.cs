using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// The trailer fields that may travel on (RFC 9110 section 6.5.1): none that frames, routes, authenticates,
/// modifies the request, controls the answer or describes the content, in any spelling a server could take for it.
/// </summary>
internal static class TrailerFields
{
    // What KnownHeader does not know already; lower case.
    private static readonly byte[][] Refused =
    [
        "age"u8.ToArray(), "cache-control"u8.ToArray(), "content-disposition"u8.ToArray(),
        "content-language"u8.ToArray(), "content-location"u8.ToArray(), "content-range"u8.ToArray(),
        "content-security-policy"u8.ToArray(), "expires"u8.ToArray(), "if-match"u8.ToArray(),
        "if-modified-since"u8.ToArray(), "if-none-match"u8.ToArray(), "if-range"u8.ToArray(),
        "if-unmodified-since"u8.ToArray(), "max-forwards"u8.ToArray(), "pragma"u8.ToArray(),
        "proxy-authenticate"u8.ToArray(), "proxy-authentication-info"u8.ToArray(), "proxy-authorization"u8.ToArray(),
        "authentication-info"u8.ToArray(), "range"u8.ToArray(), "retry-after"u8.ToArray(), "vary"u8.ToArray(),
        "via"u8.ToArray(), "warning"u8.ToArray(), "www-authenticate"u8.ToArray(),
    ];

    /// <summary>
    /// The next line that may be forwarded, of <paramref name="trailers"/>, the range a <see cref="ChunkedReader"/>
    /// reported, from <paramref name="start"/> (0 at first) on; false if there is none.
    /// </summary>
    public static bool TryNext(
        ReadOnlySpan<byte> trailers, ref int start, out ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name)
    {
        while (LineEnd.Find(trailers, start, out int stop) == ParseStatus.Complete
            && stop > start
            && FieldLine.Read(trailers, start, stop, out HeaderField field) == RejectReason.None)
        {
            line = trailers[start..field.LineEnd];
            name = field.Name.Of(trailers);
            start = field.LineEnd;
            if (MayForward(name, field.Known))
            {
                return true;
            }
        }

        line = default;
        name = default;
        return false;
    }

    /// <summary>
    /// Whether a trailer field may be forwarded. Nothing the proxy recognises, or asserts itself, may.
    /// </summary>
    public static bool MayForward(ReadOnlySpan<byte> name, KnownHeader known)
    {
        if (known != KnownHeader.Unknown)
        {
            return false;
        }

        foreach (byte[] refused in Refused)
        {
            if (MeansSame(name, refused))
            {
                return false;
            }
        }

        return true;
    }

    private static bool MeansSame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower)
    {
        if (name.Length != lower.Length)
        {
            return false;
        }

        for (int i = 0; i < name.Length; i++)
        {
            byte b = name[i] is (byte)'_' or (byte)'.' ? (byte)'-' : (byte)(name[i] | 0x20);
            if (b != lower[i])
            {
                return false;
            }
        }

        return true;
    }
}
