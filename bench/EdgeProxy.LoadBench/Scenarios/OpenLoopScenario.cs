using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>
/// Latency at one rate for everybody: a share of the most that the slowest proxy of the run can do, which is measured
/// first.
/// </summary>
/// <param name="prefix">Before open-loop-50 in its name.</param>
internal sealed class OpenLoopScenario(int percent, string prefix = "") : IScenario
{
    private const int Connections = 64;

    // Rates are low: a second of them would have a handful of requests beyond the 99.9th percentile.
    private const int LengthFactor = 2;

    private double _rate;

    public string Name => $"{prefix}open-loop-{percent}";

    public string About =>
        $"{What} at {percent} % of the slowest proxy's maximum; latency from the scheduled time to the last byte.";

    /// <summary>What is requested, for people.</summary>
    public string What { get; init; } = "GET 1 KiB";

    public IReadOnlyList<Metric> Metrics { get; } =
        [Metric.P99, Metric.P50, Metric.P999, Metric.CpuUs, Metric.Peak];

    public bool IsQuick => percent == 50 && Compares.Count == 0;

    /// <summary>Beside ours runs ours that does each of these as well, and nobody else; none: all run.</summary>
    public IReadOnlyList<Besides> Compares { get; init; } = [];

    public IReadOnlyList<IPeer> PeersOf(IReadOnlyList<IPeer> all) =>
        Compares.Count > 0 && all[0] is EdgeProxyPeer ours ? [ours, .. Compares.Select(ours.With)] : all;

    public bool StartsFresh => false;

    public bool DropsFirstRound => true;

    public ProbeRequest Request { get; init; } = ProbeRequest.Get("/1k", 1024);

    public OriginKind Origin { get; init; }

    public int Rounds(RunSettings settings) => settings.Rounds;

    public PeerSetup Setup(Stand stand) =>
        stand.NewSetup(Origin == OriginKind.Static ? stand.StaticOrigin.Port : stand.LoopOrigin.Port);

    public async Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers)
    {
        stand.Wrk.WriteScript(Name, [Request]);
        double slowest = double.MaxValue;
        foreach (RunningPeer peer in peers)
        {
            // What runs just in time is warm in its second run.
            await stand.Wrk.RunAsync(peer.Port, Name, Connections, 1);
            WrkResult most = await stand.Wrk.RunAsync(peer.Port, Name, Connections, 1);
            slowest = Math.Min(slowest, most.Requests / most.Seconds);
        }

        _rate = slowest * percent / 100;
        return string.Create(CultureInfo.InvariantCulture, $"{_rate:0} requests/s for everybody.");
    }

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        RunningPeer peer = contender.Running!;
        Meter meter = Meter.Start(peer, stand.Cores);
        OpenLoopResult result = await OpenLoop.RunAsync(
            peer, Request, Connections, _rate, LengthFactor * seconds, stand.Cores.Generator);
        return meter.Stop(new Measurement(), Metric.CpuUs, result.Answered)
            .With(Metric.P50, result.Latency.Quantile(0.50) / 1e3)
            .With(Metric.P99, result.Latency.Quantile(0.99) / 1e3)
            .With(Metric.P999, result.Latency.Quantile(0.999) / 1e3)
            .WithFlaws(LoadRules.FlawsOf(result));
    }
}
