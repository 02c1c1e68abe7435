using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>How long a request body may be.</summary>
internal sealed record BodyLimitSettings : MiddlewareSettings
{
    /// <summary>In bytes, without chunk framing.</summary>
    public required long BytesMax { get; init; }
}

/// <summary>
/// <c>body_limit</c>: a longer body is a 413. One that declares its length is refused before a byte of it is asked for;
/// a chunked one is cut where it passes the limit, and the server never sees its end. Nothing is held back for it.
/// </summary>
internal sealed class BodyLimit(BodyLimitSettings settings) : Middleware
{
    private static readonly LocalAnswer TooLarge = new(
        413, "text/plain; charset=utf-8", "413: request body is too large\n"u8.ToArray());

    public override Verdict OnRequest(Exchange exchange)
    {
        if (exchange.Request.Framing == BodyFraming.ContentLength
            && exchange.Request.ContentLength > settings.BytesMax)
        {
            return exchange.Answer(TooLarge);
        }

        MessageSource source = exchange.ClientSource;
        if (exchange.Whole.HasRequest && WholeRequest.Length(source) > settings.BytesMax)
        {
            return exchange.Answer(TooLarge);
        }

        source.ChunkedBytesMax = Math.Min(source.ChunkedBytesMax, settings.BytesMax);
        return Verdict.Next;
    }
}
