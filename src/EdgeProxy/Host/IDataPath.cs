using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Telemetry.Tailing;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <summary>
/// The running engine as the host sees it: loops, entrypoints, the snapshot in use. Owned by <see cref="ProxyHost"/>,
/// which
/// calls <see cref="Apply"/> from one thread at a time. An engine that has metrics is an <see cref="IMetricsSource"/>
/// too.
/// </summary>
internal interface IDataPath : IAsyncDisposable
{
    /// <summary>
    /// Opens entrypoints and publishes the snapshot. All or nothing: null once everything is in use, else why it
    /// cannot be,
    /// with what was in use before untouched.
    /// </summary>
    /// <param name="notPermitted">The reason is EACCES or EPERM: exit code 77.</param>
    string? Apply(ProxySettings settings, out bool notPermitted);

    /// <summary>
    /// Accepts no more, ends idle connections, lets exchanges finish; whatever is left at the limit is cut.
    /// </summary>
    Task DrainAsync(TimeSpan limit);

    DataPathStatus Status { get; }

    /// <summary>The audit chain; null where no configuration asked for one.</summary>
    AuditLog? Audit { get; }

    /// <summary>Services of the configuration in use, with their servers' health. Any thread.</summary>
    IReadOnlyList<ServiceStatus> Services { get; }

    /// <summary>Log files may have been moved: what comes goes into new ones.</summary>
    void ReopenLogs();

    /// <summary>Requests as they end, for who looks; null before anything is served.</summary>
    TailFeed? Tail => null;

    /// <summary>How long requests took, by router, and tries, by server. Any thread.</summary>
    IReadOnlyList<DurationFamily> Durations { get; }
}

/// <summary>Makes the engine; nothing is opened before the first <see cref="IDataPath.Apply"/>.</summary>
internal delegate IDataPath DataPathFactory(DataPathParts parts);

/// <summary>
/// What the engine is given: where to log, the clock, who answers on the admin address, and the sockets that were open
/// before it.
/// </summary>
internal sealed record DataPathParts(
    ILoggerFactory Loggers, TimeProvider Time, AdminApi Admin, InheritedSockets Sockets,
    HaltSwitch Halts)
{
    /// <summary>Where lines of the access log go if they go to stderr.</summary>
    public Stream Stderr { get; init; } = Stream.Null;

    public DeploymentList Deployments { get; init; } = new();

    /// <summary>Marks what a server told of itself. Any thread.</summary>
    public Action<Deployment> Mark { get; init; } = static _ => { };

    /// <summary>All that is counted, by the host too.</summary>
    public Action<ICollection<MetricSample>> CollectMetrics { get; init; } = static _ => { };
}

/// <summary>An entrypoint and the address it is really bound to (a configured port 0 has become a port).</summary>
internal readonly record struct BoundEntryPoint(string Name, IPEndPoint Address);

/// <summary>A look at the engine, taken when asked for.</summary>
internal sealed record DataPathStatus
{
    public IReadOnlyList<BoundEntryPoint> EntryPoints { get; init; } = [];

    /// <summary>Where the admin surface is bound; null when it is off.</summary>
    public IPEndPoint? Admin { get; init; }

    public int ConnectionsOpen { get; init; }

    public int ExchangesInFlight { get; init; }

    /// <summary>Loops that did not turn when they should have; while there is one, the watchdog is not fed.</summary>
    public int LoopsStalled { get; init; }
}
