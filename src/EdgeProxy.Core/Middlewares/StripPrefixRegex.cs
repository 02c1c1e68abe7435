using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Middlewares;

/// <summary>Takes off the path what a regular expression matches at its start.</summary>
internal sealed record StripPrefixRegexSettings : MiddlewareSettings
{
    /// <summary>The first that matches at the start of the path, and up to the end of a segment, is used.</summary>
    public required Sequence<MatchPattern> Regex { get; init; }
}

/// <summary>
/// <c>strip_prefix_regex</c>: what is matched is cut from the canonical path, which is the only one there is: no other
/// form of it has another length (Traefik CVE-2026-40912). As in <see cref="StripPrefix"/> a prefix ends where a
/// segment ends, and X-Forwarded-Prefix says it.
/// </summary>
internal sealed class StripPrefixRegex(StripPrefixRegexSettings settings) : Middleware
{
    public override Verdict OnRequest(Exchange exchange)
    {
        ReadOnlySpan<byte> path = exchange.Path;
        foreach (MatchPattern regex in settings.Regex.Span)
        {
            if (regex.TryFind(path, out int start, out int length) && start == 0)
            {
                ReadOnlySpan<byte> prefix = path[..length].TrimEnd((byte)'/');
                if (!prefix.IsEmpty && (prefix.Length == path.Length || path[prefix.Length] == (byte)'/'))
                {
                    return StripPrefix.Strip(exchange, path, prefix.Length);
                }
            }
        }

        return Verdict.Next;
    }
}
