using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>Takes a prefix off the path and tells the server which.</summary>
internal sealed record StripPrefixSettings : MiddlewareSettings
{
    /// <summary>Canonical paths, each starting with '/'; the first that fits is taken off.</summary>
    public required Sequence<string> Prefixes { get; init; }
}

/// <summary>
/// <c>strip_prefix</c>: /api/users becomes /users, and X-Forwarded-Prefix says /api. A prefix ends where a segment
/// ends: /apix is not below /api (Traefik strips it). What no prefix fits passes unchanged.
/// </summary>
internal sealed class StripPrefix : Middleware
{
    private static readonly FieldName ForwardedPrefix = FieldName.Of("X-Forwarded-Prefix");

    private readonly byte[][] _prefixes;

    public StripPrefix(StripPrefixSettings settings)
    {
        _prefixes = new byte[settings.Prefixes.Count][];
        for (int i = 0; i < _prefixes.Length; i++)
        {
            _prefixes[i] = Encoding.ASCII.GetBytes(settings.Prefixes[i].TrimEnd('/'));
        }
    }

    public override Verdict OnRequest(Exchange exchange)
    {
        ReadOnlySpan<byte> path = exchange.Path;
        foreach (byte[] prefix in _prefixes)
        {
            if (path.StartsWith(prefix) && (path.Length == prefix.Length || path[prefix.Length] == (byte)'/'))
            {
                return Strip(exchange, path, prefix.Length);
            }
        }

        return Verdict.Next;
    }

    /// <summary>Takes the first bytes, whole segments, off the exchange's path.</summary>
    public static Verdict Strip(Exchange exchange, ReadOnlySpan<byte> path, int length)
    {
        exchange.RequestEdits.Set(ForwardedPrefix, path[..length]);
        ReadOnlySpan<byte> rest = path[length..];
        return exchange.TryRewritePath(rest.IsEmpty ? "/"u8 : rest) ? Verdict.Next : Verdict.Answered;
    }
}
