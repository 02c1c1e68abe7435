using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Audit;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.EntryPoints;
using EdgeProxy.Host.Recording;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Probing;
using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Naming;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Telemetry.Tailing;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <summary>
/// The engine, put together: loops with their shards, entrypoints, services, the snapshot in use. Applies
/// configurations all
/// or nothing; what both the old and the new one name (sockets, servers with their connections) goes on undisturbed.
/// </summary>
internal sealed partial class DataPath : IDataPath, IMetricsSource
{
    private const string AdminName = "admin";

    // How often a drain looks whether it is over.
    private static readonly TimeSpan DrainLook = TimeSpan.FromMilliseconds(20);

    private readonly DataPathParts _parts;
    private readonly ILogger _logger;
    private readonly SnapshotCell _snapshots = new();
    private readonly NameWatch _names;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly List<EntryPoint> _leaving = [];
    private readonly MiddlewareDirectory _middlewares = new(MiddlewareBuilder.Build);
    private List<EntryPoint> _entryPoints = [];
    private EntryPoint? _admin;
    private LoopGroup? _loops;
    private Shard[] _shards = [];
    private LoopPulse[] _pulses = [];
    private ServiceDirectory? _directory;
    private ComposedDirectory? _composed;
    private readonly BodyBudget _bodies = new();
    private AiDirectory? _ai;
    private DurationDirectory? _durations;
    private RequestRecording? _recording;
    private VersionWatch? _versions;
    private RequestPipeline? _pipeline;

    public DataPath(DataPathParts parts)
    {
        _parts = parts;
        _logger = parts.Loggers.CreateLogger(typeof(DataPath).FullName!);
        _names = new NameWatch(LookUpAsync, parts.Time, _logger);
    }

    public DataPathStatus Status
    {
        get
        {
            var bound = new List<BoundEntryPoint>();
            int connections = 0;
            foreach (EntryPoint entryPoint in Volatile.Read(ref _entryPoints))
            {
                bound.Add(new BoundEntryPoint(entryPoint.Settings.Name, entryPoint.Address));
                connections += entryPoint.Limiter.Count;
            }

            int exchanges = 0;
            foreach (Shard shard in _shards)
            {
                exchanges += shard.RentedCount;
            }

            EntryPoint? admin = Volatile.Read(ref _admin);
            return new DataPathStatus
            {
                EntryPoints = bound,
                Admin = admin?.Address,
                ConnectionsOpen = connections,
                ExchangesInFlight = exchanges,
                LoopsStalled = CountStalled(),
            };
        }
    }

    public string? Apply(ProxySettings settings, out bool notPermitted)
    {
        lock (_lock)
        {
            StartLoops(settings.Node);
            _leaving.RemoveAll(static entryPoint => entryPoint.Limiter.Count == 0);
            if (Recall(settings, out Dictionary<string, ConsumerPlan> plans) is { } unknown)
            {
                notPermitted = false;
                return unknown;
            }

            if (PrepareAudit(settings, out AuditLog? chain, out notPermitted) is { } refusal)
            {
                return refusal;
            }

            // (1) Everything that can fail: services, sockets, the snapshot. Nothing in use changes yet.
            bool hasNews = ResolveNew(settings);
            Dictionary<string, Service> services = _directory!.Prepare(settings.Services);
            Dictionary<EntryPointSettings, TlsServerContext> tls = PrepareTls(settings, out string? problem);
            List<AiService> models = _ai!.Prepare(settings.Ai, services, plans);
            Dictionary<string, ServiceNode> nodes = _composed!.Prepare(settings.Composed, services, models);
            Dictionary<string, (MiddlewareSettings Settings, Middleware Middleware)> middlewares =
                _middlewares.Prepare(settings.Middlewares);
            var opened = new List<EntryPoint>();
            problem ??= _directory.Problem;
            List<EntryPoint> next = [];
            EntryPoint? admin = null;
            notPermitted = false;
            problem ??= _recording!.Prepare(settings.Telemetry);
            problem ??= Open(settings, opened, out next, out admin, out notPermitted);
            RequestCounts counts = PrepareCounts(settings);
            Snapshot? snapshot = problem is null
                ? Build(settings, nodes, middlewares, counts, next, out problem)
                : null;
            if (snapshot is null)
            {
                if (hasNews)
                {
                    _names.GiveBack();
                }

                foreach (EntryPoint entryPoint in opened)
                {
                    entryPoint.Abandon();
                }

                chain?.Dispose();
                return problem;
            }

            // (2) Everything that cannot: swap.
            List<ProbeOrder>[] orders = OrderProbes(services);
            BeginProbes(orders);
            CommitAudit(settings, chain);
            Commit(settings, services, snapshot, opened, next, admin, tls);
            WarnOfTls(settings, tls);
            EndOtherProbes(orders);
            _composed.Commit(nodes);
            CommitModels(settings, models, plans);
            _middlewares.Commit(middlewares);
            CommitCounts(counts);
            _recording!.Commit(settings);
            KeepNames(settings);
            return null;
        }
    }

