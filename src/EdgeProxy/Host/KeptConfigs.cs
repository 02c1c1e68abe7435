using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Threading;
using EdgeProxy.Config;
using EdgeProxy.Config.History;
using EdgeProxy.Control;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <summary>
/// What of configurations outlives the process: the last that were in use, and that the proxy was rolled back to one of
/// them. In the folder history of node.state_dir. What cannot be kept is said and counted; it keeps nothing from being
/// used.
/// </summary>
internal sealed class KeptConfigs(TimeProvider time, ILogger logger) : IMetricsSource
{
    private const string FolderName = "history";
    private const string NoteName = "rollback";
    private static readonly TimeSpan s_leaveWait = TimeSpan.FromSeconds(2);

    private ConfigHistory? _history;
    private string _notePath = "";
    private string _stateFolder = "";
    private readonly Lock _noting = new();
    private IPEndPoint? _admin;
    private bool _isNoted; // what the file says is what _admin is, not what an earlier process left
    private volatile bool _isLeft;
    private RollbackNote? _rollback;
    private long _failedCount;

    /// <summary>Null while the file is in use.</summary>
    public RollbackNote? Rollback => Volatile.Read(ref _rollback);

    /// <summary>Takes what was kept before the restart; read at start only.</summary>
    public void Open(NodeSettings node)
    {
        if (_history is not null)
        {
            return;
        }

        _stateFolder = node.StateFolder;
        string folder = Path.Combine(node.StateFolder, FolderName);
        _notePath = Path.Combine(folder, NoteName);
        _rollback = RollbackNote.Read(_notePath, out bool isDamaged);
        if (isDamaged)
        {
            Log.Damaged(logger, _notePath, "the proxy may have been rolled back; the file is in use", null);
        }

        Volatile.Write(ref _history, new ConfigHistory(folder));
    }

    /// <summary>Oldest first; none before <see cref="Open"/>.</summary>
    public IReadOnlyList<KeptConfig> All()
    {
        if (Volatile.Read(ref _history) is not { } history)
        {
            return [];
        }

        IReadOnlyList<KeptConfig> all = history.All(out IReadOnlyList<string> damaged);
        foreach (string path in damaged)
        {
            Log.Damaged(logger, path, "it is left out; remove it", null);
        }

        return all;
    }

    public KeptConfig? Find(string hash) => Volatile.Read(ref _history)?.Find(hash);

    /// <summary>The place in <paramref name="all"/> of what is in use; -1 if it is not among them.</summary>
    public static int IndexOf(IReadOnlyList<KeptConfig> all, ProxySettings current)
    {
        int found = -1;
        for (int i = 0; i < all.Count; i++)
        {
            // The hash may be another while the TOML is the same: what keys name has changed on the disk.
            bool isSame = all[i].Written.Digest == current.Written.Digest;
            bool isBetter = found < 0 || all[found].Hash != current.Hash;
            found = all[i].Hash == current.Hash || (isSame && isBetter) ? i : found;
        }

        return found;
    }

    /// <summary>The latest before what is in use that says something else; null if there is none.</summary>
    public KeptConfig? Before(ProxySettings current)
    {
        IReadOnlyList<KeptConfig> all = All();
        int inUse = IndexOf(all, current);
        for (int i = inUse < 0 ? all.Count - 1 : inUse - 1; i >= 0; i--)
        {
            if (all[i].Written.Digest != current.Written.Digest)
            {
                return all[i];
            }
        }

        return null;
    }

    public void Keep(ProxySettings settings, string cause, string changes)
    {
        string? problem = _history?.Add(new KeptConfig
        {
            Hash = settings.Hash,
            At = time.GetUtcNow(),
            Origin = cause,
            Changes = changes,
            Written = settings.Written,
        });
        if (problem is not null)
        {
            Interlocked.Increment(ref _failedCount);
            Log.NotKept(logger, settings.Hash, problem, null);
        }
    }

    /// <summary>
    /// Notes where the admin API is, or that it is nowhere. Without a note commands ask where the file says; what keeps
    /// it from being written is said of the history, which has the same folder.
    /// </summary>
    public void NoteAdmin(IPEndPoint? address)
    {
        lock (_noting)
        {
            if (!_isLeft)
            {
                Note(address);
            }
        }
    }

    /// <summary>
    /// The last note: nobody answers at the admin address any more, whatever a reload that is in progress says
    /// after it. Does not wait for that, nor for long for a disk. A process that never noted anything, as its start
    /// failed, leaves what may be the note of one that runs.
    /// </summary>
    public void LeaveAdmin()
    {
        _isLeft = true;
        if (_noting.TryEnter(s_leaveWait))
        {
            try
            {
                if (_isNoted)
                {
                    Note(null);
                }
            }
            finally
            {
                _noting.Exit();
            }
        }
    }

    /// <summary>Notes it, or with null that it is over. It holds all the same if it cannot be written: why.</summary>
    public string? SetRollback(RollbackNote? note)
    {
        Volatile.Write(ref _rollback, note);
        string? problem = note is null ? RollbackNote.Remove(_notePath) : note.Keep(_notePath);
        if (problem is not null)
        {
            Interlocked.Increment(ref _failedCount);
        }

        return problem;
    }

    public void Collect(ICollection<MetricSample> samples)
    {
        samples.Add(new MetricSample("edgeproxy_config_rolled_back",
            "Whether a configuration that was kept is in use instead of the file's.", MetricKind.Gauge,
            Rollback is null ? 0 : 1, []));
        samples.Add(new MetricSample("edgeproxy_config_history_failures_total",
            "Configurations and rollbacks that could not be kept.", MetricKind.Counter,
            Interlocked.Read(ref _failedCount), []));
    }

    // The first is written whatever it is: a process that was killed left its own.
    private void Note(IPEndPoint? address)
    {
        bool isWanted = _history is not null && !(_isNoted && Equals(address, _admin));
        if (isWanted && AdminNote.Write(_stateFolder, address) is null)
        {
            _admin = address;
            _isNoted = true;
        }
    }

    private static class Log
    {
        public static readonly Action<ILogger, string, string, Exception?> NotKept =
            LoggerMessage.Define<string, string>(LogLevel.Warning, EventIds.ConfigNotKept,
                "configuration {Hash} is in use and not kept for a rollback: {Reason}");

        public static readonly Action<ILogger, string, string, Exception?> Damaged =
            LoggerMessage.Define<string, string>(LogLevel.Error, EventIds.ConfigHistoryDamaged,
                "{Path} is damaged: {What}");
    }
}
