using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>
/// A steady rate of GETs on 64 connections to four servers, to which something happens after a third of the run: one
/// gets slow, and, if they are to fail as well, one is killed and one stopped. What failed, and how long the others
/// took, before and after.
/// </summary>
internal sealed class TroubleScenario(bool isFailing) : IScenario
{
    private const int Connections = 64;
    private const int Servers = 4;

    // A core does this easily. With the slow one in flight once at a time, which is what p2c leaves it, it has 17 of
    // them, which has to be well below the hundredth that p99 is about.
    private readonly double _ratePerSecond = isFailing ? 3_000 : 4_500;

    public string Name => isFailing ? "failing-servers" : "slow-server";

    public string About => isFailing
        ? "3,000 GET/s on 64 connections, four servers; then one is killed, one stopped, one takes 60 ms."
        : "4,500 GET/s on 64 connections, four servers; then one takes 60 ms: ours by p2c, round_robin, least_time.";

    public IReadOnlyList<Metric> Metrics { get; } =
    [
        Metric.P99After, Metric.FailedAfter, Metric.Retried, Metric.P50After, Metric.FailedBefore, Metric.P50Before,
        Metric.P99Before,
    ];

    public bool IsQuick => false;

    public bool StartsFresh => true;

    public bool DropsFirstRound => false;

    public ProbeRequest Request { get; } = ProbeRequest.Get("/slow", LoopOrigin.SlowBodyBytes);

    public int Rounds(RunSettings settings) => settings.Rounds;

    public IReadOnlyList<IPeer> PeersOf(IReadOnlyList<IPeer> all) =>
        isFailing ? [.. all.Where(peer => peer is EdgeProxyPeer or NginxPeer or HaproxyPeer)]
        : all[0] is EdgeProxyPeer ours ? [ours, ours.With(Besides.RoundRobin), ours.With(Besides.LeastTime)]
        : all;

    public PeerSetup Setup(Stand stand) => stand.NewSetup(stand.LoopOrigin.Port) with { AdminPort = Ports.Free() };

    public Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers) => Task.FromResult("");

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        var servers = new List<OriginProcess>();
        try
        {
            for (int i = 0; i < Servers; i++)
            {
                servers.Add(await OriginProcess.StartAsync(stand.Cores.Generator));
            }

            PeerSetup setup = contender.Setup with { Servers = [.. servers.Select(server => server.Port)] };
            using RunningPeer peer = await RunningPeer.StartAsync(
                contender.Peer, setup, Request, stand.Cores.Proxy);
            (OpenLoopResult before, OpenLoopResult after) = await OpenLoop.RunSplitAsync(
                peer, Request, Connections, _ratePerSecond, (seconds, 3.0 * seconds), stand.Cores.Generator,
                () => Trouble(servers));
            Measurement measurement = new Measurement()
                .With(Metric.FailedBefore, before.Errors)
                .With(Metric.FailedAfter, after.Errors + after.Unanswered)
                .With(Metric.P50Before, before.Latency.Quantile(0.50) / 1e3)
                .With(Metric.P99Before, before.Latency.Quantile(0.99) / 1e3)
                .With(Metric.P50After, after.Latency.Quantile(0.50) / 1e3)
                .With(Metric.P99After, after.Latency.Quantile(0.99) / 1e3);
            return await RetriedAsync(contender.Peer, setup) is { } retried
                ? measurement.With(Metric.Retried, retried)
                : measurement;
        }
        finally
        {
            servers.ForEach(server => server.Dispose());
        }
    }

    private void Trouble(List<OriginProcess> servers)
    {
        servers[0].Slow();
        if (isFailing)
        {
            servers[1].Kill();
            servers[2].Stop();
        }
    }

    // Others do not say, or not where it could be asked without more of a configuration.
    private static async Task<double?> RetriedAsync(IPeer peer, PeerSetup setup)
    {
        if (peer is not EdgeProxyPeer)
        {
            return null;
        }

        using var http = new HttpClient();
        string metrics = await http.GetStringAsync(new Uri($"http://127.0.0.1:{setup.AdminPort}/metrics"));
        string? line = metrics.Split('\n').FirstOrDefault(
            one => one.StartsWith("edgeproxy_retries_total", StringComparison.Ordinal));
        return line is null ? null : double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }
}
