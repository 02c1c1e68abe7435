using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>Gives every request the same path.</summary>
internal sealed record ReplacePathSettings : MiddlewareSettings
{
    /// <summary>A canonical path.</summary>
    public required string Path { get; init; }
}

/// <summary><c>replace_path</c>: the path becomes another, and X-Replaced-Path says what it was.</summary>
internal sealed class ReplacePath(ReplacePathSettings settings) : Middleware
{
    /// <summary>Tells the server the path before it was replaced; a client's own is left out.</summary>
    public static FieldName Replaced { get; } = FieldName.Of("X-Replaced-Path");

    private readonly byte[] _path = Encoding.ASCII.GetBytes(settings.Path);

    public override Verdict OnRequest(Exchange exchange)
    {
        exchange.RequestEdits.Set(Replaced, exchange.Path);
        return exchange.TryRewritePath(_path) ? Verdict.Next : Verdict.Answered;
    }
}
