using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Transport;

namespace EdgeProxy.Control;

/// <summary>
/// Which Host a request to the admin address may name. A page in an engineer's browser can have its own name resolve to
/// 127.0.0.1 (DNS rebinding); the browser then still sends that name, and it is not on this list.
/// </summary>
internal static class AdminAuthority
{
    private const int HttpPort = 80;

    /// <param name="hosts">Besides those, admin.hosts.</param>
    public static bool IsAllowed(ReadOnlySpan<char> authority, IPEndPoint bound, Sequence<string> hosts)
    {
        int colon = authority.LastIndexOf(':');
        // In "[::1]" the last colon is part of the address: a port follows the bracket.
        bool hasPort = colon >= 0 && authority.IndexOf(']') < colon;
        int port = HttpPort;
        if (hasPort
            && !int.TryParse(authority[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port))
        {
            return false;
        }

        ReadOnlySpan<char> host = hasPort ? authority[..colon] : authority;
        // A Unix socket has neither port nor address: who forwards to it says which port clients see.
        return bound is UnixEndPoint
            ? IsLocal(host) || IsAmong(host, hosts)
            : port == bound.Port
                && (IsLocal(host) || host.SequenceEqual(Literal(bound.Address)) || IsAmong(host, hosts));
    }

    private static bool IsLocal(ReadOnlySpan<char> host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host is "127.0.0.1" or "[::1]";

    private static bool IsAmong(ReadOnlySpan<char> host, Sequence<string> hosts)
    {
        foreach (string allowed in hosts.Span)
        {
            if (host.Trim("[]").Equals(allowed, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string Literal(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
}
