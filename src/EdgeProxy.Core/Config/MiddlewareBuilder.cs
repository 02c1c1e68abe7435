using System.Diagnostics;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config;

/// <summary>From settings to what runs: the only place that names every middleware.</summary>
internal static class MiddlewareBuilder
{
    public static Middleware Build(MiddlewareSettings settings) => settings switch
    {
        StripPrefixSettings stripPrefix => new StripPrefix(stripPrefix),
        HeadersSettings headers => new Headers(headers),
        RateLimitSettings rateLimit => new RateLimit(rateLimit),
        InFlightSettings inFlight => new InFlight(inFlight),
        IpListSettings ipList => new IpList(ipList),
        _ => throw new UnreachableException(settings.GetType().Name),
    };
}
