using System.Collections.Generic;
using System.Globalization;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>Server-sent events to many clients: what a proxy adds to the age of an event.</summary>
internal sealed class StreamScenario : IScenario
{
    private const int Streams = 100;

    private double _directP50;
    private double _directP99;

    public string Name => "sse";

    public string About =>
        $"{Streams} event streams, {LoopOrigin.EventsPerSecond} events/s over all of them, evenly spaced; from "
        + "when an event was due to its arrival, less what that takes without a proxy.";

    public IReadOnlyList<Metric> Metrics { get; } =
        [Metric.AddedP50, Metric.AddedP99, Metric.CpuPerEvent, Metric.Peak];

    public bool IsQuick => true;

    public bool StartsFresh => false;

    public bool DropsFirstRound => true;

    public ProbeRequest Request { get; } = ProbeRequest.Get("/events", 0) with { IsEndless = true };

    public int Rounds(RunSettings settings) => settings.Rounds;

    public PeerSetup Setup(Stand stand) => stand.NewSetup(stand.LoopOrigin.Port) with { IsStreaming = true };

    public async Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers)
    {
        // The first run compiles the reader; the second is the baseline.
        await ReadAsync(stand, stand.LoopOrigin.Port, 1);
        OpenLoopResult direct = await ReadAsync(stand, stand.LoopOrigin.Port, 1);
        _directP50 = direct.Latency.Quantile(0.50) / 1e3;
        _directP99 = direct.Latency.Quantile(0.99) / 1e3;
        return string.Create(
            CultureInfo.InvariantCulture, $"Without a proxy: p50 {_directP50:0} us, p99 {_directP99:0} us.");
    }

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        RunningPeer peer = contender.Running!;
        Meter meter = Meter.Start(peer, stand.Cores);
        OpenLoopResult result = await ReadAsync(stand, peer.Port, seconds);
        return meter.Stop(new Measurement(), Metric.CpuPerEvent, result.Seen)
            .With(Metric.AddedP50, (result.Latency.Quantile(0.50) / 1e3) - _directP50)
            .With(Metric.AddedP99, (result.Latency.Quantile(0.99) / 1e3) - _directP99)
            .WithFlaws(LoadRules.FlawsOfStreams(result, LoopOrigin.EventsPerSecond));
    }

    private async Task<OpenLoopResult> ReadAsync(Stand stand, int port, int seconds)
    {
        await stand.LoopOrigin.NoStreamsAsync();
        return await StreamReaders.RunAsync(port, Request, Streams, seconds, stand.Cores.Generator);
    }
}
