using System;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>/metrics of a running proxy.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Durations_ByRouterAndServer()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Rule = "PathPrefix(`/a`)", Loops = 2 });
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/a")).Status);
        }

        Assert.Equal(404, (await RawClient.GetAsync(proxy.Port, "/b")).Status);

        // The loops count what they have answered, a moment later.
        await proxy.ExpectMetricAsync(1, "http_server_request_duration_seconds_count", "4xx");
        await proxy.ExpectMetricAsync(3, "http_client_request_duration_seconds_count");
        await proxy.ExpectMetricAsync(0, "http_server_active_requests");
        await proxy.ExpectMetricAsync(4, "http_server_request_duration_seconds_count");
        RawResponse response = await proxy.AdminAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Head.One("Content-Type"));
        string text = response.BodyText;
        Assert.Equal(3, ProxyProcess.MetricIn(text, "http_server_request_duration_seconds_count",
            "{http_route=\"all\",http_request_method=\"GET\",edgeproxy_status_class=\"2xx\"}"));
        Assert.Equal(1, ProxyProcess.MetricIn(text, "http_server_request_duration_seconds_count",
            "{http_request_method=\"GET\",edgeproxy_status_class=\"4xx\"}"));
        Assert.Equal(3, ProxyProcess.MetricIn(text, "http_client_request_duration_seconds_count",
            $"{{edgeproxy_service=\"app\",server_address=\"127.0.0.1\",server_port=\"{server.Port}\","));
        Assert.Equal(0, ProxyProcess.MetricIn(text, "http_server_active_requests"));

        // What was asked of the admin address, and that before it was ready, is not among them.
        Assert.Equal(3, ProxyProcess.MetricIn(text, "edgeproxy_responses_total", "2xx"));
        Assert.Equal(1, ProxyProcess.MetricIn(text, "edgeproxy_responses_total", "4xx"));
        Assert.Equal(0, ProxyProcess.MetricIn(text, "edgeproxy_responses_total", "5xx"));
        Assert.Equal(1, ProxyProcess.MetricIn(text, "edgeproxy_config_info",
            ProxyProcess.HashOf(proxy.Config.ToToml())));
        Assert.Equal(
            [.. Families(text).Order()], Families(text).Distinct().Order()); // each once
    }

    [Fact]
    public async Task OpenMetrics_IfAskedFor_WithExamples()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { More = "[telemetry.traces]\nratio = 1" });
        await RawClient.GetAsync(proxy.Port);
        string parent = Assert.Single(server.Requests).Head.One("traceparent")!;

        await proxy.ExpectMetricAsync(1, "http_server_request_duration_seconds_count", "2xx");
        RawResponse response = await RawClient.OnceAsync(proxy.AdminPort,
            $"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{proxy.AdminPort}\r\nConnection: close\r\n"
                + "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n");

        Assert.StartsWith("application/openmetrics-text; version=1.0.0", response.Head.One("Content-Type"));
        Assert.EndsWith("\n# EOF\n", response.BodyText);
        Assert.Contains($"# {{trace_id=\"{parent[3..35]}\",span_id=\"{parent[36..52]}\"}} ", response.BodyText);
    }

    [Fact]
    public async Task OpenConnections_ToServers_IdleAndActive()
    {
        var mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await mayAnswer.Task;
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        string labels = $",edgeproxy_service=\"app\",server_address=\"127.0.0.1\",server_port=\"{server.Port}\"}}";
        const string name = "http_client_open_connections";

        await proxy.ExpectMetricAsync(0, name, "{http_connection_state=\"active\"" + labels);
        Task<RawResponse> answer = RawClient.GetAsync(proxy.Port, "/");
        await proxy.ExpectMetricAsync(1, name, "{http_connection_state=\"active\"" + labels);
        await proxy.ExpectMetricAsync(0, name, "{http_connection_state=\"idle\"" + labels);
        mayAnswer.SetResult();

        Assert.Equal(200, (await answer).Status);
        await proxy.ExpectMetricAsync(0, name, "{http_connection_state=\"active\"" + labels);
        await proxy.ExpectMetricAsync(1, name, "{http_connection_state=\"idle\"" + labels);
        await proxy.ExpectMetricAsync(0, "edgeproxy_service_requests_waiting", "{service=\"app\"}");
    }

    [Fact]
    public async Task Durations_SwitchedOff_AreNotThere()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { More = "[telemetry]\ndurations = false" });

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/")).Status);

        // The connection is idle again once the request was recorded.
        await proxy.ExpectMetricAsync(1, "http_client_open_connections", "{http_connection_state=\"idle\"");
        Assert.DoesNotContain("request_duration_seconds", (await proxy.AdminAsync("/metrics")).BodyText);
    }

    // Allocations stand for the time it takes: they can be counted, and come of what is written.
    [Fact]
    public async Task AThousandRouters_AScrapeCostsWhatItSays()
    {
        const int routers = 1_000;
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            IsBare = true,
            More = $"[services.app]\n{ProxyConfig.ServerList(server.Port)}\n"
                + string.Concat(Enumerable.Range(0, routers).Select(static i =>
                    $"[routers.r{i}]\nrule = \"Path(`/{i}`)\"\nservice = \"app\"\n")),
        });
        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < routers; i++)
        {
            Assert.Equal(200, (await client.RequestAsync($"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        await proxy.ExpectMetricAsync(routers, "http_server_request_duration_seconds_count", "http_route=\"r");
        double loopsBefore = await proxy.MetricAsync("edgeproxy_loop_allocated_bytes_total") ?? 0;
        string first = (await proxy.AdminAsync("/metrics")).BodyText;
        string second = (await proxy.AdminAsync("/metrics")).BodyText;

        Assert.Equal(routers, second.Split('\n').Count(static line =>
            line.StartsWith("http_server_request_duration_seconds_count{http_route=\"r", StringComparison.Ordinal)));
        Assert.InRange(second.Length, routers * 17 * 50, routers * 17 * 170);
        Assert.InRange(Allocated(second) - Allocated(first), 0, 6 * second.Length);
        Assert.InRange(Loops(second) - loopsBefore, 0, 64 * 1024);

        static double Allocated(string text) =>
            ProxyProcess.MetricIn(text, "edgeproxy_process_allocated_bytes_total")!.Value;

        static double Loops(string text) => ProxyProcess.MetricIn(text, "edgeproxy_loop_allocated_bytes_total")!.Value;
    }

    private static string[] Families(string text) =>
        [.. text.Split('\n').Where(line => line.StartsWith("# TYPE ")).Select(line => line.Split(' ')[2])];
}
