using System;
using System.Collections.Generic;
using System.Net;
using System.Threading.Tasks;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Config;
using EdgeProxy.Pipeline.Halting;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Telemetry.Tailing;

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

    /// <summary>
    /// Erases what of the payloads is asked for, by somebody.
    /// </summary>
    public Func<EraseAsk, string, Task<EraseOutcome>> EraseAsync { get; init; } =
        static (_, _) => Task.FromResult(new EraseOutcome(404, "off"));

    /// <summary>Brings it into the audit chain, where there is one.</summary>
    public Func<AdminAction, ValueTask> RecordAsync { get; init; } = static _ => ValueTask.CompletedTask;

    public required Func<HaltSet> Halts { get; init; }

    /// <summary>Halts (true) or releases; never on the caller's thread, which is a loop's.</summary>
    public required Func<HaltTarget, bool, ValueTask<HaltOutcome>> HaltAsync { get; init; }

    /// <summary>Configurations that are kept, latest first. Reads the disk: never on a loop.</summary>
    public Func<IReadOnlyList<KeptEntry>> History { get; init; } = static () => [];

    /// <summary>
    /// Rolls back to a configuration that is kept, "" being the one before that in use; never on the caller's thread.
    /// </summary>
    public Func<string, ValueTask<ReloadOutcome>> RollBackAsync { get; init; } =
        static _ => ValueTask.FromResult(new ReloadOutcome { Hash = "", Reason = "off" });

    /// <summary>What a configuration would change in the place of that in use. Slow: never on a loop.</summary>
    public Func<WrittenFiles, PlanOutcome> Plan { get; init; } = static _ => new PlanOutcome();

    public required Action<ICollection<MetricSample>> CollectMetrics { get; init; }

    /// <summary>The configuration in use; null before the first.</summary>
    public Func<ProxySettings?> Settings { get; init; } = static () => null;

    public Func<EngineStatus> Engine { get; init; } = static () => new EngineStatus();

    public ConfigEnvironment Environment { get; init; } = ConfigEnvironment.OfProcess;

    public DeploymentList Deployments { get; init; } = new();

    /// <summary>Errors and durations before and after a deployment; null if nothing is known.</summary>
    public Func<Deployment, DeploymentEffect?> EffectOf { get; init; } = static _ => null;

    /// <summary>Marks a deployment; null, or why it is none. Empty: it tells of nothing that is over.</summary>
    public Func<ReadOnlyMemory<byte>, string, string?> MarkDeployment { get; init; } = static (_, _) => "off";

    /// <summary>Requests as they end; null before anything is served.</summary>
    public Func<TailFeed?> Tail { get; init; } = static () => null;

    /// <summary>How long requests and tries take.</summary>
    public Func<IReadOnlyList<DurationFamily>> Durations { get; init; } = static () => [];
}
