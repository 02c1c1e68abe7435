using System;
using System.Collections.Generic;
using System.Net;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>Ten thousand clients that asked once and stay.</summary>
internal sealed class IdleScenario : IScenario
{
    private const int Wanted = 10_000;
    private const int Spare = 100;
    private const int RoundsMax = 2;
    private const int Batch = 50; // asks at once: enough to be quick, too few to need buffers of their own
    private const int PerAddress = 2_500; // a source address has some 28,000 ports, and limits per address exist
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private int _count;

    public string Name => "idle-10k";

    public string About => "Resident memory with 10,000 idle client connections, each after one answered request.";

    public IReadOnlyList<Metric> Metrics { get; } =
        [Metric.Held, Metric.Idle, Metric.PerConnection, Metric.After];

    public bool IsQuick => true;

    public bool StartsFresh => true;

    public bool DropsFirstRound => false;

    public ProbeRequest Request { get; } = ProbeRequest.Get("/128", 128);

    public int Rounds(RunSettings settings) => settings.IsQuick ? 1 : Math.Min(RoundsMax, settings.Rounds);

    public PeerSetup Setup(Stand stand) =>
        stand.NewSetup(stand.StaticOrigin.Port) with { ClientsMax = Math.Min(Wanted, stand.ConnectionsMax) + Spare };

    public Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers)
    {
        _count = Math.Min(Wanted, stand.ConnectionsMax);
        return Task.FromResult(_count < Wanted ? $"Only {_count} connections: the limit of open files." : "");
    }

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        using RunningPeer peer = await contender.StartAsync(stand, this);
        long idle = peer.Tree.ResidentKib();
        var connections = new List<ClientConnection>(_count);
        try
        {
            int failed = await OwnThread.RunAsync(() => Open(peer, connections), stand.Cores.Generator);
            await Task.Delay(Rest);
            long held = peer.Tree.ResidentKib();
            connections.ForEach(c => c.Dispose());
            await Task.Delay(Rest);
            return new Measurement()
                .With(Metric.Idle, idle)
                .With(Metric.Held, held)
                .With(Metric.PerConnection, (held - idle) / (double)_count)
                .With(Metric.After, peer.Tree.ResidentKib())
                .WithFlaws(failed == 0 ? [] : [$"{failed} of {_count} connections failed"]);
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
    }

    private int Open(RunningPeer peer, List<ClientConnection> connections)
    {
        int answered = 0;
        int bytes = peer.Answer.TotalBytes;
        using var waiting = new WaitingConnections();
        for (int i = 0; i < _count; i++)
        {
            var from = new IPAddress([127, 0, 0, (byte)(2 + (i / PerAddress))]);
            var connection = new ClientConnection(peer.Port, from);
            connections.Add(connection);
            waiting.Add(connection);
            connection.Send(Request.Bytes);
            if (connections.Count % Batch == 0 || connections.Count == _count)
            {
                answered += waiting.Read(connections.Count - answered, (_, now) => now == bytes);
            }
        }

        return _count - answered;
    }
}
