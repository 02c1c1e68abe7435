using System;
using System.Buffers;
using System.Net;
using EdgeProxy.Transport;

namespace EdgeProxy.Config.Values;

/// <summary>The address of a server as a URL: http or https, a host, a port, nothing else.</summary>
internal static class ServerUrl
{
    private const int HttpPort = 80;
    private const int HttpsPort = 443;
    private const int HostCharsMax = 253; // RFC 1035 section 2.3.4, as text
    private const int LabelCharsMax = 63;

    private static readonly SearchValues<char> LabelChars =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>
    /// As below; h2c and h2: what http and https are, spoken in HTTP/2. "SCHEME://unix:/path" is the same by a Unix
    /// socket, which is the host then; "unix:/path" is short for that with http.
    /// </summary>
    public static string? Parse(string url, out string host, out int port, out bool isTls, out bool isHttp2)
    {
        bool isClear = url.StartsWith("h2c://", StringComparison.OrdinalIgnoreCase);
        isHttp2 = isClear || url.StartsWith("h2://", StringComparison.OrdinalIgnoreCase);
        if (isHttp2)
        {
            url = (isClear ? "http" : "https") + url[url.IndexOf(':', StringComparison.Ordinal)..];
        }

        // With a scheme "unix:8080" is a host with a port.
        const string Socket = "://" + UnixEndPoint.Prefix + "/";
        int scheme = url.IndexOf(Socket, StringComparison.Ordinal);
        string place = scheme < 0 ? url : url[(scheme + "://".Length)..];
        string? refusal = Parse(scheme < 0 ? url : url[..scheme] + "://localhost", out host, out port, out isTls);
        if (UnixEndPoint.Is(place) && (scheme < 0 || refusal is null))
        {
            (host, port) = (place, 0);
            refusal = UnixEndPoint.Refusal(place.AsSpan(UnixEndPoint.Prefix.Length));
        }

        return refusal;
    }

    /// <summary>Null, or why not. The host comes without brackets, in lower case.</summary>
    public static string? Parse(string url, out string host, out int port, out bool isTls)
    {
        host = "";
        isTls = url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        port = isTls ? HttpsPort : HttpPort;
        if (!isTls && !url.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            return "is not an http or https address";
        }

        ReadOnlySpan<char> rest = url.AsSpan(isTls ? "https://".Length : "http://".Length);
        if (rest.EndsWith("/"))
        {
            rest = rest[..^1];
        }

        if (rest.Contains('@'))
        {
            return "has user information, which is not supported";
        }

        if (rest.ContainsAny("/?#"))
        {
            return "has a path, query or fragment, which is not supported";
        }

        int colon = rest.LastIndexOf(':');
        if (colon >= 0 && rest.LastIndexOf(']') < colon)
        {
            if (!AddressText.TryParsePort(rest[(colon + 1)..], zeroAllowed: false, out port))
            {
                return "has no port of 1 to 65535";
            }

            rest = rest[..colon];
        }

        host = rest.ToString().ToLowerInvariant();
        if (host.StartsWith('['))
        {
            bool isV6 = AddressText.TryParseAddress(host.AsSpan(1).TrimEnd(']'), out IPAddress address)
                && host.EndsWith(']') && host.Contains(':');
            host = address.ToString();
            return isV6 ? null : "has no IPv6 address between its brackets";
        }

        return IsName(host) ? null : "names no host";
    }

    /// <summary>A name in lower case, or an address without brackets.</summary>
    public static bool IsHost(string host) => IsName(host) || AddressText.TryParseAddress(host, out _);

    private static bool IsName(string host)
    {
        if (host.Length is 0 or > HostCharsMax)
        {
            return false;
        }

        bool hasLetter = false;
        foreach (Range range in host.AsSpan().Split('.'))
        {
            ReadOnlySpan<char> label = host.AsSpan(range);
            if (label.Length is 0 or > LabelCharsMax || label.ContainsAnyExcept(LabelChars))
            {
                return false;
            }

            // A last label of digits makes it an address (RFC 3986 section 3.2.2, WHATWG URL).
            hasLetter = label.ContainsAnyExceptInRange('0', '9');
        }

        return hasLetter || AddressText.TryParseAddress(host, out _);
    }
}
