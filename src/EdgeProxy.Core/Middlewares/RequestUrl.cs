using System;
using System.Buffers.Text;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Middlewares;

/// <summary>
/// The URL of a request: the scheme the client used, the host the request was routed by, the canonical path, the query.
/// Nothing in it is a byte that no other step has judged.
/// </summary>
internal readonly ref struct RequestUrl
{
    // "https://", ":65535" and "?".
    private const int OwnBytes = 8 + 6 + 1;

    private RequestUrl(int hostStart, int hostEnd, int length)
    {
        HostStart = hostStart;
        HostEnd = hostEnd;
        Length = length;
    }

    /// <summary>Where the host begins, brackets of an IPv6 literal included.</summary>
    public int HostStart { get; }

    /// <summary>Where the host ends, before the port.</summary>
    public int HostEnd { get; }

    public int Length { get; }

    /// <summary>The room that is always enough.</summary>
    public static int Bound(Exchange exchange) =>
        OwnBytes + exchange.Host.Length + exchange.Path.Length + exchange.Query.Length;

    /// <summary>Port a scheme implies.</summary>
    public static int DefaultPort(bool isHttps) => isHttps ? 443 : 80;

    /// <summary>Writes it with another scheme and port; the scheme's own port, and 0, are not written.</summary>
    public static RequestUrl Write(Exchange exchange, bool isHttps, int port, Span<byte> room)
    {
        int length = 0;
        Add(room, ref length, isHttps ? "https://"u8 : "http://"u8);
        int hostStart = length;
        Add(room, ref length, exchange.Host);
        int hostEnd = length;
        if (port > 0 && port != DefaultPort(isHttps))
        {
            Add(room, ref length, ":"u8);
            Utf8Formatter.TryFormat(port, room[length..], out int digits);
            length += digits;
        }

        // "*" (RFC 9112 section 3.2.4) is a URL without a path.
        ReadOnlySpan<byte> path = exchange.Path;
        Add(room, ref length, path.StartsWith("/"u8) ? path : default);
        if (exchange.HasQuery)
        {
            Add(room, ref length, "?"u8);
            Add(room, ref length, exchange.Query);
        }

        return new RequestUrl(hostStart, hostEnd, length);
    }

    private static void Add(Span<byte> room, ref int length, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(room[length..]);
        length += bytes.Length;
    }
}
