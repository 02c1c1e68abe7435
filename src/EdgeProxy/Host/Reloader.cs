using System;
using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Audit;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <summary>
/// Puts configurations in use: load, apply, and on any fault keep what was in use before. One reload at a time, whoever
/// asks (start, signal, file watch, admin API); the rest wait their turn.
/// </summary>
internal sealed partial class Reloader(
    ConfigSource source, IDataPath dataPath, TimeProvider time, ILogger logger) : IMetricsSource
{
    // A line that names more is read by nobody; the file is where to look then.
    private const int ChangesNamedMax = 20;

    private static readonly TimeSpan s_recordWait = TimeSpan.FromSeconds(2);

    private readonly Lock _turn = new();
    private ProxySettings? _current;
    private long _okCount;
    private long _failedCount;
    private long _lastOkSeconds;
    private int _lastWasOk;

    /// <summary>The last good configuration, null before the first.</summary>
    public ProxySettings? Current => Volatile.Read(ref _current);

    /// <summary>Blocks for as long as loading and applying take: MUST NOT be called on a loop.</summary>
    /// <param name="first">
    /// Called with the first good settings before they are applied: how to log is wanted by then.
    /// </param>
    /// <param name="applied">Called within the turn once new settings are in use.</param>
    public ReloadOutcome Reload(
        string cause, Action<ProxySettings>? first = null, Action<ProxySettings>? applied = null)
    {
        lock (_turn)
        {
            try
            {
                LoadedConfig loaded = source.Load();
                if (loaded.Settings is not { } settings || loaded.Faults.Count > 0)
                {
                    return Refuse(loaded, cause);
                }

                if (_current is null)
                {
                    first?.Invoke(settings);
                }

                return Apply(settings, cause, applied);
            }
#pragma warning disable CA1031 // A file that trips a bug of ours must not end a proxy that serves.
            catch (Exception e)
#pragma warning restore CA1031
            {
                CountFailed();
                Log.Broken(logger, e, cause, KeptHash());
                return new ReloadOutcome { Hash = KeptHash(), Reason = $"internal error: {e.Message}" };
            }
        }
    }

    public void Collect(ICollection<MetricSample> samples)
    {
        const string reloads = "edgeproxy_config_reloads_total";
        const string reloadsAbout = "Configurations loaded since start, by outcome.";
        samples.Add(new MetricSample(reloads, reloadsAbout, MetricKind.Counter, Interlocked.Read(ref _okCount),
            [new MetricLabel("outcome", "ok")]));
        samples.Add(new MetricSample(reloads, reloadsAbout, MetricKind.Counter, Interlocked.Read(ref _failedCount),
            [new MetricLabel("outcome", "failed")]));
        samples.Add(new MetricSample(
            "edgeproxy_config_last_reload_successful", "Whether the last configuration loaded is in use.",
            MetricKind.Gauge, Volatile.Read(ref _lastWasOk), []));
        samples.Add(new MetricSample(
            "edgeproxy_config_last_reload_success_timestamp_seconds", "When the configuration in use was applied.",
            MetricKind.Gauge, Interlocked.Read(ref _lastOkSeconds), []));
    }

    private ReloadOutcome Apply(ProxySettings settings, string cause, Action<ProxySettings>? applied)
    {
        if (dataPath.Apply(settings, out bool notPermitted) is { } reason)
        {
            CountFailed();
            Log.Refused(logger, cause, reason, KeptHash());
            Record(KeptHash(), settings.Hash, cause, "refused", reason);
            return new ReloadOutcome { Hash = KeptHash(), Reason = reason, NotPermitted = notPermitted };
        }

        string before = KeptHash();
        string changes = Describe(_current, settings);
        Volatile.Write(ref _current, settings);
        Interlocked.Increment(ref _okCount);
        Interlocked.Exchange(ref _lastOkSeconds, time.GetUtcNow().ToUnixTimeSeconds());
        Volatile.Write(ref _lastWasOk, 1);
        applied?.Invoke(settings);
        Log.Applied(logger, settings.Hash, cause, changes);
        Record(before, settings.Hash, cause, "applied", changes);
        return new ReloadOutcome { Hash = settings.Hash, Changes = changes };
    }

    private ReloadOutcome Refuse(LoadedConfig loaded, string cause)
    {
        CountFailed();
        foreach (ConfigFault fault in loaded.Faults)
        {
            Log.Fault(logger, fault);
        }

        string what = $"{loaded.Faults.Count} faults in {source.Name}";
        Log.Refused(logger, cause, what, KeptHash());
        Record(KeptHash(), "", cause, "refused", loaded.Faults is [{ } first, ..] ? $"{what}; {first}" : what);
        return new ReloadOutcome { Hash = KeptHash(), Faults = loaded.Faults, NotPermitted = loaded.NotPermitted };
    }

    // Waits for the disk, so that who asked for the change can rely on its record; a disk that is full is not waited
    // for long, and the record follows.
    private void Record(string before, string hash, string cause, string outcome, string changes) =>
        dataPath.Audit?.Record(
            OwnRecords.Encode(RecordKind.Config, time.GetUtcNow().ToUnixTimeMilliseconds(),
                (RecordField.ConfigHash, hash), (RecordField.Cause, cause), (RecordField.HashBefore, before),
                (RecordField.Outcome, outcome), (RecordField.Changes, changes)),
            s_recordWait);

    private static string Describe(ProxySettings? before, ProxySettings after)
    {
        if (before is null)
        {
            return "the first";
        }

        IReadOnlyList<string> changes = ConfigChange.Describe(before, after);
        if (changes.Count == 0)
        {
            return "nothing changed";
        }

        var named = new List<string>();
        for (int i = 0; i < changes.Count && i < ChangesNamedMax; i++)
        {
            named.Add(changes[i]);
        }

        int unnamed = changes.Count - named.Count;
        return string.Join(", ", named) + (unnamed > 0 ? $" and {unnamed} more" : "");
    }

    private string KeptHash() => _current?.Hash ?? "";

    private void CountFailed()
    {
        Interlocked.Increment(ref _failedCount);
        Volatile.Write(ref _lastWasOk, 0);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ConfigApplied, LogLevel.Information,
            "configuration {Hash} in use ({Cause}): {Changes}")]
        public static partial void Applied(ILogger logger, string hash, string cause, string changes);

        [LoggerMessage(EventIds.ConfigRefused, LogLevel.Error,
            "configuration refused ({Cause}): {Reason}; in use stays '{Hash}'")]
        public static partial void Refused(ILogger logger, string cause, string reason, string hash);

        [LoggerMessage(EventIds.ConfigBroken, LogLevel.Critical,
            "configuration could not be tried ({Cause}): an error of ours; in use stays '{Hash}'")]
        public static partial void Broken(ILogger logger, Exception exception, string cause, string hash);

        [LoggerMessage(EventIds.ConfigFault, LogLevel.Error, "{Fault}")]
        public static partial void Fault(ILogger logger, ConfigFault fault);
    }
}
