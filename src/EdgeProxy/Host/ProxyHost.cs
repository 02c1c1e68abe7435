using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Host.Logging;
using EdgeProxy.Primitives;
using EdgeProxy.Telemetry.Deployments;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <summary>
/// The program between its parts: (1) <see cref="Start"/> loads and applies, (2) <see cref="ServeAsync"/> waits while
/// signals, watch and admin API reload, (3) drains when told to stop. Owned by the command that made it.
/// </summary>
internal sealed class ProxyHost : IAsyncDisposable
{
    private readonly Shell _shell;
    private readonly StderrLog _log;
    private readonly ILogger _logger;
    private readonly SystemdNotifier _systemd;
    private readonly Reloader _reloader;
    private readonly IDataPath _dataPath;
    private readonly HaltSwitch _halts;
    private readonly ConfigPoll _poll;
    private readonly DeploymentList _deployments = new();
    private readonly DateTimeOffset _startedAt;
    private readonly DeploymentEffects _effects;
    private string _markedHash = "";
    private readonly TaskCompletionSource _stopAsked = NewSignal();
    private readonly TaskCompletionSource _endAsked = NewSignal();
    private ITimer? _watchdog;
    private ITimer? _effectLooks;
    private static readonly TimeSpan s_recordWait = TimeSpan.FromSeconds(2);
    private volatile string? _notReady = "starting";

    public ProxyHost(Shell shell, StderrLog log, ConfigSource source, Func<ProxySettings, Func<bool>>? watch = null)
    {
        _shell = shell;
        _log = log;
        _logger = log.CreateLogger(typeof(ProxyHost).FullName!);
        _startedAt = shell.Time.GetUtcNow();
        _systemd = new SystemdNotifier(shell.Variable, shell.Time);
        _effects = new DeploymentEffects(shell.Time, () => Traffic.Of(_dataPath?.Durations ?? []));
        var admin = new AdminApi(new AdminParts
        {
            NotReady = () => _notReady,
            ReloadAsync = () => new ValueTask<ReloadOutcome>(Task.Run(() => Reload("admin API"))),
            Address = () => _dataPath?.Status.Admin,
            Services = () => _dataPath?.Services ?? [],
            Audit = () => _dataPath?.Audit is { } audit ? new AuditReport(audit.Settings, audit.Status) : null,
            EraseAsync = (ask, by) => _dataPath?.Audit?.Payloads?.EraseAsync(ask, by)
                ?? Task.FromResult(new EraseOutcome(404, "no payloads are kept here")),
            RecordAsync = action => new ValueTask(Task.Run(() => Record(action))),
            Halts = () => _halts!.Cell.Current,
            HaltAsync = (target, isHalt) =>
                new ValueTask<HaltOutcome>(Task.Run(() => _halts!.Set(target, isHalt))),
            Settings = () => _reloader?.Current,
            Engine = EngineNow,
            Environment = source.Environment,
            History = () => _reloader!.History(),
            RollBackAsync = hash => new ValueTask<ReloadOutcome>(Task.Run(() => RollBack(hash, "rollback"))),
            Plan = written => _reloader!.Plan(written),
            CollectMetrics = CollectMetrics,
            Deployments = _deployments,
            EffectOf = _effects.Of,
            MarkDeployment = MarkDeployment,
            Durations = () => _dataPath?.Durations ?? [],
            Tail = () => _dataPath?.Tail,
        });
        _halts = new HaltSwitch(
            shell.Time, log.CreateLogger(typeof(HaltSwitch).FullName!), () => _dataPath?.Audit,
            target => _reloader?.Current is not { } settings || HaltNames.Has(settings, target));
        _dataPath = shell.DataPath(new DataPathParts(
            log, shell.Time, admin, new InheritedSockets(shell.Variable, _systemd), _halts)
        {
            Stderr = log.Lines,
            CollectMetrics = CollectMetrics,
            Deployments = _deployments,
            Mark = MarkSeen,
        });
        _reloader = new Reloader(source, _dataPath, shell.Time, log.CreateLogger(typeof(Reloader).FullName!));
        _poll = new ConfigPoll(shell.Time, watch ?? (static _ => static () => false), () => Reload("file changed"));
    }

    private void Record(AdminAction action) => _dataPath?.Audit?.Record(
        OwnRecords.Encode(RecordKind.Admin, _shell.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            (RecordField.Status, action.Status), (RecordField.Cause, action.Path),
            (RecordField.Changes, action.What), (RecordField.By, action.By)),
        s_recordWait);

    public ProxySettings? Settings => _reloader.Current;

    public DataPathStatus Status => _dataPath.Status;

