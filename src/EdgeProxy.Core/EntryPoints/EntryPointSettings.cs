using System;
using System.Collections.Generic;
using System.Net;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Transport.Http2;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.EntryPoints;

/// <summary>An address the proxy accepts on, and what it grants to connections there.</summary>
internal sealed record EntryPointSettings
{
    public required string Name { get; init; }

    public required IPEndPoint Address { get; init; }

    /// <summary>
    /// TOML: head_bytes_max, header_count_max, target_bytes_max, trailer_bytes_max, chunk_extension_bytes_max.
    /// </summary>
    public HeadLimits HeadLimits { get; init; } = HeadLimits.Default;

    /// <summary>
    /// From the first byte of a head (on a new connection: from accept) to its end. Default 10 s; over it: 408.
    /// </summary>
    public TimeSpan HeadTimeout { get; init; } = EntryPointLimits.HeadTimeoutDefault;

    /// <summary>Quiet time between requests on one connection. Default 75 s (nginx); then closed.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = EntryPointLimits.KeepAliveTimeoutDefault;

    /// <summary>Longest silence within a request body. Default 30 s; over it: 408.</summary>
    public TimeSpan BodyIdleTimeout { get; init; } = EntryPointLimits.BodyIdleTimeoutDefault;

    /// <summary>
    /// Slowest body accepted, bytes per second, judged after <see cref="BodyRateGrace"/>. Default 240 (Kestrel); 0 is
    /// off.
    /// </summary>
    public int BodyRateMin { get; init; } = EntryPointLimits.BodyRateMinDefault;

    public TimeSpan BodyRateGrace { get; init; } = EntryPointLimits.BodyRateGraceDefault;

    /// <summary>
    /// Longest time a client may take to read anything of an answer that waits for it. Default 60 s (nginx
    /// send_timeout); then reset.
    /// </summary>
    public TimeSpan WriteIdleTimeout { get; init; } = EntryPointLimits.WriteIdleTimeoutDefault;

    /// <summary>Silence in both directions after an Upgrade. Default 1 h; then closed.</summary>
    public TimeSpan TunnelIdleTimeout { get; init; } = EntryPointLimits.TunnelIdleTimeoutDefault;

    /// <summary>How long a tunnel may last; zero (default) is no limit.</summary>
    public TimeSpan TunnelTimeMax { get; init; }

    /// <summary>Requests on one connection before it is closed; 0 (default) is no limit.</summary>
    public int RequestsPerConnectionMax { get; init; }

    /// <summary>Connections open at once. Default 65536; over it: 503 and close.</summary>
    public int ConnectionsMax { get; init; } = EntryPointLimits.ConnectionsDefault;

    /// <summary>
    /// Connections from one address (IPv6: one /64). Default 16384; 0 is no limit; over it: 503 and close.
    /// </summary>
    public int ConnectionsPerAddressMax { get; init; } = EntryPointLimits.ConnectionsPerAddressDefault;

    /// <summary>Clients in clear text may speak HTTP/2 at once (prior knowledge). TOML: h2c.</summary>
    public bool AcceptsH2c { get; init; }

    /// <summary>Exchanges of one HTTP/2 connection at once. TOML: http2_streams_max.</summary>
    public int StreamsMax { get; init; } = Http2Limits.StreamsDefault;

    /// <summary>Age of a connection after which its next answer is its last; zero (default) is no limit.</summary>
    public TimeSpan ConnectionAgeMax { get; init; }

    /// <summary>
    /// Names of existing middlewares that stand before those of each router, in order; chains are resolved.
    /// </summary>
    public Sequence<string> Middlewares { get; init; } = Sequence<string>.Empty;

    /// <summary>Null for clear text.</summary>
    public TlsServerSettings? Tls { get; init; }

    /// <summary>Null: nobody may say for whom a connection is.</summary>
    public ProxyProtocolSettings? ProxyProtocol { get; init; }

    /// <summary>Who may send X-Forwarded-* and Forwarded: addresses and CIDR ranges. Default none.</summary>
    public IReadOnlyList<IPNetwork> TrustedIps { get; init; } = [];
}

/// <summary>The PROXY protocol, versions 1 and 2, from proxies in front.</summary>
internal sealed record ProxyProtocolSettings
{
    /// <summary>Whose header is believed; from anybody else it is not looked for.</summary>
    public required Sequence<IPNetwork> TrustedIps { get; init; }

    /// <summary>A connection without a header, or from anybody else, is closed.</summary>
    public bool IsRequired { get; init; }
}

/// <summary>Named limits and defaults of entrypoints.</summary>
internal static class EntryPointLimits
{
    public static readonly TimeSpan HeadTimeoutDefault = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan KeepAliveTimeoutDefault = TimeSpan.FromSeconds(75);
    public static readonly TimeSpan BodyIdleTimeoutDefault = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan BodyRateGraceDefault = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan WriteIdleTimeoutDefault = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan TunnelIdleTimeoutDefault = TimeSpan.FromHours(1);
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromHours(24);
    public const int BodyRateMinDefault = 240;
    public const int ConnectionsDefault = 65_536;
    public const int ConnectionsPerAddressDefault = 16_384;
}
