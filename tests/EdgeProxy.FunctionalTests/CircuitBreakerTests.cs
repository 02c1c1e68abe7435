using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Services that answer badly are left alone for a while, and come back little by little.</summary>
public sealed class CircuitBreakerTests
{
    private const string Fast = "check_period = \"10ms\", requests_min = 5";

    [Theory]
    [InlineData("reset", "NetworkErrorRatio() > 0.5", 502)]
    [InlineData("closed", "NetworkErrorRatio() > 0.5", 502)]
    [InlineData("not http", "NetworkErrorRatio() > 0.5", 502)]
    [InlineData("503", "ResponseCodeRatio(500, 600, 0, 600) > 0.5", 503)]
    [InlineData("reset", "ResponseCodeRatio(502, 503, 0, 600) > 0.5", 502)]
    [InlineData("refused", "NetworkErrorRatio() > 0.5", 502)]
    [InlineData("refused", "ResponseCodeRatio(502, 503, 0, 600) > 0.5", 502)]
    [InlineData("hangs", "NetworkErrorRatio() > 0.5", 504)]
    [InlineData("hangs", "ResponseCodeRatio(504, 505, 0, 600) > 0.5", 504)]
    [InlineData("hangs within the head", "NetworkErrorRatio() > 0.5", 504)]
    [InlineData("503 and hangs", "ResponseCodeRatio(503, 504, 0, 600) > 0.5", 503)]
    [InlineData("hangs within the body", "NetworkErrorRatio() > 0.9", 200)]
    [InlineData("gone within the body", "NetworkErrorRatio() > 0.9", 200)]
    [InlineData("wrong chunks", "NetworkErrorRatio() > 0.9", 200)]
    public async Task BadAnswers_OpenIt(string way, string expression, int status)
    {
        await using RawServer server = FailingServer.Start(way);
        if (way == "refused")
        {
            server.StopAccepting();
        }

        var config = new ProxyConfig(server)
        {
            Service = $$"""
                {{FailingServer.Limits(way, "300ms")}}
                circuit_breaker = { expression = "{{expression}}", {{Fast}}, fallback_duration = "1h" }
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(status, (await RawClient.GetAsync(proxy.Port)).Status);
        }

        RawResponse refused = await OpenAsync(proxy);

        Assert.Equal(503, refused.Status);
        Assert.InRange(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture), 3_000, 3_600);
        int before = server.Requests.Count;
        for (int i = 0; i < 5; i++)
        {
            await RawClient.GetAsync(proxy.Port);
        }

        Assert.Equal(before, server.Requests.Count);
        await proxy.WaitForLineAsync($"service app: its circuit breaker is open ({expression})");
        Assert.Equal("open", await StateAsync(proxy));
        await proxy.ExpectMetricAsync(2, "edgeproxy_breaker_state", "service=\"app\"");
        await proxy.ExpectMetricAsync(1, "edgeproxy_breaker_openings_total");
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_breaker_rejections_total") >= 6, "six to be refused");

        // Other settings do not close it, and neither do the same.
        await proxy.ReloadAsync();
        config.Service = config.Service.Replace("0.5", "0.6");
        await proxy.ReloadAsync();
        Assert.Equal("open", await StateAsync(proxy));
        Assert.Equal(503, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(before, server.Requests.Count);
    }

    [Fact]
    public async Task SlowAnswers_OpenIt()
    {
        await using RawServer slow = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                using var timer = new PeriodicTimer(System.TimeSpan.FromMilliseconds(60));
                await timer.WaitForNextTickAsync(); // the server's work, not a wait for something
                await connection.AnswerAsync();
            }
        });
        var config = new ProxyConfig(slow)
        {
            Service = $"circuit_breaker = {{ expression = \"LatencyAtQuantileMS(50) > 20\", {Fast} }}",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        // Ten seconds, and what is left of them by now.
        Assert.InRange(int.Parse((await OpenAsync(proxy)).Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 10);
    }

    [Fact]
    public async Task GoodAnswers_KeepItClosed()
    {
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server)
        {
            Service = $$"""
                circuit_breaker.expression = "NetworkErrorRatio() > 0 || ResponseCodeRatio(400, 600, 0, 600) > 0"
                circuit_breaker.requests_min = 5
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        }

        Assert.Equal("closed", await StateAsync(proxy));
    }

