using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EdgeProxy.Control;

/// <summary>
/// Which Host a request to the admin address may name. A page in an engineer's browser can have its own name resolve to
/// 127.0.0.1 (DNS rebinding); the browser then still sends that name, and it is not on this list.
/// </summary>
internal static class AdminAuthority
{
    private const int HttpPort = 80;

    public static bool IsAllowed(ReadOnlySpan<byte> authority, IPEndPoint bound)
    {
        int colon = authority.LastIndexOf((byte)':');
        // In "[::1]" the last colon is part of the address: a port follows the bracket.
        bool hasPort = colon >= 0 && authority.IndexOf((byte)']') < colon;
        int port = HttpPort;
        if (hasPort && !int.TryParse(authority[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port))
        {
            return false;
        }

        ReadOnlySpan<byte> host = hasPort ? authority[..colon] : authority;
        return port == bound.Port && (IsLocal(host) || host.SequenceEqual(Literal(bound.Address)));
    }

    private static bool IsLocal(ReadOnlySpan<byte> host) =>
        Ascii.EqualsIgnoreCase(host, "localhost"u8) || host.SequenceEqual("127.0.0.1"u8) || host.SequenceEqual("[::1]"u8);

    private static byte[] Literal(IPAddress address) => Encoding.ASCII.GetBytes(
        address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString());
}
