using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>Which origin stands behind the proxies.</summary>
internal enum OriginKind
{
    Static,
    Loop,
}

/// <summary>Requests of one kind as fast as the answers come, from wrk.</summary>
internal sealed class LoadScenario(string name, string about, params ProbeRequest[] requests) : IScenario
{
    public string Name => name;

    public string About => about;

    public IReadOnlyList<Metric> Metrics => Metric.OfLoad;

    public bool IsQuick { get; init; }

    public int Connections { get; init; } = 64;

    public int Routers { get; init; }

    public OriginKind Origin { get; init; }

    /// <summary>Bytes by which heads of answers may differ from the first one's.</summary>
    public int SlackBytes { get; init; }

    /// <summary>Clients speak TLS.</summary>
    public bool IsTls { get; init; }

    public bool StartsFresh => false;

    public bool DropsFirstRound => true;

    public ProbeRequest Request => requests[0];

    /// <summary>Beside ours runs ours that does each of these as well, and nobody else; empty: all run.</summary>
    public IReadOnlyList<Besides> Compares { get; init; } = [];

    public int Rounds(RunSettings settings) => settings.Rounds;

    public IReadOnlyList<IPeer> PeersOf(IReadOnlyList<IPeer> all) =>
        Compares.Count > 0 && all[0] is EdgeProxyPeer ours ? [ours, .. Compares.Select(ours.With)] : all;

    public PeerSetup Setup(Stand stand) => stand.NewSetup(
        Origin == OriginKind.Static ? stand.StaticOrigin.Port : stand.LoopOrigin.Port) with
    {
        Routers = Routers,
        Tls = IsTls ? stand.Tls : null,
    };

    public Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers)
    {
        stand.Wrk.WriteScript(Name, requests);
        return Task.FromResult("");
    }

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        RunningPeer peer = contender.Running!;
        Meter meter = Meter.Start(peer, stand.Cores);
        WrkResult result = await stand.Wrk.RunAsync(
            peer.Port, Name, Connections, seconds, IsTls ? "https" : "http");
        return meter.Stop(new Measurement(), Metric.CpuUs, result.Requests)
            .With(Metric.Rate, result.Requests / result.Seconds)
            .With(Metric.P50, result.P50Us)
            .With(Metric.P99, result.P99Us)
            .With(Metric.P999, result.P999Us)
            .WithFlaws(LoadRules.FlawsOf(result, peer.Answer, Connections, SlackBytes));
    }
}