    [Fact]
    public async Task Queued_WhenItOpens_AreRefusedToo()
    {
        var gate = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await gate.PassAsync("the queue");
                await connection.AnswerAsync("broken", status: "500 Broken");
            }
        });
        var config = new ProxyConfig(server)
        {
            Service = """
                capacity = { requests_max = 1, queue_timeout = "5m" }
                circuit_breaker = { expression = "ResponseCodeRatio(500, 600, 0, 600) > 0", requests_min = 1 }
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Task<RawResponse>[] answers = [.. Enumerable.Range(0, 3).Select(_ => RawClient.GetAsync(proxy.Port))];
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_requests_queued_total") == 2, "two to wait");

        gate.Open();

        int[] statuses = [.. (await Task.WhenAll(answers)).Select(answer => answer.Status).Order()];
        int[] expected = [500, 503, 503];
        Assert.Equal(expected, statuses);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Failover_FallsBackWhileItIsOpen_AndComesBack()
    {
        // Broken until it is left alone, and well from then on: however late it recovers, it opens once.
        await using RawServer spare = RawServer.Ok("spare");
        await using RawServer main = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync("main", status: spare.Requests.Count > 0 ? "200 OK" : "500 Broken");
            }
        });
        var config = new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "all"
                [services.all]
                failover = { service = "main", fallback = "spare" }
                [services.main]
                {{ProxyConfig.ServerList(main.Port)}}
                [services.main.circuit_breaker]
                expression = "ResponseCodeRatio(500, 600, 0, 600) > 0.5"
                check_period = "10ms"
                requests_min = 3
                fallback_duration = "1s"
                recovery_duration = "1s"
                [services.spare]
                {{ProxyConfig.ServerList(spare.Port)}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        await UntilAsync(proxy, "spare");
        await proxy.WaitForLineAsync("service all: its main service has no usable server; requests go to spare");
        await UntilAsync(proxy, "main");
        await proxy.WaitForLineAsync("service all: requests go to main again");
        await Eventually.TrueAsync(
            async () =>
            {
                // While it recovers nobody is refused: what does not pass goes to the fallback.
                Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
                return await StateAsync(proxy, "main") == "closed";
            },
            "the breaker to close");
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal("main", (await RawClient.GetAsync(proxy.Port)).BodyText);
        }

        await proxy.WaitForLineAsync("service main: its circuit breaker lets some requests pass again");
        await proxy.WaitForLineAsync("service main: its circuit breaker is closed again");
        Assert.Equal(2, proxy.Stderr.Count(line => line.Contains("service all: ")));
    }

    private static Task<RawResponse> UntilAsync(ProxyProcess proxy, string body) => Eventually.GetAsync(
        () => RawClient.GetAsync(proxy.Port), response => response is { Status: 200 } && response.BodyText == body,
        $"an answer of {body}");

    private static Task<RawResponse> OpenAsync(ProxyProcess proxy) => Eventually.GetAsync(
        () => RawClient.GetAsync(proxy.Port),
        response => response.BodyText == "503: the service does not answer well and is left alone for a while\n",
        "the breaker to open");

    private static async Task<string?> StateAsync(ProxyProcess proxy, string service = "app")
    {
        using var json = JsonDocument.Parse((await proxy.AdminAsync("/api/v1/services")).BodyText);
        return json.RootElement.EnumerateArray().Single(element => element.GetProperty("name").GetString() == service)
            .GetProperty("circuit_breaker").GetProperty("state").GetString();
    }
}
