using System;
using System.Text;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Values;

/// <summary>An origin as browsers write it (RFC 6454 section 6.2): another spelling would never be equal.</summary>
internal static class OriginText
{
    /// <summary>Why not, or null.</summary>
    public static string? Refusal(string text)
    {
        bool isHttps = text.StartsWith("https://", StringComparison.Ordinal);
        if (!isHttps && !text.StartsWith("http://", StringComparison.Ordinal))
        {
            return "does not start with https:// or http://";
        }

        string authority = text[(isHttps ? "https://".Length : "http://".Length)..];
        if (!Ascii.IsValid(authority)
            || !Authority.TryRead(Encoding.ASCII.GetBytes(authority), out int hostLength, out int port)
            || (port < 0 && hostLength < authority.Length))
        {
            return "is not scheme, host and port alone";
        }

        return port == (isHttps ? 443 : 80) ? "names the scheme's own port, which browsers leave out"
            : text.AsSpan().ContainsAnyInRange('A', 'Z') ? "has upper case, which browsers do not send"
            : null;
    }
}
