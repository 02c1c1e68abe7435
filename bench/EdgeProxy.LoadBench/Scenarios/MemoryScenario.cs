using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>Resident memory before load, at its height, and when it is over.</summary>
internal sealed class MemoryScenario : IScenario
{
    private const int RoundsMax = 3;
    private const int Connections = 512;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public string Name => "memory";

    public string About =>
        $"Resident memory after the first answer, the peak under GET 64 KiB on {Connections} connections, and one "
        + "second later.";

    public IReadOnlyList<Metric> Metrics { get; } = [Metric.Peak, Metric.Idle, Metric.After];

    public bool IsQuick => true;

    public bool StartsFresh => true;

    public bool DropsFirstRound => false;

    public ProbeRequest Request { get; } = ProbeRequest.Get("/64k", 64 * 1024);

    public int Rounds(RunSettings settings) => settings.IsQuick ? 1 : Math.Min(RoundsMax, settings.Rounds);

    public PeerSetup Setup(Stand stand) => stand.NewSetup(stand.StaticOrigin.Port);

    public Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers)
    {
        stand.Wrk.WriteScript(Name, [Request]);
        return Task.FromResult("");
    }

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        using RunningPeer peer = await contender.StartAsync(stand, this);
        var measurement = new Measurement().With(Metric.Idle, peer.Tree.ResidentKib());
        WrkResult result = await stand.Wrk.RunAsync(peer.Port, Name, Connections, seconds);
        await Task.Delay(Rest);
        return measurement
            .With(Metric.Peak, peer.Tree.PeakKib())
            .With(Metric.After, peer.Tree.ResidentKib())
            .WithFlaws(LoadRules.FlawsOf(result, peer.Answer, Connections));
    }
}
