using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>What consumers asked for, at /metrics and at a collector: by names of the file and no others.</summary>
public sealed class ConsumerMetricsTests
{
    private const string Requests = "edgeproxy_consumer_requests_total";
    private const string Limited = "edgeproxy_consumer_requests_limited_total";
    private const string OverLimit = "edgeproxy_consumer_requests_over_limit_total";

    private static readonly string s_consumers = ConsumerOf("shop") + ConsumerOf("till");

    private static readonly string s_limits = """
        [middlewares.key.api_key]
        header = "X-Key"
        [middlewares.trial.rate_limit]
        average = 1
        period = "24h"
        burst = 3
        key = "consumer"
        report_only = true
        [middlewares.limit.rate_limit]
        average = 1
        period = "24h"
        burst = 4
        key = "consumer"

        """;

    [Fact]
    public async Task Requests_AreCountedByWhoAsks_RefusedOnesToo_AndOverReloads()
    {
        await using RawServer server = RawServer.Start(static async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.AnswerAsync("", status: request.Target == "/none" ? "404 None" : "200 OK");
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Loops = 2,
            Router = "middlewares = [\"key\", \"trial\", \"limit\"]",
            More = s_consumers + s_limits,
        });

        int[] statuses =
        [
            await StatusAsync(proxy, "shop"), await StatusAsync(proxy, "shop", "/none"),
            await StatusAsync(proxy, "shop"), await StatusAsync(proxy, "shop"), await StatusAsync(proxy, "shop"),
            await StatusAsync(proxy, "nobody"),
        ];

        Assert.Equal([200, 404, 200, 200, 429, 401], statuses);
        await ExpectAsync(proxy, Requests, "{edgeproxy_consumer=\"shop\",edgeproxy_status_class=\"2xx\"}", 3);
        await ExpectAsync(proxy, Requests, "{edgeproxy_consumer=\"shop\",edgeproxy_status_class=\"4xx\"}", 2);
        await ExpectAsync(proxy, Limited, "{edgeproxy_consumer=\"shop\"}", 1);
        await ExpectAsync(proxy, OverLimit, "{edgeproxy_consumer=\"shop\"}", 2);
        await ExpectAsync(proxy, Requests, "", 5); // nobody is no consumer, and till never came

        // Whoever stays goes on counting; who leaves is no longer told of.
        proxy.Config.More = ConsumerOf("shop") + ConsumerOf("desk") + s_limits;
        await proxy.ReloadAsync();
        Assert.Equal(200, await StatusAsync(proxy, "desk"));
        await ExpectAsync(proxy, Requests, "{edgeproxy_consumer=\"desk\",edgeproxy_status_class=\"2xx\"}", 1);
        await ExpectAsync(proxy, Requests, "{edgeproxy_consumer=\"shop\",edgeproxy_status_class=\"2xx\"}", 3);
        await ExpectAsync(proxy, "edgeproxy_consumers_left_out", "", 0);
        proxy.Config.More = ConsumerOf("desk") + s_limits;
        await proxy.ReloadAsync();
        Assert.DoesNotContain("edgeproxy_consumer=\"shop\"", (await proxy.AdminAsync("/metrics")).BodyText);
        await ExpectAsync(proxy, Requests, "{edgeproxy_consumer=\"desk\",edgeproxy_status_class=\"2xx\"}", 1);

        // Its place among them is another one now.
        Assert.Equal(200, await StatusAsync(proxy, "desk"));
        await ExpectAsync(proxy, Requests, "{edgeproxy_consumer=\"desk\",edgeproxy_status_class=\"2xx\"}", 2);
    }

    [Fact]
    public async Task Collector_HearsTheSame()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"key\"]",
            More = s_consumers + s_limits
                + $"[telemetry.otlp]\nendpoint = \"http://127.0.0.1:{collector.Port}\"\nmetrics_interval = \"1s\"\n",
        });

        Assert.Equal(200, await StatusAsync(proxy, "till"));

        IReadOnlyList<OtlpMetric> metrics = await collector.WaitForMetricsAsync(
            static all => all.Any(metric => metric.Name == "edgeproxy.consumer_requests"));
        OtlpMetric requests = metrics.Single(static metric => metric.Name == "edgeproxy.consumer_requests");
        OtlpPoint point = Assert.Single(requests.Points);
        Assert.Equal(("sum", 1.0), (requests.Kind, point.Value));
        Assert.Equal(
            new Dictionary<string, object> { ["edgeproxy.consumer"] = "till", ["edgeproxy.status_class"] = "2xx" },
            point.Attributes);
    }

    private static string ConsumerOf(string name) =>
        $"[consumers.{name}]\nkeys = [{{ sha256 = \"{Convert.ToHexStringLower(SHA256.HashData(Key(name)))}\" }}]\n";

    private static byte[] Key(string name) => Encoding.ASCII.GetBytes($"key of {name}");

    private static async Task<int> StatusAsync(ProxyProcess proxy, string who, string path = "/") =>
        (await RawClient.GetAsync(proxy.Port, path, $"X-Key: {Encoding.ASCII.GetString(Key(who))}\r\n")).Status;

    private static Task ExpectAsync(ProxyProcess proxy, string name, string labels, int count) =>
        proxy.ExpectMetricAsync(count, name, labels);
}
