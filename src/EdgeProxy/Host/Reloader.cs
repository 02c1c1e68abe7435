using System;
using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Audit;
using EdgeProxy.Config;
using EdgeProxy.Config.History;
using EdgeProxy.Control;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <summary>
/// Puts configurations in use: load, apply, and on any fault keep what was in use before. One reload at a time, whoever
/// asks (start, signal, file watch, admin API); the rest wait their turn.
/// </summary>
internal sealed class Reloader(
    ConfigSource source, IDataPath dataPath, TimeProvider time, ILogger logger) : IMetricsSource
{
    // A line that names more is read by nobody; the file is where to look then.
    private const int ChangesNamedMax = 20;

    private static readonly TimeSpan s_recordWait = TimeSpan.FromSeconds(2);

    private readonly Lock _turn = new();
    private ProxySettings? _current;
    private Action _keepFirst = static () => { };
    private long _okCount;
    private long _failedCount;
    private long _lastOkSeconds;
    private int _lastWasOk;

    /// <summary>The last good configuration, null before the first.</summary>
    public ProxySettings? Current => Volatile.Read(ref _current);

    /// <summary>Configurations that are kept, and whether the proxy is rolled back.</summary>
    public KeptConfigs Kept { get; } = new(time, logger);

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
            return Guarded(cause, () => Reload(source.Load(), cause, first, applied));
        }
    }

    /// <summary>
    /// Puts a configuration that was kept in the place of the file's, until the file changes. As a reload.
    /// </summary>
    /// <param name="hash">Empty: the one before that in use.</param>
    public ReloadOutcome RollBack(string hash, string cause, Action<ProxySettings>? applied = null)
    {
        lock (_turn)
        {
            return Guarded(cause, () => RollBackTo(hash, cause, applied));
        }
    }

    /// <summary>Keeps the first configuration: its start is over, and may take as long as the disk does.</summary>
    public void KeepFirst()
    {
        lock (_turn)
        {
            Kept.NoteAdmin(dataPath.Status.Admin);
            _keepFirst();
            _keepFirst = static () => { };
        }
    }

    /// <summary>
    /// Nobody answers at the admin address any more. Waits for no reload: who ends may be in a hurry.
    /// </summary>
    public void LeaveAdmin() => Kept.LeaveAdmin();

    /// <summary>Configurations that are kept, latest first.</summary>
    public IReadOnlyList<KeptEntry> History()
    {
        IReadOnlyList<KeptConfig> all = Kept.All();
        int inUse = Current is { } current ? KeptConfigs.IndexOf(all, current) : -1;
        string? left = Kept.Rollback?.InsteadHash;
        var entries = new List<KeptEntry>(all.Count);
        for (int i = all.Count - 1; i >= 0; i--)
        {
            entries.Add(new KeptEntry(all[i], i == inUse) { IsLeft = all[i].Hash == left });
        }

        return entries;
    }

    /// <summary>What a configuration would change in the place of that in use.</summary>
    public PlanOutcome Plan(WrittenFiles written)
    {
        LoadedConfig loaded = source.Load(written);
        return Current is { } current
            ? PlanOutcome.Of(current, loaded.Settings, loaded.Faults, source.Environment)
            : new PlanOutcome { Faults = loaded.Faults };
    }

    public void Collect(ICollection<MetricSample> samples)
    {
        const string reloads = "edgeproxy_config_reloads_total";
        const string reloadsAbout = "Configurations loaded since start, by outcome.";
        samples.Add(new MetricSample(reloads, reloadsAbout, MetricKind.Counter, Interlocked.Read(ref _okCount),
            [new MetricLabel("outcome", "ok")]));
        samples.Add(new MetricSample(reloads, reloadsAbout, MetricKind.Counter, Interlocked.Read(ref _failedCount),
            [new MetricLabel("outcome", "failed")]));
        samples.Add(new MetricSample("edgeproxy_config_info", "The configuration in use.", MetricKind.Gauge, 1,
            [new MetricLabel("hash", KeptHash())]));
        samples.Add(new MetricSample(
            "edgeproxy_config_last_reload_successful", "Whether the last configuration loaded is in use.",
            MetricKind.Gauge, Volatile.Read(ref _lastWasOk), []));
        samples.Add(new MetricSample(
            "edgeproxy_config_last_reload_success_timestamp_seconds", "When the configuration in use was applied.",
            MetricKind.Gauge, Interlocked.Read(ref _lastOkSeconds), []));
        Kept.Collect(samples);
    }

    private ReloadOutcome Guarded(string cause, Func<ReloadOutcome> run)
    {
        try
        {
            return run();
        }
#pragma warning disable CA1031 // A file that trips a bug of ours must not end a proxy that serves.
        catch (Exception e)
#pragma warning restore CA1031
        {
            CountFailed();
            Log.Broken(logger, cause, KeptHash(), e);
            return new ReloadOutcome { Hash = KeptHash(), Reason = $"internal error: {e.Message}" };
        }
    }

    private ReloadOutcome Reload(
        LoadedConfig loaded, string cause, Action<ProxySettings>? first, Action<ProxySettings>? applied)
    {
        bool isFirst = _current is null;
        if (isFirst && source.IsFile && loaded.Settings is { } own)
        {
            Kept.Open(own.Node);
        }

        if (Kept.Rollback is { } note && note.Instead == loaded.Seen?.Written.Digest && Stay(note, loaded, isFirst)
            is { } stayed)
        {
            return Use(stayed, isFirst ? $"{cause}, rolled back" : cause, first, applied) with
            {
                RolledBackFrom = note.InsteadHash,
            };
        }

        ReloadOutcome outcome = Use(loaded, cause, first, applied);
        if (outcome.Ok && source.IsFile)
        {
            if (Kept.Rollback is not null)
            {
                Kept.SetRollback(null); // the file says something else by now
            }

            ProxySettings settings = _current!;
            if (isFirst)
            {
                _keepFirst = () => Kept.Keep(settings, cause, outcome.Changes);
            }
            else
            {
                Kept.Keep(settings, cause, outcome.Changes);
            }
        }

        return outcome;
    }

    private ReloadOutcome Use(
        LoadedConfig loaded, string cause, Action<ProxySettings>? first, Action<ProxySettings>? applied)
    {
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

    // The file is the one that was rolled back from. At a start it is better than nothing; else what is in use is.
    private LoadedConfig? Stay(RollbackNote note, LoadedConfig file, bool isFirst)
    {
        if (Kept.Find(note.Hash) is not { } kept)
        {
            if (_current is { } current)
            {
                Log.OnlyInUse(logger, note.Hash, null);
                return Watching(new LoadedConfig(current, [], NotPermitted: false), file);
            }

            Log.NotRolledBack(logger, note.Hash, "it is no longer kept", null);
            return null;
        }

        LoadedConfig loaded = source.Load(kept.Written);
        if (isFirst && loaded.Settings is null && file.Settings is not null)
        {
            Log.NotRolledBack(logger, note.Hash, $"{loaded.Faults[0]}", null);
            return null;
        }

        return Watching(loaded, file);
    }

    private ReloadOutcome RollBackTo(string hash, string cause, Action<ProxySettings>? applied)
    {
        if (_current is not { } current || (hash.Length == 0 ? Kept.Before(current) : Kept.Find(hash)) is not { } kept)
        {
            string what = hash.Length == 0 ? "no configuration before the one in use is kept"
                : $"no configuration {hash} is kept; edgeproxy history lists those that are";
            return new ReloadOutcome { Hash = KeptHash(), Reason = what, IsUnknown = true };
        }

        // What it stands in for is the file as it is now: another one ends the rollback.
        LoadedConfig file = source.Load();
        string instead = file.Seen?.Written.Digest ?? "";
        RollbackNote? before = Kept.Rollback;
        RollbackNote? note = kept.Written.Digest == instead
            ? null
            : new RollbackNote(kept.Hash, instead, file.Settings?.Hash ?? "");
        ReloadOutcome outcome = Use(Watching(source.Load(kept.Written), file), cause, null, applied);
        if (!outcome.Ok)
        {
            return outcome;
        }

        string? problem = note is null && before is null ? null : Kept.SetRollback(note);
        Log.RolledBack(logger, outcome.Hash, note is null ? "which is the file's" : $"instead of {source.Name}", null);
        return outcome with
        {
            RolledBackFrom = note?.InsteadHash,
            Warning = problem is null ? null : $"a restart would undo it: {problem}",
        };
    }

    // Whose change ends the rollback are the files on the disk, not those that were kept.
    private static LoadedConfig Watching(LoadedConfig kept, LoadedConfig file)
    {
        if (kept.Settings is not { } settings || file.Seen is not { } seen)
        {
            return kept;
        }

        List<string> files = [.. seen.Files];
        List<FileStamp> stamps = [.. seen.Stamps];
        for (int i = settings.Written.Files.Count; i < settings.Files.Count; i++)
        {
            if (!files.Contains(settings.Files[i]))
            {
                files.Add(settings.Files[i]);
                stamps.Add(settings.Stamps[i]);
            }
        }

        return kept with
        {
            Settings = settings with { Files = files, Stamps = stamps, IncludePatterns = seen.IncludePatterns },
        };
    }

    private ReloadOutcome Apply(ProxySettings settings, string cause, Action<ProxySettings>? applied)
    {
        if (dataPath.Apply(settings, out bool notPermitted) is { } reason)
        {
            CountFailed();
            Log.Refused(logger, cause, reason, KeptHash(), null);
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
        if (before.Length > 0)
        {
            Kept.NoteAdmin(dataPath.Status.Admin); // the first one's when its start is over
        }

        Log.Applied(logger, settings.Hash, cause, changes, null);
        Record(before, settings.Hash, cause, "applied", changes);
        return new ReloadOutcome { Hash = settings.Hash, Changes = changes };
    }

    private ReloadOutcome Refuse(LoadedConfig loaded, string cause)
    {
        CountFailed();
        foreach (ConfigFault fault in loaded.Faults)
        {
            Log.Fault(logger, fault, null);
        }

        string what = $"{loaded.Faults.Count} faults in {source.Name}";
        Log.Refused(logger, cause, what, KeptHash(), null);
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

    private static class Log
    {
        public static readonly Action<ILogger, string, string, string, Exception?> Applied =
            LoggerMessage.Define<string, string, string>(LogLevel.Information, EventIds.ConfigApplied,
                "configuration {Hash} in use ({Cause}): {Changes}");

        public static readonly Action<ILogger, string, string, string, Exception?> Refused =
            LoggerMessage.Define<string, string, string>(LogLevel.Error, EventIds.ConfigRefused,
                "configuration refused ({Cause}): {Reason}; in use stays '{Hash}'");

        public static readonly Action<ILogger, string, string, Exception?> Broken =
            LoggerMessage.Define<string, string>(LogLevel.Critical, EventIds.ConfigBroken,
                "configuration could not be tried ({Cause}): an error of ours; in use stays '{Hash}'");

        public static readonly Action<ILogger, string, string, Exception?> RolledBack =
            LoggerMessage.Define<string, string>(LogLevel.Warning, EventIds.ConfigRolledBack,
                "rolled back to configuration {Hash}, {What}");

        public static readonly Action<ILogger, string, string, Exception?> NotRolledBack =
            LoggerMessage.Define<string, string>(LogLevel.Error, EventIds.ConfigRollbackLost,
                "the proxy was rolled back to configuration {Hash}, which cannot be used: {Why}; the file is");

        public static readonly Action<ILogger, string, Exception?> OnlyInUse =
            LoggerMessage.Define<string>(LogLevel.Error, EventIds.ConfigRollbackLost,
                "the proxy was rolled back to configuration {Hash}, which is no longer kept: it stays in use until a "
                    + "restart, and then the file is");

        public static readonly Action<ILogger, ConfigFault, Exception?> Fault =
            LoggerMessage.Define<ConfigFault>(LogLevel.Error, EventIds.ConfigFault, "{Fault}");
    }
}
