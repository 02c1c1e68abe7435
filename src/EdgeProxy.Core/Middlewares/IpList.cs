using System.Net;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Middlewares;

/// <summary>Which addresses may ask, or may not.</summary>
internal sealed record IpListSettings : MiddlewareSettings
{
    /// <summary>Files that may be named.</summary>
    public const int FilesMax = 16;

    /// <summary>Networks in all.</summary>
    public const int NetworksMax = 100_000;

    public required Sequence<IPNetwork> Networks { get; init; }

    /// <summary>True: only these. False: all but these.</summary>
    public required bool IsAllowing { get; init; }

    /// <summary>See <see cref="SourceAddress"/>.</summary>
    public int Depth { get; init; }
}

/// <summary><c>ip_allow_list</c> and <c>ip_deny_list</c>: 403 to an address that may not ask.</summary>
internal sealed class IpList(IpListSettings settings) : Middleware
{
    private static readonly LocalAnswer Forbidden = new(
        403, "text/plain; charset=utf-8", "403: this address may not ask\n"u8.ToArray());

    private readonly CidrSet _networks = CidrSet.Of(settings.Networks);

    public override Verdict OnRequest(Exchange exchange)
    {
        bool isKnown = SourceAddress.TryFind(exchange, settings.Depth, out IpAddress source);
        source = isKnown ? source : exchange.ClientLink.RemoteAddress;
        if (_networks.Contains(source) == settings.IsAllowing && (isKnown || !settings.IsAllowing))
        {
            return Verdict.Next;
        }

        exchange.Shard.Counters.Add(Counter.RequestsForbidden);
        return exchange.Answer(Forbidden);
    }
}