    public TailFeed? Tail => _recording?.Tail;

    public void ReopenLogs() => _recording?.ReopenFiles();

    public async Task DrainAsync(TimeSpan limit)
    {
        List<EntryPoint> all;
        lock (_lock)
        {
            // Those an earlier configuration named may still have streams to finish.
            all = [.. _entryPoints, .. _leaving];
        }

        foreach (EntryPoint entryPoint in all)
        {
            entryPoint.Drain();
        }

        long started = _parts.Time.GetTimestamp();
        using (var timer = new PeriodicTimer(DrainLook, _parts.Time))
        {
            while (all.Exists(static entryPoint => entryPoint.Limiter.Count > 0)
                && _parts.Time.GetElapsedTime(started) < limit)
            {
                await timer.WaitForNextTickAsync().ConfigureAwait(false);
            }

            foreach (EntryPoint entryPoint in all)
            {
                entryPoint.Cut();
            }

            _admin?.Drain();
            await timer.WaitForNextTickAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _loops?.Dispose();
        EndAudit();
        _plans?.Dispose();
        _recording?.Dispose();
        _ending.Dispose();
    }

    private void StartLoops(NodeSettings node)
    {
        if (_loops is not null)
        {
            return;
        }

        LoopGroup.RaiseFileLimit();
        _loops = new LoopGroup(node.Loops, _parts.Time, _logger);
        var reports = new ServerReports(_logger);
        _shards = new Shard[_loops.Loops.Count];
        _pulses = new LoopPulse[_shards.Length];
        _probes = new ProbeSet[_shards.Length];
        for (int i = 0; i < _shards.Length; i++)
        {
            _shards[i] = new Shard(_loops.Loops[i], reports, RandomSeed(), _parts.Halts.Cell, _bodies);
            _pulses[i] = new LoopPulse(_loops.Loops[i], _parts.Time);
            _probes[i] = new ProbeSet(_shards[i]);
        }

        _directory = new ServiceDirectory(_shards.Length, RandomSeed(), _names);
        _composed = new ComposedDirectory(_shards.Length);
        _plans = new PlanBook(_parts.Time, TellOfPlans);
        _ai = new AiDirectory(_shards.Length, _plans, _bodies);
        _durations = new DurationDirectory(_shards.Length);
        _consumers = new ConsumerDirectory(_shards.Length);
        _recording = new RequestRecording(new RecordingParts(_shards, _parts.Time, _parts.Stderr, _logger)
        {
            CollectMetrics = _parts.CollectMetrics,
            Durations = () => Durations,
        });
        _parts.Deployments.OnAdded = _recording.Announce;
        _versions = new VersionWatch(_parts.Time, _parts.Mark);
        foreach (Shard shard in _shards)
        {
            shard.Versions = _versions;
        }

        _pipeline = new RequestPipeline(_snapshots);
        _parts.Halts.Sweep = SweepHalted;
        _loops.Start();
    }

    // Half of a random GUID: the kernel's random bytes, without loading OpenSSL for them.
    private static ulong RandomSeed() => BitConverter.ToUInt64(Guid.NewGuid().ToByteArray(), sizeof(ulong));

    // Addresses, not names, tell entrypoints apart here: one that was only renamed keeps its socket and its
    // connections.
    private string? Open(
        ProxySettings settings,
        List<EntryPoint> opened,
        out List<EntryPoint> next,
        out EntryPoint? admin,
        out bool notPermitted)
    {
        next = [];
        admin = null;
        foreach (EntryPointSettings wanted in settings.EntryPoints)
        {
            EntryPoint? entryPoint = _entryPoints.Find(known => known.Settings.Address.Equals(wanted.Address));
            string? problem = Reuse(wanted, null, opened, next, ref entryPoint, out notPermitted);
            if (problem is not null)
            {
                return problem;
            }

            next.Add(entryPoint!);
        }

        notPermitted = false;
        if (settings.Admin.Address is { } address)
        {
            var wanted = new EntryPointSettings { Name = AdminName, Address = address };
            admin = _admin is { } running && running.Settings.Address.Equals(address) ? running : null;
            return Reuse(wanted, _parts.Admin, opened, next, ref admin, out notPermitted);
        }

        return null;
    }

    private string? Reuse(
        EntryPointSettings wanted,
        ILocalService? service,
        List<EntryPoint> opened,
        List<EntryPoint> next,
        ref EntryPoint? entryPoint,
        out bool notPermitted)
    {
        notPermitted = false;
        if (entryPoint is not null)
        {
            return null;
        }

        entryPoint = new EntryPoint(wanted, FreeSlot(opened, next), _shards, _pipeline!, service);
        if (_parts.Sockets.Take(wanted.Name, wanted.Address) is { } inherited)
        {
            entryPoint.Adopt(inherited);
        }
        else if (entryPoint.TryBind(out notPermitted) is { } problem)
        {
            return $"entrypoint {wanted.Name}: {problem}";
        }

        opened.Add(entryPoint);
        return null;
    }

    private int FreeSlot(List<EntryPoint> opened, List<EntryPoint> next)
    {
        for (int slot = 0; ; slot++)
        {
            int candidate = slot;
            if (!_entryPoints.Exists(e => e.Slot == candidate) && !_leaving.Exists(e => e.Slot == candidate)
                && !opened.Exists(e => e.Slot == candidate) && !next.Exists(e => e.Slot == candidate)
                && _admin?.Slot != candidate)
            {
                return slot;
            }
        }
    }

    private static Snapshot? Build(
        ProxySettings settings,
        Dictionary<string, ServiceNode> nodes,
        Dictionary<string, (MiddlewareSettings Settings, Middleware Middleware)> middlewares,
        RequestCounts counts,
        List<EntryPoint> next,
        out string? problem)
    {
        var slots = new Dictionary<string, int>();
        int slotCount = 0;
        for (int i = 0; i < next.Count; i++)
        {
            slots.Add(settings.EntryPoints[i].Name, next[i].Slot);
            slotCount = Math.Max(slotCount, next[i].Slot + 1);
        }

        Snapshot? snapshot = SnapshotBuilder.Build(
            settings, nodes, middlewares, counts, slots, slotCount, out string text);
        problem = snapshot is null ? text : null;
        return snapshot;
    }

    private void Commit(
        ProxySettings settings,
        Dictionary<string, Service> services,
        Snapshot snapshot,
        List<EntryPoint> opened,
        List<EntryPoint> next,
        EntryPoint? admin,
        Dictionary<EntryPointSettings, TlsServerContext> tls)
    {
        List<Server> gone = _directory!.Commit(services, new CoarseClock(_parts.Time).NowMs);
        Snapshot before = _snapshots.Current;
        List<EntryPoint> removed = _entryPoints.FindAll(entryPoint => !next.Contains(entryPoint));
        foreach (EntryPoint entryPoint in removed)
        {
            // Its open connections finish with the configuration they know.
            entryPoint.Freeze(before);
        }

        _snapshots.Publish(snapshot);
        Volatile.Write(ref _services, services.Values);
        for (int i = 0; i < next.Count; i++)
        {
            next[i].Configure(settings.EntryPoints[i], tls.GetValueOrDefault(settings.EntryPoints[i]));
        }

        EntryPoint? adminBefore = _admin;
        Volatile.Write(ref _entryPoints, next);
        Volatile.Write(ref _admin, admin);
        foreach (EntryPoint entryPoint in opened)
        {
            // A port that was free to choose is chosen anew by the next process.
            if (!entryPoint.IsInherited && entryPoint.Settings.Address is UnixEndPoint or { Port: not 0 })
            {
                _parts.Sockets.Keep(entryPoint.Socket);
            }

            entryPoint.StartAccepting(_loops!);
            Log.Opened(_logger, entryPoint.Settings.Name, entryPoint.Address, null);
        }

        _parts.Sockets.CloseRest();

        if (adminBefore is not null && !ReferenceEquals(adminBefore, admin))
        {
            removed.Add(adminBefore);
        }

        foreach (EntryPoint entryPoint in removed)
        {
            _parts.Sockets.Drop(entryPoint.Address);
            entryPoint.Abandon();
            _leaving.Add(entryPoint);
            Log.Closed(_logger, entryPoint.Settings.Name, entryPoint.Settings.Address, null);
        }

        CloseIdle(gone);
    }

    private void CloseIdle(List<Server> gone)
    {
        if (gone.Count == 0)
        {
            return;
        }

        foreach (Shard shard in _shards)
        {
            shard.Loop.Post(new CloseIdleWork(gone));
        }
    }

    private int CountStalled()
    {
        int stalled = 0;
        foreach (LoopPulse pulse in _pulses)
        {
            stalled += pulse.IsStalled() ? 1 : 0;
        }

        return stalled;
    }

    private sealed class CloseIdleWork(List<Server> gone) : ILoopWork
    {
        public void RunOn(EpollLoop loop)
        {
            foreach (Server server in gone)
            {
                server.Pool(loop.Index)?.CloseIdle();
            }
        }
    }

    private static partial class Log
    {
        public static readonly Action<ILogger, string, IPEndPoint, Exception?> Opened =
            LoggerMessage.Define<string, IPEndPoint>(LogLevel.Information, EventIds.EntryPointOpened,
                "entrypoint {Name} accepts on {Address}");

        public static readonly Action<ILogger, string, IPEndPoint, Exception?> Closed =
            LoggerMessage.Define<string, IPEndPoint>(LogLevel.Information, EventIds.EntryPointClosed,
                "entrypoint {Name} no longer accepts on {Address}");
    }
}
