using System;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Middlewares;

/// <summary>Puts a prefix before the path.</summary>
internal sealed record AddPrefixSettings : MiddlewareSettings
{
    /// <summary>A canonical path.</summary>
    public required string Prefix { get; init; }
}

/// <summary><c>add_prefix</c>: /users becomes /api/users, and / becomes /api/.</summary>
internal sealed class AddPrefix(AddPrefixSettings settings) : Middleware
{
    private const int StackBytes = 512;

    private readonly byte[] _prefix = Encoding.ASCII.GetBytes(settings.Prefix.TrimEnd('/'));

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        ReadOnlySpan<byte> path = exchange.Path;
        using var scratch = new Scratch<byte>(stackalloc byte[StackBytes], _prefix.Length + path.Length);
        _prefix.CopyTo(scratch.Span);
        path.CopyTo(scratch.Span[_prefix.Length..]);
        return exchange.TryRewritePath(scratch.Span) ? Verdict.Next : Verdict.Answered;
    }
}