    /// <summary>
    /// (1) Loads and applies the first configuration; the outcome's Ok says whether anything is served.
    /// </summary>
    public ReloadOutcome Start() =>
        _reloader.Reload("start", settings => _log.Follow(settings.Log), Follow);

    /// <summary>
    /// Tells systemd, the log and who asks /readyz. Signals MUST be taken by then: who hears it may send one at once.
    /// </summary>
    public void AnnounceReady()
    {
        _effects.Refresh();
        _notReady = null;
        _systemd.Ready(StatusText());
        Log.Started(_logger, BuildStamp.Version, StatusText(), null);
        StartWatchdog();
        _effectLooks = _shell.Time.CreateTimer(
            _ => _effects.Refresh(), null, DeploymentEffects.Step, DeploymentEffects.Step);
        _reloader.KeepFirst();
    }

    /// <summary>(2) Serves until asked to stop, (3) then drains. Returns the exit code.</summary>
    public async Task<int> ServeAsync()
    {
        await _stopAsked.Task.ConfigureAwait(false);
        TimeSpan limit = _reloader.Current?.Node.DrainTimeout ?? TimeSpan.Zero;
        _notReady = "draining";
        _systemd.Stopping("draining");
        if (_reloader.Current?.Node.DrainDelay is { Ticks: > 0 } delay)
        {
            Log.DrainDelayed(_logger, (long)delay.TotalMilliseconds, null);
            await Task.WhenAny(Task.Delay(delay, _shell.Time), _endAsked.Task).ConfigureAwait(false);
        }

        Log.Draining(_logger, _dataPath.Status.ExchangesInFlight, (long)limit.TotalMilliseconds, null);

        Task drained = _dataPath.DrainAsync(limit);
        bool isForced = await Task.WhenAny(drained, _endAsked.Task).ConfigureAwait(false) != drained;
        if (!isForced)
        {
            await drained.ConfigureAwait(false);
        }

        Log.Stopped(_logger, isForced ? "asked twice, exchanges cut" : "drained", null);
        return isForced ? ExitCodes.Failed : ExitCodes.Ok;
    }

    /// <summary>Blocks while it loads and applies; MUST NOT be called on a loop.</summary>
    public ReloadOutcome Reload(string cause)
    {
        _systemd.Reloading();
        ReloadOutcome outcome = _reloader.Reload(cause, applied: Follow);
        // READY ends the reload for systemd, well or not: what is in use is ready.
        _systemd.Ready(StatusText());
        return outcome;
    }

    /// <summary>As <see cref="Reload"/>, to a configuration that is kept; "" is the one before that in use.</summary>
    public ReloadOutcome RollBack(string hash, string cause)
    {
        _systemd.Reloading();
        ReloadOutcome outcome = _reloader.RollBack(hash, cause, Follow);
        _systemd.Ready(StatusText());
        return outcome;
    }

    /// <summary>The first call drains, the second ends now. Any thread.</summary>
    public void Stop()
    {
        if (!_stopAsked.TrySetResult())
        {
            _endAsked.TrySetResult();
        }
    }

    /// <summary>The access log's file is opened again; stderr is whoever started us's.</summary>
    public void ReopenLogs()
    {
        _dataPath.ReopenLogs();
        Log.Reopened(_logger, null);
    }

    public async ValueTask DisposeAsync()
    {
        _poll.Dispose();
        _watchdog?.Dispose();
        _effectLooks?.Dispose();
        _reloader.LeaveAdmin();
        if (!_endAsked.Task.IsCompleted)
        {
            await _dataPath.DisposeAsync().ConfigureAwait(false);
        }
    }

