using System;
using System.Collections.Generic;
using System.Net;
using System.Threading.Tasks;

namespace EdgeProxy.Control;

/// <summary>What the admin surface asks of the rest of the proxy, as functions: it holds none of it.</summary>
internal sealed record AdminParts
{
    /// <summary>Null when the proxy takes traffic, else why it does not.</summary>
    public required Func<string?> NotReady { get; init; }

    /// <summary>Runs one reload; never on the caller's thread, which is a loop's.</summary>
    public required Func<ValueTask<ReloadOutcome>> ReloadAsync { get; init; }

    /// <summary>Where the admin surface is bound, port resolved; null when it is off.</summary>
    public required Func<IPEndPoint?> Address { get; init; }

    /// <summary>The services of the configuration in use, with their servers' health.</summary>
    public required Func<IReadOnlyList<ServiceStatus>> Services { get; init; }

    /// <summary>The audit chain; null where there is none.</summary>
    public required Func<AuditReport?> Audit { get; init; }

    public required Action<ICollection<MetricSample>> CollectMetrics { get; init; }
}
