using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>
/// What telemetry costs a loop, by what is told: nothing is allocated, no system call more is made. What other threads
/// do for it is bounded by batches and intervals, not by requests.
/// </summary>
public sealed class TelemetryCostTests(ITestOutputHelper output) : IDisposable
{
    private const string Metrics = "[\"metrics\"]";
    private const string MetricsAndTraces = "[\"metrics\", \"traces\"]";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-telemetry-");

    public static IEnumerable<TheoryDataRow<string, string, bool>> Modes { get; } =
    [
        new("", "", false),
        new(Metrics, "", false),
        new(MetricsAndTraces, "0.01", true),
        new(MetricsAndTraces, "1", true),
    ];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Loop_Allocates_Nothing(string signals, string ratio, bool isLogged)
    {
        const int requests = 30_000;
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = Steady.Counting();
        await using ProxyProcess proxy =
            await Published.StartAsync(ConfigOf(server, collector, signals, ratio, isLogged));
        await Steady.LoadAsync(proxy.Port, 5_000);
        await Steady.AllocatedAsync(proxy, "loop");
        double before = await Steady.AllocatedAsync(proxy, "loop");
        double costOfAsking = await Steady.AllocatedAsync(proxy, "loop") - before;

        await Steady.LoadAsync(proxy.Port, requests);
        double allocated = await Steady.AllocatedAsync(proxy, "loop") - before - (2 * costOfAsking);
        output.WriteLine($"{allocated:N0} bytes in {requests:N0} requests (asking costs {costOfAsking:N0})");

        Assert.Equal(Published.Budget("allocated_bytes_per_request"), (long)Math.Max(0, allocated / requests));
        if (ratio.Length > 0)
        {
            await Eventually.TrueAsync(() => collector.Bodies("/v1/traces").Count > 0, "traces at the collector");
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Loop_DataSystemCalls_AreFour(string signals, string ratio, bool isLogged)
    {
        const int requests = 500;
        External.Require("strace");
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = Steady.Counting();
        await using ProxyProcess proxy =
            await Published.StartAsync(ConfigOf(server, collector, signals, ratio, isLogged));
        await Steady.LoadAsync(proxy.Port, 200);
        string[] loop = ["-p", Steady.LoopThread(proxy)];
        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(Steady.Get);

        (int once, int twice) = await Steady.CountTwiceAsync(loop, client, requests);
        double perRequest = (twice - once) / (double)requests;
        output.WriteLine($"{once} calls for {requests} requests, {twice} for {2 * requests}: {perRequest:0.000} each");

        Assert.True(once > requests, $"only {once} calls were seen");
        Assert.Equal(Published.Budget("data_syscalls_per_request"), perRequest, 0.02);
    }

    private ProxyConfig ConfigOf(
        RawServer server, OtlpCollector collector, string signals, string ratio, bool isLogged) => new(server)
        {
            More = (signals.Length > 0
                    ? $"[telemetry.otlp]\nendpoint = \"http://127.0.0.1:{collector.Port}\"\nsignals = {signals}\n"
                        + "metrics_interval = \"1s\"\n"
                    : "")
                + (ratio.Length > 0 ? $"[telemetry.traces]\nratio = {ratio}\n" : "")
                + (isLogged ? $"[access_log]\noutput = \"{Path.Combine(_folder.FullName, "access.log")}\"\n" : ""),
        };
}