    private EngineStatus EngineNow()
    {
        DataPathStatus status = _dataPath.Status;
        var bound = new Dictionary<string, IPEndPoint>(StringComparer.Ordinal);
        foreach (BoundEntryPoint entryPoint in status.EntryPoints)
        {
            bound[entryPoint.Name] = entryPoint.Address;
        }

        return new EngineStatus
        {
            Version = BuildStamp.Version,
            Commit = BuildStamp.Commit,
            StartedAt = _startedAt,
            Bound = bound,
            ConnectionsOpen = status.ConnectionsOpen,
            ExchangesInFlight = status.ExchangesInFlight,
            LoopsStalled = status.LoopsStalled,
            RolledBackFrom = _reloader.Kept.Rollback?.InsteadHash,
        };
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Follow(ProxySettings settings)
    {
        _log.Follow(settings.Log);
        _poll.Follow(settings);
        if (settings.Hash != _markedHash)
        {
            _markedHash = settings.Hash;
            Add(new Deployment
            {
                Service = Deployment.Proxy,
                Version = settings.Hash,
                Environment = settings.Node.Environment,
                Source = "config",
                At = _shell.Time.GetUtcNow(),
                ConfigHash = settings.Hash,
            });
        }
    }

    private string? MarkDeployment(ReadOnlyMemory<byte> payload, string service)
    {
        Deployment? deployment = DeploymentPayload.Read(payload, service, _shell.Time.GetUtcNow(), out string why);
        if (deployment is null)
        {
            return why;
        }

        Add(deployment with { ConfigHash = _reloader.Current?.Hash ?? "" });
        return null;
    }

    private void MarkSeen(Deployment deployment) => Add(deployment with
    {
        Environment = _reloader.Current?.Node.Environment ?? "",
        ConfigHash = _reloader.Current?.Hash ?? "",
    });

    private void Add(Deployment deployment)
    {
        if (_deployments.Add(deployment))
        {
            _effects.Note(deployment);
            _effects.Keep(_deployments.All);
        }
    }

    private void CollectDeployments(ICollection<MetricSample> samples)
    {
        foreach (Deployment deployment in _deployments.All)
        {
            samples.Add(new MetricSample("edgeproxy_deployment_timestamp_seconds",
                "When a version was deployed.", MetricKind.Gauge, deployment.At.ToUnixTimeMilliseconds() / 1e3,
                [
                    new MetricLabel("target_service", deployment.Service),
                    new MetricLabel("version", deployment.Version),
                    new MetricLabel("revision", deployment.Revision),
                    new MetricLabel("environment", deployment.Environment),
                    new MetricLabel("status", deployment.Status),
                ]));
        }
    }

    private void StartWatchdog()
    {
        if (_systemd.WatchdogInterval is { } interval)
        {
            _watchdog = _shell.Time.CreateTimer(_ => FeedWatchdog(), null, TimeSpan.Zero, interval);
        }
    }

    // A hung loop is what the watchdog is for: a timer that fed it regardless would only prove that timers work.
    private void FeedWatchdog()
    {
        if (_dataPath.Status.LoopsStalled is > 0 and int stalled)
        {
            Log.WatchdogWithheld(_logger, stalled, null);
            return;
        }

        _systemd.Watchdog();
    }

    private string StatusText()
    {
        if (_reloader.Current is not { } settings)
        {
            return "no configuration";
        }

        return $"{settings.EntryPoints.Count} entrypoints, {settings.Routers.Count} routers, "
            + $"{settings.ServiceCount} services, configuration {settings.Hash}";
    }

    private void CollectMetrics(ICollection<MetricSample> samples)
    {
        samples.Add(new MetricSample(
            "edgeproxy_build_info", "The running version.", MetricKind.Gauge, 1,
            [new MetricLabel("version", BuildStamp.Version), new MetricLabel("commit", BuildStamp.Commit)]));
        samples.Add(new MetricSample(
            "edgeproxy_log_lines_dropped_total", "Log lines lost because stderr was not read in time.",
            MetricKind.Counter, _log.Dropped, []));
        _reloader.Collect(samples);
        CollectDeployments(samples);
        if (_dataPath is IMetricsSource source)
        {
            source.Collect(samples);
        }
    }

    private static class Log
    {
        public static readonly Action<ILogger, string, string, Exception?> Started =
            LoggerMessage.Define<string, string>(LogLevel.Information, EventIds.HostStarted,
                "edgeproxy {Version} ready: {Status}");

        public static readonly Action<ILogger, int, long, Exception?> Draining =
            LoggerMessage.Define<int, long>(LogLevel.Information, EventIds.HostDraining,
                "draining: {InFlight} exchanges in flight, limit {LimitMs} ms");

        public static readonly Action<ILogger, long, Exception?> DrainDelayed =
            LoggerMessage.Define<long>(LogLevel.Information, EventIds.HostDrainDelayed,
                "stopping: serving on for {DelayMs} ms before draining, not ready");

        public static readonly Action<ILogger, string, Exception?> Stopped =
            LoggerMessage.Define<string>(LogLevel.Information, EventIds.HostStopped, "stopped: {How}");

        public static readonly Action<ILogger, Exception?> Reopened =
            LoggerMessage.Define(LogLevel.Information, EventIds.HostLogsReopened, "logs reopened");

        public static readonly Action<ILogger, int, Exception?> WatchdogWithheld =
            LoggerMessage.Define<int>(LogLevel.Error, EventIds.HostWatchdogWithheld,
                "watchdog not fed: {Stalled} loops stalled");
    }
}
