using System.Collections.Generic;
using System.Globalization;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>HTTP/2 over TLS from h2load.</summary>
internal sealed class Http2Scenario(string name, string path, int bodyBytes) : IScenario
{
    private const int Connections = 16;
    private const int Streams = 10;

    public string Name => name;

    public string About => string.Create(
        CultureInfo.InvariantCulture,
        $"GET {bodyBytes / 1024} KiB by HTTP/2 over TLS: {Connections} connections, {Streams} streams on each.");

    public IReadOnlyList<Metric> Metrics { get; } = [Metric.CpuUs, Metric.Rate, Metric.Peak];

    public bool IsQuick { get; init; }

    public bool StartsFresh => false;

    public bool DropsFirstRound => true;

    /// <summary>By HTTP/1.1; that HTTP/2 is spoken afterwards is checked in each round.</summary>
    public ProbeRequest Request { get; } = ProbeRequest.Get(path, bodyBytes);

    public int Rounds(RunSettings settings) => settings.Rounds;

    public PeerSetup Setup(Stand stand) => stand.NewSetup(stand.StaticOrigin.Port) with { Tls = stand.Tls };

    public Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers) => Task.FromResult("");

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        RunningPeer peer = contender.Running!;
        H2Load h2load = stand.H2Load ?? throw new PeerException("h2load is not installed");
        Meter meter = Meter.Start(peer, stand.Cores);
        H2LoadResult result = await h2load.RunAsync(peer.Port, path, Connections, Streams, seconds, stand.Cores);
        return meter.Stop(new Measurement(), Metric.CpuUs, result.Done)
            .With(Metric.Rate, result.Done / result.Seconds)
            .WithFlaws(LoadRules.FlawsOf(result, bodyBytes, Connections * Streams));
    }
}
