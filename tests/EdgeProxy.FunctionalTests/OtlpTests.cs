using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>[telemetry.otlp] of a running proxy: what a collector hears, field by field; what it survives.</summary>
public sealed class OtlpTests : IDisposable
{
    private const int Server = 2;
    private const int Client = 3;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-otlp-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Traces_ARequestWithARetry_FieldByField()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        const string parent = "b7ad6b7169203331";
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer bad = RawServer.Answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        await using RawServer good = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(bad, good)
        {
            Node = "environment = \"test\"",
            Service = "retry = { on = [\"503\"] }",
            More = Otlp(collector, "headers = { Authorization = \"Bearer s3cret\" }"),
        });
        DateTime before = DateTime.UtcNow;
        await RawClient.OnceAsync(proxy.Port,
            $"GET /shop/cart?token=s3cret&q HTTP/1.1\r\nHost: shop.test:81\r\nX-Request-Id: id-7\r\n"
                + $"traceparent: 00-{trace}-{parent}-01\r\nConnection: close\r\n\r\n");

        IReadOnlyList<OtlpSpan> spans = await collector.WaitForSpansAsync(3);

        Assert.Equal(3, spans.Count);
        Assert.All(spans, span => Assert.Equal((trace, 1UL), (span.TraceId, span.Flags)));
        OtlpSpan server = spans.Single(s => s.Kind == Server);
        Assert.Equal((parent, "GET all", 0, ""), (server.ParentId, server.Name, server.StatusCode, server.StatusMessage));
        Assert.InRange(Time(server.StartNanos), before.AddSeconds(-1), DateTime.UtcNow.AddSeconds(1));
        Assert.True(server.EndNanos > server.StartNanos);
        Assert.Equal(
            new Dictionary<string, object>
            {
                ["http.request.method"] = "GET",
                ["url.scheme"] = "http",
                ["url.path"] = "/shop/cart",
                ["url.query"] = "token=REDACTED&REDACTED",
                ["server.address"] = "shop.test:81",
                ["client.address"] = "127.0.0.1",
                ["network.protocol.version"] = "1.1",
                ["http.response.status_code"] = 200L,
                ["http.route"] = "all",
                ["edgeproxy.entrypoint"] = "web",
                ["edgeproxy.service"] = "app",
                ["edgeproxy.config.hash"] = ProxyProcess.HashOf(proxy.Config.ToToml()),
                ["edgeproxy.request_id"] = "id-7",
                ["edgeproxy.tries"] = 2L,
            },
            server.Attributes.Where(a => a.Key is not ("client.port" or "http.request.size" or "http.response.size"
                or "edgeproxy.overhead_ms")).ToDictionary());
        Assert.True((long)server.Attributes["http.request.size"] > 100);
        Assert.True((long)server.Attributes["http.response.size"] > 20);

        AssertTries(spans, server, trace, bad, good);
        RawRequest request = collector.Requests.First(r => r.Target == "/v1/traces");
        Assert.Equal(("POST", "application/x-protobuf", "gzip", "Bearer s3cret"),
            (request.Method, request.Head.One("Content-Type"), request.Head.One("Content-Encoding"),
            request.Head.One("Authorization")));
        Dictionary<string, object> resource = OtlpDecoder.Resource(collector.Bodies("/v1/traces")[0]);
        Assert.Equal(("edgeproxy", "test", "test", "linux"),
            (resource["service.name"], resource["service.instance.id"], resource["deployment.environment.name"],
            resource["os.type"]));
    }

    private static void AssertTries(
        IReadOnlyList<OtlpSpan> spans, OtlpSpan server, string trace, RawServer bad, RawServer good)
    {
        OtlpSpan[] tries = [.. spans.Where(s => s.Kind == Client).OrderBy(s => s.StartNanos)
            .ThenBy(s => s.Attributes.ContainsKey("http.request.resend_count"))];
        Assert.All(tries, span => Assert.Equal((server.SpanId, "GET"), (span.ParentId, span.Name)));
        Assert.Equal((503L, (long)bad.Port, 2, "503"),
            (tries[0].Attributes["http.response.status_code"], tries[0].Attributes["server.port"], tries[0].StatusCode,
            tries[0].Attributes["error.type"]));
        Assert.Equal((200L, (long)good.Port, 0, 1L),
            (tries[1].Attributes["http.response.status_code"], tries[1].Attributes["server.port"], tries[1].StatusCode,
            tries[1].Attributes["http.request.resend_count"]));
        Assert.Equal(
            [Assert.Single(bad.Requests).Head.One("traceparent"), Assert.Single(good.Requests).Head.One("traceparent")],
            tries.Select(span => $"00-{trace}-{span.SpanId}-01"));
    }

    [Fact]
    public async Task Logs_TiedToTheirTrace_FieldByField()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Rule = "PathPrefix(`/a`)",
            More = Otlp(collector) + "[access_log]\noutput = \"otlp\"\nheaders = [\"User-Agent\"]\n",
        });
        await RawClient.OnceAsync(proxy.Port,
            "POST /a?k=v HTTP/1.1\r\nHost: a\r\nUser-Agent: caf\u00e9/1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
        await RawClient.GetAsync(proxy.Port, "/none");

        // One more tells that the configuration is in use.
        OtlpLog[] logs =
            [.. (await collector.WaitForLogsAsync(3)).Where(static log => log.EventName == "edgeproxy.access")];
        IReadOnlyList<OtlpSpan> spans = await collector.WaitForSpansAsync(3);

        OtlpLog good = logs.Single(log => log.Severity == 9);
        OtlpSpan span = spans.Single(s => s.Kind == Server && s.Name == "POST all");
        Assert.Equal(("INFO", "edgeproxy.access", span.TraceId, span.SpanId, 1UL, span.EndNanos),
            (good.SeverityText, good.EventName, good.TraceId, good.SpanId, good.Flags, good.TimeNanos));
        Assert.Matches("^POST /a 200 [0-9]+\\.[0-9]{3}ms$", (string)good.Body);
        Assert.Equal("caf\u00e9/1", good.Attributes["http.request.header.user-agent"]);
        Assert.Equal("k=REDACTED", good.Attributes["url.query"]);
        Assert.True(good.ObservedNanos >= good.TimeNanos);
        OtlpLog missing = logs.Single(log => log.Severity == 13);
        Assert.Equal(("WARN", 404L, "no_route"),
            (missing.SeverityText, missing.Attributes["http.response.status_code"], missing.Attributes["error.type"]));
        Assert.False(missing.Attributes.ContainsKey("http.route"));
    }

    [Fact]
    public async Task Decisions_OfLimitsAndIdentity_AreTold()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"token\", \"trial\", \"limit\"]",
            More = $$"""
                [consumers.shop]
                claims = { sub = ["alice"] }
                [middlewares.token.jwt]
                secret = "{{Tokens.Secret}}"
                [middlewares.trial.rate_limit]
                average = 1
                period = "24h"
                report_only = true
                [middlewares.limit.rate_limit]
                average = 1
                period = "24h"
                burst = 2

                """ + Otlp(collector) + "[access_log]\noutput = \"otlp\"\n",
        });

        string good = $"Authorization: Bearer {Tokens.Of("alice")}\r\n";
        string[] fields = ["", "Authorization: Bearer e30.e30.AAAA\r\n", good, good, good];
        for (int i = 0; i < fields.Length; i++)
        {
            await RawClient.GetAsync(proxy.Port, $"/{i}", fields[i]);
        }

        (string, long, string, string, string)[] expected =
        [
            ("/0", 401, "", "token", ""), ("/1", 401, "", "token", ""), ("/2", 200, "shop", "", ""),
            ("/3", 200, "shop", "", "trial"), ("/4", 429, "shop", "limit", "trial"),
        ];
        IReadOnlyList<OtlpSpan> spans = await collector.WaitForSpansAsync(expected.Length + 2);
        Assert.Equal(expected, spans.Where(s => s.Kind == Server).Select(s => Told(s.Attributes)).Order());
        OtlpLog[] logs = await Eventually.GetAsync(
            () => Task.FromResult<OtlpLog[]>([.. collector.Logs.Where(l => l.EventName == "edgeproxy.access")]),
            all => all.Length == expected.Length, "a log record each");
        Assert.Equal(expected, logs.Select(l => Told(l.Attributes)).Order());
    }

    private static (string Path, long Status, string Consumer, string AnsweredBy, string OverLimit) Told(
        Dictionary<string, object> attributes) =>
        ((string)attributes["url.path"], (long)attributes["http.response.status_code"],
        (string)attributes.GetValueOrDefault("edgeproxy.consumer", ""),
        (string)attributes.GetValueOrDefault("edgeproxy.answered_by", ""),
        (string)attributes.GetValueOrDefault("edgeproxy.over_limit", ""));

    [Fact]
    public async Task Routers_HaveTheirOwnShareOfTraces_AndMayBeLeftOutOfTheLog()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"""
                [routers.loud]
                rule = "PathPrefix(`/loud`)"
                service = "app"
                trace_ratio = 1
                [routers.quiet]
                rule = "PathPrefix(`/quiet`)"
                service = "app"
                access_log = false
                [telemetry.otlp]
                endpoint = "http://127.0.0.1:{collector.Port}"
                batch_interval = "100ms"
                [telemetry.traces]
                ratio = 0
                errors = false
                slow = "0"
                [access_log]
                output = "otlp"
                """,
        });
        foreach (string path in (string[])["/", "/quiet", "/loud", "/quiet", "/", "/loud/last"])
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, path)).Status);
        }

        string[] logged = await Eventually.GetAsync(
            () => Task.FromResult<string[]>([.. collector.Logs.Where(l => l.EventName == "edgeproxy.access")
                .Select(static l => (string)l.Attributes["url.path"])]),
            static all => all.Contains("/loud/last"), "the last line");
        Assert.Equal(["/", "/loud", "/", "/loud/last"], logged);
        IReadOnlyList<OtlpSpan> spans = await collector.WaitForSpansAsync(4);
        Assert.Equal(["/loud", "/loud/last"],
            spans.Where(s => s.Kind == Server).Select(s => (string)s.Attributes["url.path"]));
    }

    [Fact]
    public async Task Http2_IsToldAsSuch()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "h2c = true",
            More = Otlp(collector) + "[access_log]\noutput = \"stderr\"\n",
        });
        using var client = new HttpClient
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        await client.GetStringAsync(
            new Uri($"http://127.0.0.1:{proxy.Port}/"), TestContext.Current.CancellationToken);

        IReadOnlyList<OtlpSpan> spans = await collector.WaitForSpansAsync(2);
        Assert.Equal("2", spans.Single(s => s.Kind == Server).Attributes["network.protocol.version"]);
        await proxy.WaitForLineAsync("\"protocol\":\"HTTP/2.0\"");
    }

    [Fact]
    public async Task Metrics_SayWhatPrometheusHears()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { More = Otlp(collector, "metrics_interval = \"1s\"") });
        for (int i = 0; i < 3; i++)
        {
            await RawClient.GetAsync(proxy.Port);
        }

        IReadOnlyList<OtlpMetric> metrics = await collector.WaitForMetricsAsync(
            all => all.Any(m => m.Name == "http.server.request.duration" && m.Points.Any(p => p.Count == 3)));

        OtlpMetric duration = metrics.Single(m => m.Name == "http.server.request.duration");
        Assert.Equal(("histogram", "s", 2), (duration.Kind, duration.Unit, duration.Temporality));
        OtlpPoint point = duration.Points.Single(p => p.Count == 3);
        Assert.Equal(
            new Dictionary<string, object>
            {
                ["http.route"] = "all",
                ["http.request.method"] = "GET",
                ["edgeproxy.status_class"] = "2xx",
            },
            point.Attributes);
        Assert.Equal((15, 14, 3), (point.Buckets.Count, point.Bounds.Count, point.Buckets.Sum(b => (int)b)));
        Assert.Equal(0.005, point.Bounds[0]);
        Assert.True(point.Sum > 0 && point.TimeNanos > point.StartNanos);
        Assert.NotEmpty(point.ExemplarTraces);
        OtlpMetric requests = metrics.Single(m => m.Name == "edgeproxy.requests");
        Assert.Equal(("sum", 2, true), (requests.Kind, requests.Temporality, requests.IsMonotonic));
        Assert.True(requests.Points.Single().Value >= 3);
        Assert.Equal("gauge", metrics.Single(m => m.Name == "edgeproxy.connections_open").Kind);
        Assert.Equal("gauge", metrics.Single(m => m.Name == "http.client.open_connections").Kind);
        Assert.Equal(metrics.Count, metrics.Select(m => m.Name).Distinct().Count());
    }

    [Fact]
    public async Task CollectorAway_NothingIsLost_OverARestartAndAKill()
    {
        int port = Ports.Next();
        await using RawServer server = RawServer.Ok();
        string spool = Path.Combine(_folder.FullName, "spool");
        var config = new ProxyConfig(server)
        {
            More = $"""
                [telemetry.otlp]
                endpoint = "http://127.0.0.1:{port}"
                signals = ["traces"]
                batch_interval = "100ms"
                [telemetry.traces]
                ratio = 1
                [telemetry.spool]
                directory = "{spool}"
                free_disk_min = 0
                """,
        };
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            for (int i = 0; i < 20; i++)
            {
                await RawClient.GetAsync(proxy.Port, $"/first/{i}");
            }

            await proxy.WaitForLineAsync("is away");
            await WaitForItemsAsync(proxy, 40);
        } // killed

        await using OtlpCollector collector = OtlpCollector.Start(port);
        await using ProxyProcess again = await ProxyProcess.StartAsync(config);
        await RawClient.GetAsync(again.Port, "/second");

        IReadOnlyList<OtlpSpan> spans = await collector.WaitForSpansAsync(42);
        string[] paths = [.. spans.Where(s => s.Kind == Server).Select(s => (string)s.Attributes["url.path"])];
        Assert.Equal(
            [.. Enumerable.Range(0, 20).Select(i => $"/first/{i}"), "/second"], paths);
        await WaitForItemsAsync(again, 0);
        await again.ExpectMetricAsync(0, "edgeproxy_telemetry_lost_items_total");
    }

    [Fact]
    public async Task Collector_RefusesOrRejects_IsCounted()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        collector.Answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { More = Otlp(collector) });
        await RawClient.GetAsync(proxy.Port);
        await WaitForLostAsync(proxy, "refused", 2);

        // partial_success { rejected_spans: 1 }
        collector.Answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\n\u0002\b\u0001";
        await RawClient.GetAsync(proxy.Port);
        await WaitForLostAsync(proxy, "rejected", 1);
    }

    // It took the connection and says nothing, for as long as it likes.
    [Fact]
    public async Task CollectorThatNeverAnswers_CostsNoRequest_AndKeepsNobodyFromEnding()
    {
        await using RawServer collector = RawServer.Silent();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"""
                [telemetry.otlp]
                endpoint = "http://127.0.0.1:{collector.Port}"
                batch_interval = "100ms"
                timeout = "1m"
                [telemetry.traces]
                ratio = 1
                """,
        });
        await RawClient.GetAsync(proxy.Port);
        await collector.WaitForRequestsAsync(1);

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        }

        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task Ends_WhatWasRecordedIsSent()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { More = Otlp(collector, "batch_interval = \"5m\"", interval: "") });
        await RawClient.GetAsync(proxy.Port, "/one");
        await RawClient.GetAsync(proxy.Port, "/two");

        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        Assert.Equal(["/one", "/two"],
            collector.Spans.Where(s => s.Kind == Server).Select(s => (string)s.Attributes["url.path"]));
    }

    private static string Otlp(
        OtlpCollector collector, string more = "", string interval = "batch_interval = \"100ms\"") => $"""
        [telemetry.otlp]
        endpoint = "http://127.0.0.1:{collector.Port}"
        {interval}
        {more}
        [telemetry.traces]
        ratio = 1

        """;

    private static Task WaitForItemsAsync(ProxyProcess proxy, int count) => Eventually.TrueAsync(
        async () => await proxy.MetricAsync("edgeproxy_spool_items", "traces") == count, $"{count} items in the spool");

    private static Task WaitForLostAsync(ProxyProcess proxy, string reason, int count) => Eventually.TrueAsync(
        async () => await proxy.MetricAsync(
            "edgeproxy_telemetry_lost_items_total", $"kind=\"traces\",reason=\"{reason}\"") == count,
        $"{count} {reason}");

    private static DateTime Time(ulong nanos) => DateTime.UnixEpoch.AddTicks((long)nanos / 100);
}
