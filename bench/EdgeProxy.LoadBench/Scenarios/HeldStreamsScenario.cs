using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>Chats whose answers stream at the same time: what each costs in memory while it is open.</summary>
internal sealed class HeldStreamsScenario : IScenario
{
    private const int Streams = 512;
    private const int RoundsMax = 3;
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    public string Name => "ai-memory";

    public string About =>
        $"Resident memory with {Streams} chats open at once, each of which has streamed 16 KiB in events and goes on: "
        + "ours forwarding, as a service of models, governed (key, plan, audit), and with a guard that masks.";

    public IReadOnlyList<Metric> Metrics { get; } =
        [Metric.Peak, Metric.Idle, Metric.Held, Metric.PerConnection, Metric.After];

    public bool IsQuick => true;

    public bool StartsFresh => true;

    public bool DropsFirstRound => false;

    public ProbeRequest Request { get; } = ProbeRequest.Chat("h", 0) with { IsEndless = true };

    public int Rounds(RunSettings settings) => settings.IsQuick ? 1 : Math.Min(RoundsMax, settings.Rounds);

    public IReadOnlyList<IPeer> PeersOf(IReadOnlyList<IPeer> all) => all[0] is EdgeProxyPeer ours
        ? [ours, ours.With(Besides.Model), ours.With(Besides.Governed), ours.With(Besides.Guarded)]
        : all;

    public PeerSetup Setup(Stand stand) =>
        stand.NewSetup(stand.LoopOrigin.Port) with { IsStreaming = true, UpstreamsMax = Streams };

    public Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers) => Task.FromResult("");

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        using RunningPeer peer = await contender.StartAsync(stand, this);
        long idle = peer.Tree.ResidentKib();
        var connections = new List<ClientConnection>(Streams);
        try
        {
            int told = await OwnThread.RunAsync(() => Open(peer, connections), stand.Cores.Generator);
            await Task.Delay(Rest);
            long held = peer.Tree.ResidentKib();
            long peak = peer.Tree.PeakKib();
            connections.ForEach(c => c.Dispose());
            await Task.Delay(Rest);
            return new Measurement()
                .With(Metric.Idle, idle)
                .With(Metric.Held, held)
                .With(Metric.Peak, peak)
                .With(Metric.PerConnection, (held - idle) / (double)Streams)
                .With(Metric.After, peer.Tree.ResidentKib())
                .WithFlaws(told == Streams ? [] : [$"{Streams - told} of {Streams} streams did not come"]);
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
    }

    // All are asked for at once; how many said what they have to say.
    private int Open(RunningPeer peer, List<ClientConnection> connections)
    {
        using var waiting = new WaitingConnections();
        for (int i = 0; i < Streams; i++)
        {
            var connection = new ClientConnection(peer.Port);
            connections.Add(connection);
            waiting.Add(connection);
        }

        connections.ForEach(connection => connection.Send(Request.Bytes));
        return waiting.Read(
            Streams, static (before, now) => before < ChatAnswers.HeldBytes && now >= ChatAnswers.HeldBytes);
    }
}
