using System.Collections.Generic;
using System.Globalization;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>TLS handshakes: each connection has one, one request, and ends.</summary>
internal sealed class HandshakeScenario(bool isResuming) : IScenario
{
    private const int Dialers = 16;
    private const int BodyBytes = 1024;

    public string Name => isResuming ? "tls-resumed" : "tls-full";

    public string About => string.Create(
        CultureInfo.InvariantCulture,
        $"GET 1 KiB, {Dialers} at a time, each on a connection with a {Kind} handshake of TLS 1.3 (P-256, X25519).");

    private string Kind => isResuming ? "resumed" : "full";

    public IReadOnlyList<Metric> Metrics { get; } =
        [Metric.CpuPerHandshake, Metric.Rate, Metric.P50, Metric.P99, Metric.Peak];

    public bool IsQuick => true;

    public bool StartsFresh => false;

    public bool DropsFirstRound => true;

    public ProbeRequest Request { get; } = ProbeRequest.Get("/1k", BodyBytes, "Connection: close\r\n");

    public int Rounds(RunSettings settings) => settings.Rounds;

    public PeerSetup Setup(Stand stand) => stand.NewSetup(stand.StaticOrigin.Port) with { Tls = stand.Tls };

    public Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers) => Task.FromResult("");

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        RunningPeer peer = contender.Running!;
        Meter meter = Meter.Start(peer, stand.Cores);
        HandshakeResult result = await Handshakes.RunAsync(
            peer.Port, Request, Dialers, isResuming, seconds, stand.Cores.Generator);
        return meter.Stop(new Measurement(), Metric.CpuPerHandshake, result.Answered)
            .With(Metric.Rate, result.Answered / result.Seconds)
            .With(Metric.P50, result.Latency.Quantile(0.50) / 1e3)
            .With(Metric.P99, result.Latency.Quantile(0.99) / 1e3)
            .WithFlaws(LoadRules.FlawsOf(result, peer.Answer));
    }
}
