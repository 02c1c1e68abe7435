using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>The form of a host that routes and connection keys are compared in.</summary>
internal static class HostName
{
    /// <summary>
    /// Writes <paramref name="host"/> in lower case and without the one dot that may end it, and returns the length.
    /// <paramref name="destination"/> needs as many bytes as the host has.
    /// </summary>
    public static int WriteLower(ReadOnlySpan<byte> host, Span<byte> destination)
    {
        // RFC 9110 section 4.2.3: the host is case-insensitive; "a." and "a" name the same host (RFC 1034 section 3.1).
        ReadOnlySpan<byte> name = host.EndsWith("."u8) ? host[..^1] : host;
        Ascii.ToLower(name, destination, out int written);
        return written;
    }
}
