using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Deployment;

/// <summary>Requests and 5xx so far, as /metrics tells them.</summary>
internal readonly record struct DeploymentSample(double Time, double Requests, double Errors);

/// <summary>A deployment that /metrics tells of.</summary>
internal readonly record struct DeploymentMark(double Time, string Version);

/// <summary>
/// A run for a chart: steady requests through the proxy while the server behind it gets a bad version, then the good
/// one again. Nobody tells the proxy: it sees the version in answers.
/// </summary>
internal static class DeploymentRun
{
    private const string Good = "1.4.1";
    private const string Bad = "1.4.2";
    private const int BadFailsEvery = 5;
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);

    /// <summary>Runs for a minute and writes the chart.</summary>
    public static async Task RunAsync(string binary, string chart, CancellationToken cancel)
    {
        using var folder = new TempFolder();
        using var origin = new VersionedOrigin(Good);
        int port = Ports.Free();
        int admin = Ports.Free();
        string config = Path.Combine(folder.Path, "edgeproxy.toml");
        await File.WriteAllTextAsync(config, Config(port, admin, origin.Port), cancel);
        using ChildProcess proxy = ChildProcess.Start(
            new Command(binary, ["run", "-c", config]), Cores.For(1).Proxy);
        using var client = new HttpClient();
        await WaitAsync(client, admin, proxy, cancel);

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task load = LoadAsync(client, port, end.Token);
        var samples = new List<DeploymentSample>();
        string text = "";
        long begun = Stopwatch.GetTimestamp();
        int phase = 0;
        while (Stopwatch.GetElapsedTime(begun) is var elapsed && elapsed < 3 * Phase)
        {
            if ((int)(elapsed / Phase) > phase)
            {
                phase++;
                origin.Deploy(phase == 1 ? Bad : Good, phase == 1 ? BadFailsEvery : 0);
            }

            text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{admin}/metrics"), cancel);
            samples.Add(SampleOf(text));
            await Task.Delay(Look, cancel);
        }

        await end.CancelAsync();
        await load;
        await File.WriteAllTextAsync(chart, DeploymentChart.Of(samples, MarksIn(text)), cancel);
        Progress.Write(chart);
    }

    private static async Task WaitAsync(HttpClient client, int admin, ChildProcess proxy, CancellationToken cancel)
    {
        while (!proxy.HasExited)
        {
            try
            {
                await client.GetStringAsync(new Uri($"http://127.0.0.1:{admin}/readyz"), cancel);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
            }
        }

        throw new InvalidOperationException($"edgeproxy ended: {proxy.Errors}");
    }

    private static async Task LoadAsync(HttpClient client, int port, CancellationToken end)
    {
        try
        {
            while (true)
            {
                using HttpResponseMessage _ = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/orders"), end);
                await Task.Delay(Between, end);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private static DeploymentSample SampleOf(string metrics)
    {
        double requests = 0;
        double errors = 0;
        foreach (string line in Lines(metrics, "http_server_request_duration_seconds_count{http_route=\"orders\""))
        {
            double value = double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
            requests += value;
            errors += line.Contains("\"5xx\"", StringComparison.Ordinal) ? value : 0;
        }

        return new DeploymentSample(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1e3, requests, errors);
    }

    private static List<DeploymentMark> MarksIn(string metrics) =>
    [
        .. Lines(metrics, "edgeproxy_deployment_timestamp_seconds{target_service=\"orders\"").Select(static line =>
            new DeploymentMark(
                double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture),
                line.Split("version=\"")[1].Split('"')[0])),
    ];

    private static IEnumerable<string> Lines(string metrics, string start) =>
        metrics.Split('\n').Where(line => line.StartsWith(start, StringComparison.Ordinal));

    private static string Config(int port, int admin, int origin) => $$"""
        [log]
        level = "warning"
        [admin]
        address = "127.0.0.1:{{admin}}"
        [telemetry]
        version_header = "X-App-Version"
        [entrypoints.web]
        address = "127.0.0.1:{{port}}"
        [routers.orders]
        rule = "PathPrefix(`/`)"
        service = "orders"
        [services.orders]
        servers = [{ url = "http://127.0.0.1:{{origin}}" }]

        """;
}
