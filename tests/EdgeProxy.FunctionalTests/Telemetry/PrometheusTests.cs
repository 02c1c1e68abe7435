using System;
using System.Collections.Generic;
using System.IO;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>
/// packaging/grafana against a real Prometheus that scrapes two proxies for which everything goes wrong that an alert
/// is for: each expression has to return data.
/// </summary>
public sealed partial class PrometheusTests
{
    // Some expressions need several scrapes: the usual wait is for one answer.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task EachExpression_ReturnsData()
    {
        External.Require("prometheus");
        await using OtlpCollector refusing = OtlpCollector.Start();
        refusing.Answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        await using RawServer server = Alternating();
        await using RawServer failing = RawServer.Answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        await using ProxyProcess refused = await ProxyProcess.StartAsync(ConfigFor(server, refusing.Port));
        await using ProxyProcess lonely = await ProxyProcess.StartAsync(ConfigFor(failing, Ports.Next()));
        lonely.WriteConfig("nonsense");
        lonely.Hangup();
        await lonely.WaitForLineAsync("configuration refused");
        await using PrometheusServer prometheus = await PrometheusServer.StartAsync(
            [refused.AdminPort, lonely.AdminPort], Path.Combine(GrafanaFiles.Folder, "alerts.rules.yml"));
        GrafanaExpression[] expressions = [.. GrafanaFiles.Expressions()];
        Assert.True(expressions.Length > 40, $"only {expressions.Length} expressions were found");

        List<GrafanaExpression> silent = [.. expressions];
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    await Task.WhenAll(AskAsync(refused), AskAsync(lonely));
                    foreach (GrafanaExpression one in silent.ToArray())
                    {
                        if (await HasDataAsync(prometheus, one))
                        {
                            silent.Remove(one);
                        }
                    }

                    return silent.Count == 0;
                },
                "data for each expression",
                Limit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; none for:\n{string.Join('\n', silent)}");
        }

        await Eventually.GetAsync(
            async () => string.Join(", ", await prometheus.TargetsAsync()),
            static targets => targets == "up, up",
            "both scrapes to be well",
            Limit);
        await Eventually.TrueAsync(
            async () => (await prometheus.AlertsAsync()).Count == GrafanaFiles.AlertCount,
            "all alerts to be raised",
            Limit);
    }

    [Fact]
    public async Task Metrics_AreAsPromtoolWantsThem()
    {
        string promtool = External.Require("promtool");
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = Alternating();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ConfigFor(server, collector.Port));
        await AskAsync(proxy);
        string text = (await proxy.AdminAsync("/metrics")).BodyText;
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        try
        {
            CommandResult result = await CommandResult.RunAsync(
                "/bin/sh", ["-c", "\"$0\" check metrics < \"$1\"", promtool, file]);

            Assert.True(result.ExitCode == 0, result.ToString());
        }
        finally
        {
            File.Delete(file);
        }
    }

    // Two services whose servers are not there: tries fail, or probes do.
    private static ProxyConfig ConfigFor(RawServer server, int collectorPort) => new(server)
    {
        Service = "retry = { on = [\"connect\"] }",
        More = $$"""
            [routers.gone]
            rule = "PathPrefix(`/gone`)"
            service = "gone"
            [services.gone]
            {{ProxyConfig.ServerList(Ports.Next())}}
            [routers.sick]
            rule = "PathPrefix(`/sick`)"
            service = "sick"
            [services.sick]
            {{ProxyConfig.ServerList(Ports.Next())}}
            health_check = { interval = "100ms", jitter = "0", fall = 1 }
            [telemetry.otlp]
            endpoint = "http://127.0.0.1:{{collectorPort}}"
            batch_interval = "100ms"
            [telemetry.traces]
            ratio = 1

            """,
    };

    private static RawServer Alternating() => RawServer.Start(async connection =>
    {
        bool isGood = true;
        while (await connection.ReadRequestAsync() is not null)
        {
            await connection.SendAsync(isGood
                ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                : "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
            isGood = !isGood;
        }
    });

    private static async Task AskAsync(ProxyProcess proxy)
    {
        await RawClient.GetAsync(proxy.Port);
        await RawClient.GetAsync(proxy.Port);
        await RawClient.GetAsync(proxy.Port, "/gone");
    }

    private static async Task<bool> HasDataAsync(PrometheusServer prometheus, GrafanaExpression one) =>
        LabelValues().Match(one.Expression) is { Success: true } match
            ? (await prometheus.LabelValuesAsync(match.Groups[2].Value, match.Groups[1].Value)).Count > 0
            : (await prometheus.QueryAsync(one.Expression)).Count > 0;

    [GeneratedRegex(@"^label_values\((\w+), (\w+)\)$")]
    private static partial Regex LabelValues();
}
