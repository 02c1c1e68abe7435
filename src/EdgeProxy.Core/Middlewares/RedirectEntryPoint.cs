using System.Runtime.CompilerServices;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>Sends all clients of one entrypoint to another.</summary>
internal sealed record RedirectEntryPointSettings : MiddlewareSettings
{
    /// <summary>Clients speak TLS there.</summary>
    public required bool IsHttps { get; init; }

    /// <summary>Port there, as clients see it: 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>Whether clients may keep it.</summary>
    public bool IsPermanent { get; init; } = true;
}

/// <summary>
/// What answers on an entrypoint with a redirect: the same host, path and query there. A client that is there already,
/// as a trusted proxy in front says, would come back for ever and gets 404.
/// </summary>
internal sealed class RedirectEntryPoint(RedirectEntryPointSettings settings) : Middleware
{
    private const int StackBytes = 512;

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        if (settings.IsHttps && exchange.IsHttps)
        {
            exchange.Fault = Fault.NoRoute;
            return Verdict.Answered;
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
