using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Pipeline;

/// <summary>
/// What an entrypoint grants its clients, in the units the loop counts in. Immutable; a reload gives the entrypoint new
/// ones,
/// which its next exchanges see.
/// </summary>
internal sealed record ClientTerms
{
    public HeadLimits HeadLimits { get; init; } = HeadLimits.Default;

    public long HeadTimeoutMs { get; init; } = 10_000;

    public long KeepAliveTimeoutMs { get; init; } = 75_000;

    public long BodyIdleTimeoutMs { get; init; } = 30_000;

    /// <summary>Bytes per second; 0 is off.</summary>
    public long BodyRateMin { get; init; } = 240;

    public long BodyRateGraceMs { get; init; } = 5_000;

    public long WriteIdleTimeoutMs { get; init; } = 60_000;

    public long TunnelIdleTimeoutMs { get; init; } = 3_600_000;

    /// <summary>0 is no limit.</summary>
    public long TunnelTimeMaxMs { get; init; }

    /// <summary>0 is no limit.</summary>
    public int RequestsPerConnectionMax { get; init; }

    /// <summary>0 is no limit.</summary>
    public long ConnectionAgeMaxMs { get; init; }

    /// <summary>Peers whose X-Forwarded-* and Forwarded are believed.</summary>
    public CidrSet TrustedIps { get; init; } = CidrSet.Empty;

    /// <summary>Peers who may begin with the PROXY protocol.</summary>
    public CidrSet ProxyIps { get; init; } = CidrSet.Empty;

    /// <summary>Whether a connection of that age ends with the request it now begins, its count-th.</summary>
    public bool IsLast(long count, long ageMs) =>
        (RequestsPerConnectionMax > 0 && count >= RequestsPerConnectionMax)
        || (ConnectionAgeMaxMs > 0 && ageMs >= ConnectionAgeMaxMs);
}
