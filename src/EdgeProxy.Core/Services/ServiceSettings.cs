using System;
using System.Collections.Generic;
using System.Net;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Services.Sticky;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Services;

/// <summary>One server of a service: where it is and its share.</summary>
/// <param name="Host">A name, an address literal without brackets, or "unix:" and a path.</param>
/// <param name="Port">1 to 65535; 0 of a Unix socket.</param>
/// <param name="Weight">1 to 1000; its share of the requests.</param>
internal sealed record ServerSettings(string Host, int Port, int Weight)
{
    /// <summary>0, the first to be asked, to 7.</summary>
    public int Priority { get; init; }

    /// <summary>Its URL says https or h2.</summary>
    public bool IsTls { get; init; }

    /// <summary>Its URL says h2 or h2c.</summary>
    public bool IsHttp2 { get; init; }

    /// <summary>One of the addresses of a host that is a name; null in a configuration, and while it has
    /// none.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The host is an address, so nothing has to be resolved.</summary>
    public bool IsLiteral => IPAddress.TryParse(Host, out _) || IsUnix;

    /// <summary>Its host is "unix:" and the path of a socket.</summary>
    public bool IsUnix => UnixEndPoint.Is(Host);
}

/// <summary>What the strategy "hash" spreads requests by; the words of TOML's services.NAME.hash.on.</summary>
internal enum HashSource : byte
{
    Header,
    Cookie,
    Client,
    Path,
    Query,
}

/// <summary>What the strategy "hash" looks at.</summary>
/// <param name="Name">Of the header, cookie or query parameter; "" for client and path.</param>
internal sealed record HashSettings(HashSource On, string Name);

/// <summary>A service: its servers and how the proxy treats connections to them.</summary>
internal sealed record ServiceSettings
{
    public required string Name { get; init; }

    /// <summary>Never empty.</summary>
    public required IReadOnlyList<ServerSettings> Servers { get; init; }

    /// <summary>How a server is chosen. Default: turn by turn, by weight.</summary>
    public StrategyKind Strategy { get; init; }

    /// <summary>
    /// Percent of a priority's servers: with fewer usable those of the next take part. Default 50; 1 to 100.
    /// </summary>
    public int SpillBelow { get; init; } = ServiceLimits.SpillBelowDefault;

    /// <summary>
    /// How long a server that came up, or is new to the service, takes to grow to its share. Default 0: at once; 100 ms
    /// to 1 h.
    /// </summary>
    public TimeSpan SlowStart { get; init; }

    /// <summary>Set if, and only if, the strategy is hash.</summary>
    public HashSettings? Hash { get; init; }

    /// <summary>Null if servers are not probed.</summary>
    public HealthCheckSettings? HealthCheck { get; init; }

    /// <summary>Null if what happens to requests says nothing of their servers.</summary>
    public PassiveHealthSettings? PassiveHealth { get; init; }

    /// <summary>Null for the default: another server when no connection comes about, and nothing else.</summary>
    public RetrySettings? Retry { get; init; }

    /// <summary>Null if requests pass whatever became of those before.</summary>
    public BreakerSettings? Breaker { get; init; }

    /// <summary>Null if servers get whatever comes.</summary>
    public CapacitySettings? Capacity { get; init; }

    /// <summary>Null if clients have no server of their own.</summary>
    public StickySettings? Sticky { get; init; }

    /// <summary>For servers whose URL says https; null for the defaults.</summary>
    public TlsClientSettings? Tls { get; init; }

    /// <summary>What each connection begins with; never with servers that speak HTTP/2.</summary>
    public ProxyVersion ProxyVersion { get; init; }

    /// <summary>
    /// Send the client's Host (true, Traefik's default) or the server's own. TOML: services.NAME.pass_host_header.
    /// </summary>
    public bool PassHostHeader { get; init; } = true;

    /// <summary>Longest wait for a connection. Default 5 s; 10 ms to 5 min. Over it: 504.</summary>
    public TimeSpan ConnectTimeout { get; init; } = ServiceLimits.ConnectTimeoutDefault;

    /// <summary>
    /// Longest wait for the first byte of an answer after the request is sent. Default 60 s (nginx); 0 is no limit.
    /// Over it: 504.
    /// </summary>
    public TimeSpan ResponseTimeout { get; init; } = ServiceLimits.ResponseTimeoutDefault;

    /// <summary>
    /// Longest silence within an answer. Default 5 min (server-sent events are quiet for long); 0 is no limit. Over it
    /// the client is cut.
    /// </summary>
    public TimeSpan ResponseIdleTimeout { get; init; } = ServiceLimits.ResponseIdleTimeoutDefault;

    /// <summary>How long an unused server connection is kept. Default 55 s (servers commonly close at 60 s).</summary>
    public TimeSpan IdleTimeout { get; init; } = ServiceLimits.IdleTimeoutDefault;

    /// <summary>Unused connections kept per server and loop. Default 256; 0 keeps none.</summary>
    public int IdleConnectionsMax { get; init; } = ServiceLimits.IdleConnectionsDefault;
}

/// <summary>Named limits and defaults of services.</summary>
internal static class ServiceLimits
{
    public static readonly TimeSpan ConnectTimeoutDefault = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan ResponseTimeoutDefault = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan ResponseIdleTimeoutDefault = TimeSpan.FromMinutes(5);
    public static readonly TimeSpan IdleTimeoutDefault = TimeSpan.FromSeconds(55);
    public static readonly TimeSpan SlowStartMin = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan SlowStartMax = TimeSpan.FromHours(1);
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromHours(24);
    public const int IdleConnectionsDefault = 256;
    public const int IdleConnectionsMax = 65_536;
    public const int WeightMax = 1000;
    public const int PriorityMax = 7;
    public const int SpillBelowDefault = 50;
    public const int ServersMax = 1024;
    public const int HashNameCharsMax = 128;
}
