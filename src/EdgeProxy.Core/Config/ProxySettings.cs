using System;
using System.Collections.Generic;
using System.Net;
using EdgeProxy.Ai;
using EdgeProxy.Audit;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Config;

/// <summary>
/// Everything one configuration says, validated and complete: every name resolves, every rule parses.
/// </summary>
internal sealed record ProxySettings
{
    /// <summary>
    /// First 16 hex digits of a SHA-256 over the bytes of all files read, in order. Names this configuration
    /// everywhere.
    /// </summary>
    public required string Hash { get; init; }

    /// <summary>Every file that was read; what the watcher looks at.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>How those files looked when they were read; what the watcher compares with.</summary>
    public IReadOnlyList<FileStamp> Stamps { get; init; } = [];

    /// <summary>What include named; a new file that matches is a change.</summary>
    public IReadOnlyList<IncludePattern> IncludePatterns { get; init; } = [];

    /// <summary>What the TOML of it says, as written.</summary>
    public WrittenFiles Written { get; init; } = WrittenFiles.None;

    public required NodeSettings Node { get; init; }

    public required LogSettings Log { get; init; }

    public required AdminSettings Admin { get; init; }

    public required IReadOnlyList<EntryPointSettings> EntryPoints { get; init; }

    public required IReadOnlyList<RouterSettings> Routers { get; init; }

    /// <summary>Chains are not among them; routers name what they stand for.</summary>
    public required IReadOnlyList<MiddlewareSettings> Middlewares { get; init; }

    public required IReadOnlyList<ServiceSettings> Services { get; init; }

    /// <summary>Services that are made of others; no name is in both lists.</summary>
    public IReadOnlyList<ComposedSettings> Composed { get; init; } = [];

    /// <summary>Names of [consumers], in the order of the file.</summary>
    public IReadOnlyList<string> ConsumerNames { get; init; } = [];

    /// <summary>Providers, services with models, who may use them. Providers' services are in Services, too.</summary>
    public AiSettings Ai { get; init; } = AiSettings.None;

    public TelemetrySettings Telemetry { get; init; } = TelemetrySettings.Default;

    /// <summary>The audit chain; null where there is none.</summary>
    public AuditSettings? Audit { get; init; }

    public int ServiceCount => Services.Count + Composed.Count + Ai.Services.Count - Ai.Providers.Count;
}

/// <summary>[node]</summary>
internal sealed record NodeSettings
{
    /// <summary>Who is asked for names; empty for whom the machine asks.</summary>
    public Sequence<IPEndPoint> DnsServers { get; init; } = Sequence<IPEndPoint>.Empty;

    /// <summary>Default: the host name.</summary>
    public required string Name { get; init; }

    public string Environment { get; init; } = "";

    /// <summary>
    /// Event loops, one thread each. 0 (default) is one per core the process may use. Read at start only.
    /// </summary>
    public int Loops { get; init; }

    /// <summary>What outlives a restart. Read at start only.</summary>
    public string StateFolder { get; init; } = "/var/lib/edgeproxy";

    /// <summary>How long exchanges may take to finish after TERM. Default 10 s (Traefik graceTimeOut).</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long after TERM clients are still served as ever while /readyz says 503, so that who balances over boxes
    /// hears of it first. Default 0 (Traefik requestAcceptGraceTimeout).
    /// </summary>
    public TimeSpan DrainDelay { get; init; }

    /// <summary>
    /// How often the files are looked at for changes. Default 1 s; 0 is never (SIGHUP and reload still work).
    /// </summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>[log]: the proxy's own messages on stderr.</summary>
internal sealed record LogSettings
{
    /// <summary>debug, info (default), warning, error.</summary>
    public string Level { get; init; } = "info";

    /// <summary>auto (default: text on a terminal, JSON otherwise), text, json.</summary>
    public string Format { get; init; } = "auto";
}

/// <summary>[admin]: health, metrics, API.</summary>
internal sealed record AdminSettings
{
    /// <summary>
    /// Default 127.0.0.1:7171; null when admin.address = "off". Where others reach it there is a token; who may reach a
    /// Unix socket is a matter of its mode and owner.
    /// </summary>
    public IPEndPoint? Address { get; init; } = new(IPAddress.Loopback, 7171);

    /// <summary>What every request but those for health has to show; null for none. A secret.</summary>
    public string? Token { get; init; }

    /// <summary>Names that Host may have besides the address itself.</summary>
    public Sequence<string> Hosts { get; init; } = Sequence<string>.Empty;

    // What a record would print holds the token.
    public override string ToString() => Address?.ToString() ?? "off";
}
