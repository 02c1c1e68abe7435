using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>
/// All three signals of a set of requests, read by OpenTelemetry's own decoder. Explicit: it comes from a registry that
/// a build may not reach. What it reads has to be what <see cref="OtlpDecoder"/> reads, which every build holds.
/// </summary>
public sealed class OtlpTransformerTests
{
    private const int ServerKind = 2;

    private static readonly (string Method, string Path, int Status)[] s_requests =
    [
        ("GET", "/cart", 200), ("POST", "/orders/7", 201), ("DELETE", "/orders/7", 404), ("PUT", "/fail", 500),
        ("PATCH", "/caf%C3%A9", 204), ("HEAD", "/cart", 200), ("OPTIONS", "/none", 204), ("BREW", "/pot", 418),
    ];

    [Fact(Explicit = true)]
    public async Task AllSignals_AreWhatWasAsked_FieldByField()
    {
        OtlpTransformer transformer = OtlpTransformer.Require();
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = Scripted();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"""
                [telemetry.otlp]
                endpoint = "http://127.0.0.1:{collector.Port}"
                batch_interval = "100ms"
                metrics_interval = "1s"
                [telemetry.traces]
                ratio = 1
                [access_log]
                output = "otlp"
                headers = ["User-Agent"]

                """,
        });
        for (int i = 0; i < s_requests.Length; i++)
        {
            (string method, string path, int status) = s_requests[i];
            RawResponse response = await RawClient.OnceAsync(proxy.Port,
                $"{method} {path}?n={i} HTTP/1.1\r\nHost: shop.test\r\nX-Request-Id: id-{i}\r\nUser-Agent: t/{i}\r\n"
                    + "Connection: close\r\nContent-Length: 0\r\n\r\n",
                method);
            Assert.Equal(status, response.Status);
        }

        await collector.WaitForSpansAsync(2 * s_requests.Length);
        await Eventually.TrueAsync(() => AccessLogs(collector.Logs).Length == s_requests.Length, "all log records");
        await collector.WaitForMetricsAsync(static all => CountOf(all) == (ulong)s_requests.Length);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        List<OtlpSpan> spans = await transformer.SpansAsync(collector.Bodies("/v1/traces"));
        List<OtlpLog> logs = await transformer.LogsAsync(collector.Bodies("/v1/logs"));
        List<OtlpMetric> metrics = await transformer.MetricsAsync(collector.Bodies("/v1/metrics"));

        Assert.Equivalent(collector.Spans, spans, strict: true);
        Assert.Equivalent(collector.Logs, logs, strict: true);
        Assert.Equivalent(collector.Bodies("/v1/metrics").SelectMany(OtlpDecoder.Metrics), metrics, strict: true);
        AssertSpans(spans, server.Port);
        AssertLogs(logs, spans);
        AssertMetrics([.. (await transformer.MetricsAsync([collector.Bodies("/v1/metrics")[^1]]))]);
    }

    private static void AssertSpans(List<OtlpSpan> spans, int port)
    {
        for (int i = 0; i < s_requests.Length; i++)
        {
            (string method, string path, int status) = s_requests[i];
            OtlpSpan span = spans.Single(s => s.Kind == ServerKind
                && (string)s.Attributes["edgeproxy.request_id"] == $"id-{i}");
            string known = method == "BREW" ? "_OTHER" : method;
            Assert.Equal(
                (known, path, "n=REDACTED", "shop.test", "all", "app", (long)status, 1L),
                (span.Attributes["http.request.method"], span.Attributes["url.path"], span.Attributes["url.query"],
                span.Attributes["server.address"], span.Attributes["http.route"],
                span.Attributes["edgeproxy.service"], span.Attributes["http.response.status_code"],
                span.Attributes["edgeproxy.tries"]));
            Assert.Equal((status >= 500 ? 2 : 0, ""), (span.StatusCode, span.ParentId));
            OtlpSpan child = spans.Single(s => s.ParentId == span.SpanId);
            Assert.Equal(
                (span.TraceId, (long)status, (long)port, status >= 400 ? 2 : 0),
                (child.TraceId, child.Attributes["http.response.status_code"], child.Attributes["server.port"],
                child.StatusCode));
            Assert.True(span.StartNanos <= child.StartNanos && child.EndNanos <= span.EndNanos);
        }
    }

    private static void AssertLogs(List<OtlpLog> logs, List<OtlpSpan> spans)
    {
        foreach (OtlpSpan span in spans.Where(static s => s.Kind == ServerKind))
        {
            OtlpLog log = AccessLogs(logs).Single(l => l.SpanId == span.SpanId);
            var status = (long)span.Attributes["http.response.status_code"];
            Assert.Equal(
                (span.TraceId, span.EndNanos, status >= 500 ? 17 : status >= 400 ? 13 : 9),
                (log.TraceId, log.TimeNanos, log.Severity));
            string number = ((string)span.Attributes["edgeproxy.request_id"])["id-".Length..];
            Assert.Equal($"t/{number}", log.Attributes["http.request.header.user-agent"]);
            Assert.Equal(
                span.Attributes.OrderBy(static a => a.Key),
                log.Attributes
                    .Where(static a => a.Key is not ("http.request.header.user-agent" or "edgeproxy.duration_ms"))
                    .OrderBy(static a => a.Key));
            Assert.InRange((double)log.Attributes["edgeproxy.duration_ms"],
                ((span.EndNanos - span.StartNanos) / 1e6) - 0.01, ((span.EndNanos - span.StartNanos) / 1e6) + 0.01);
        }
    }

    private static void AssertMetrics(List<OtlpMetric> metrics)
    {
        OtlpMetric durations = metrics.Single(static m => m.Name == "http.server.request.duration");
        Assert.Equal(("histogram", "s", 2), (durations.Kind, durations.Unit, durations.Temporality));
        Assert.Equal(
            s_requests.GroupBy(static r => (r.Method == "BREW" ? "_OTHER" : r.Method, $"{r.Status / 100}xx"))
                .Select(static g => (g.Key.Item1, g.Key.Item2, (ulong)g.Count())).Order(),
            durations.Points.Select(static p => ((string)p.Attributes["http.request.method"],
                (string)p.Attributes["edgeproxy.status_class"], p.Count)).Order());
        Assert.All(durations.Points, static p => Assert.Equal(p.Count, (ulong)p.Buckets.Sum(static b => (long)b)));
    }

    private static OtlpLog[] AccessLogs(IEnumerable<OtlpLog> logs) =>
        [.. logs.Where(static log => log.EventName is "edgeproxy.access" or "")];

    private static ulong CountOf(IReadOnlyList<OtlpMetric> metrics) => (ulong)metrics
        .Where(static m => m.Name == "http.server.request.duration").SelectMany(static m => m.Points)
        .Sum(static p => (long)p.Count);

    private static RawServer Scripted() => RawServer.Start(static async connection =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            int status = s_requests[int.Parse(request.Target[(request.Target.IndexOf('=') + 1)..], null)].Status;
            string length = status == 204 ? "" : "Content-Length: 0\r\n";
            await connection.SendAsync($"HTTP/1.1 {status} As Asked\r\n{length}\r\n");
        }
    });
}
