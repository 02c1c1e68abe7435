using System;
using System.Net;
using System.Net.Sockets;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Routing;
using EdgeProxy.Services;
using EdgeProxy.Telemetry;
using EdgeProxy.Tests.Host;
using EdgeProxy.Tests.Routing;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>
/// The engine on one loop that the test turns: clients and idle server connections over memory, the clock in hand. One
/// entrypoint, one route, one service with one server. A connection nobody put into the pool is made for real, to a
/// socket that listens and never accepts.
/// </summary>
internal sealed class Engine : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ManualTime _time = new();

    public Engine(
        string rule = "PathPrefix(`/`) || Method(`OPTIONS`)",
        ServiceSettings? service = null,
        TelemetrySettings? telemetry = null,
        EntryPointSettings? entryPoint = null,
        params Middleware[] middlewares)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        int port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        service ??= new ServiceSettings { Name = "s", Servers = [new ServerSettings("127.0.0.1", port, 1)] };
        Loop = new EpollLoop(0, _time);
        Loop.RunOnce(0);
        Shard = new Shard(Loop, new ServerReports(NullLogger.Instance), 1);
        var directory = new ServiceDirectory(loopCount: 1, seed: 1);
        var services = directory.Prepare([service]);
        directory.Commit(services);
        Server = services[service.Name].Servers[0];
        Pool = new ServerPool(Server, Loop, Shard.Counters);
        Server.SetPool(0, Pool);

        var routes = new RouteTableBuilder();
        routes.Add(0, SampleRequest.Rule(rule), priority: null);
        Snapshots.Publish(new Snapshot
        {
            Hash = "test",
            Telemetry = telemetry ?? TelemetrySettings.Default,
            Routes = [new Route("r", services[service.Name], EncodedBytes.None) { Middlewares = middlewares }],
            Tables = [routes.Build(out _)],
        });
        Pipeline = new RequestPipeline(Snapshots);
        EntryPointSettings web = entryPoint
            ?? new EntryPointSettings { Name = "web", Address = new IPEndPoint(IPAddress.Loopback, 0) };
        EntryPoint = new EntryPoint(web, 0, [Shard], Pipeline, localService: null);
        Assert.Null(EntryPoint.TryBind(out _));
    }

    public EpollLoop Loop { get; }

    public Shard Shard { get; }

    public Server Server { get; }

    public ServerPool Pool { get; }

    public SnapshotCell Snapshots { get; } = new();

    public RequestPipeline Pipeline { get; }

    public EntryPoint EntryPoint { get; }

    /// <summary>A client connects; what it sends is up to the test.</summary>
    public MemoryLink Accept(MemoryLink? link = null)
    {
        link ??= new MemoryLink();
        EntryPoint.OnAccepted(Loop, link);
        return link;
    }

    /// <summary>Puts an idle connection to the server into the pool: the next exchange takes it.</summary>
    public MemoryLink Idle(MemoryLink? link = null)
    {
        link ??= new MemoryLink();
        Pool.Put(new UpstreamConnection(Pool) { Link = link });
        Assert.False(link.IsClosed);
        return link;
    }

    /// <summary>One turn of the loop: posted work, then timers.</summary>
    public void Turn() => MemoryLink.InTurn(() => Loop.RunOnce(0));

    /// <summary>Lets time pass, in turns of a tenth of a second.</summary>
    public void Pass(TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Step)
        {
            _time.Advance(passed + Step > time ? time - passed : Step);
            Turn();
        }
    }

    public void PassSeconds(double seconds) => Pass(TimeSpan.FromSeconds(seconds));

    /// <summary>
    /// Ends what is still open; what is then not given back, or what escaped an owner, fails the test.
    /// </summary>
    public void Dispose()
    {
        EntryPoint.Drain();
        EntryPoint.Cut();
        Turn();
        MemoryLink.InTurn(Pool.CloseIdle);
        int rented = Shard.RentedCount;
        int blocks = Loop.Blocks.RentedCount;
        long crashes = Loop.Counters.Crashes;
        int open = EntryPoint.Limiter.Count;
        Loop.Dispose();
        _listener.Dispose();
        Assert.Equal((0, 0, 0L, 0), (rented, blocks, crashes, open));
    }
}
