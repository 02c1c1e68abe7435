using System.Runtime.CompilerServices;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>Sends clients to another scheme.</summary>
internal sealed record RedirectSchemeSettings : MiddlewareSettings
{
    /// <summary>https, else http.</summary>
    public bool IsHttps { get; init; } = true;

    /// <summary>1 to 65535; 0 is the scheme's own.</summary>
    public int Port { get; init; }

    /// <summary>Whether clients may keep it.</summary>
    public bool IsPermanent { get; init; }
}

/// <summary>
/// <c>redirect_scheme</c>: a request by the other scheme is sent to the same host, path and query by this one. Only the
/// scheme decides, as the client or a trusted proxy says it, so that it cannot go round in circles over a port.
/// </summary>
internal sealed class RedirectScheme(RedirectSchemeSettings settings) : Middleware
{
    private const int StackBytes = 512;

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        if (exchange.IsHttps == settings.IsHttps)
        {
            return Verdict.Next;
        }

        if (exchange.Host.IsEmpty)
        {
            return exchange.Reject(RejectReason.HostMissing); // HTTP/1.0: there is nowhere to send it
        }

        using var scratch = new Scratch<byte>(stackalloc byte[StackBytes], RequestUrl.Bound(exchange));
        RequestUrl url = RequestUrl.Write(exchange, settings.IsHttps, settings.Port, scratch.Span);
        return Redirects.To(exchange, scratch.Span[..url.Length], settings.IsPermanent);
    }
}
