using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>[services.NAME.capacity]: how much a server gets at a time, and who waits.</summary>
public sealed class CapacityTests
{
    [Fact]
    public async Task ServersAtTheirLimit_OthersWaitInOrder()
    {
        var steps = new SemaphoreSlim(0);
        await using RawServer server = Stepwise(steps);
        var config = new ProxyConfig(server) { Service = "capacity = { requests_max = 1, queue_timeout = \"5m\" }" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        var answers = new List<Task<RawResponse>>();
        for (int i = 0; i < 4; i++)
        {
            answers.Add(RawClient.GetAsync(proxy.Port, $"/{i}"));
            int expected = i;
            await Eventually.TrueAsync(
                async () => server.Requests.Count == 1 && await WaitingAsync(proxy) == expected, "the request to wait");
        }

        for (int i = 0; i < 4; i++)
        {
            steps.Release();
            Assert.Equal(200, (await answers[i]).Status);
        }

        Assert.Equal(["/0", "/1", "/2", "/3"], server.Requests.Select(request => request.Target));
        Assert.Equal(1, server.ConnectionCount);
        await proxy.ExpectMetricAsync(3, "edgeproxy_requests_queued_total");
    }

    [Fact]
    public async Task OneServerAtItsLimit_TheOtherIsAsked()
    {
        var steps = new SemaphoreSlim(0);
        await using RawServer held = Stepwise(steps);
        await using RawServer free = RawServer.Ok();
        var config = new ProxyConfig(held, free) { Service = "capacity = { requests_max = 1, queue_timeout = \"5m\" }" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Task<RawResponse> first = RawClient.GetAsync(proxy.Port);
        await held.WaitForRequestsAsync(1);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        }

        Assert.Equal((1, 5), (held.Requests.Count, free.Requests.Count));
        steps.Release();
        Assert.Equal(200, (await first).Status);
    }

    [Fact]
    public async Task QueueFull_Is503AndWhoWaitsIsServed()
    {
        var steps = new SemaphoreSlim(0);
        await using RawServer server = Stepwise(steps);
        var config = new ProxyConfig(server)
        {
            Service = "capacity = { requests_max = 1, queue_max = 1, queue_timeout = \"5m\" }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Task<RawResponse> first = RawClient.GetAsync(proxy.Port);
        await server.WaitForRequestsAsync(1);
        Task<RawResponse> waiting = RawClient.GetAsync(proxy.Port, "/waiting");
        await Eventually.TrueAsync(async () => await WaitingAsync(proxy) == 1, "the request to wait");

        RawResponse refused = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((503, "503: too many requests wait for a server\n"), (refused.Status, refused.BodyText));
        steps.Release(2);
        Assert.Equal((200, 200), ((await first).Status, (await waiting).Status));
    }

    [Fact]
    public async Task QueueTooLong_Is503AndTheConnectionGoesOn()
    {
        var steps = new SemaphoreSlim(0);
        await using RawServer server = Stepwise(steps);
        var config = new ProxyConfig(server)
        {
            Service = "capacity = { requests_max = 1, queue_timeout = \"500ms\" }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Task<RawResponse> first = RawClient.GetAsync(proxy.Port);
        await server.WaitForRequestsAsync(1);
        using RawClient waiting = await proxy.ConnectAsync();
        await waiting.SendAsync("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse late = await waiting.ReadResponseAsync();
        Assert.Equal((503, "503: no server had room for the request in time\n"), (late.Status, late.BodyText));
        await Eventually.TrueAsync(async () => await WaitingAsync(proxy) == 0, "nobody to wait");

        steps.Release(2);
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await waiting.RequestAsync("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.DoesNotContain(server.Requests, request => request.Target == "/late");
    }

    [Fact]
    public async Task ClientThatLeavesTheQueue_MakesWay()
    {
        var steps = new SemaphoreSlim(0);
        await using RawServer server = Stepwise(steps);
        var config = new ProxyConfig(server) { Service = "capacity = { requests_max = 1, queue_timeout = \"5m\" }" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Task<RawResponse> first = RawClient.GetAsync(proxy.Port);
        await server.WaitForRequestsAsync(1);
        using (RawClient leaving = await proxy.ConnectAsync())
        {
            await leaving.SendAsync("GET /left HTTP/1.1\r\nHost: a\r\n\r\n");
            await Eventually.TrueAsync(async () => await WaitingAsync(proxy) == 1, "the request to wait");
            leaving.Reset();
        }

        await Eventually.TrueAsync(async () => await WaitingAsync(proxy) == 0, "the client to be seen to have left");
        Task<RawResponse> next = RawClient.GetAsync(proxy.Port, "/next");
        await Eventually.TrueAsync(async () => await WaitingAsync(proxy) == 1, "the next to wait");
        steps.Release(2);

        Assert.Equal((200, 200), ((await first).Status, (await next).Status));
        Assert.Equal(["/", "/next"], server.Requests.Select(request => request.Target));
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("503")]
    [InlineData("refused")]
    public async Task FailedTries_GiveTheirPlaceBack(string way)
    {
        await using RawServer bad = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null && way == "503")
            {
                await connection.AnswerAsync(status: "503 Sick");
            }
        });
        await using RawServer good = RawServer.Ok();
        if (way == "refused")
        {
            bad.StopAccepting();
        }

        var config = new ProxyConfig(bad, good)
        {
            Service = """
                capacity = { requests_max = 1, queue_timeout = "1m" }
                retry = { on = ["connect", "reset", "503"] }
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        }

        await proxy.ExpectMetricAsync(0, "edgeproxy_requests_queued_total");
    }

    [Fact]
    public async Task SeveralLoops_TheLimitIsOfAllOfThem()
    {
        int inside = 0;
        int most = 0;
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                int now = Interlocked.Increment(ref inside);
                int seen = Volatile.Read(ref most);
                while (now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen)
                {
                    seen = Volatile.Read(ref most);
                }

                await Task.Yield();
                Interlocked.Decrement(ref inside);
                await connection.AnswerAsync();
            }
        });
        var config = new ProxyConfig(server)
        {
            Loops = 3,
            Service = "capacity = { requests_max = 2, queue_timeout = \"30s\" }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
            }
        })));

        Assert.Equal(320, server.Requests.Count);
        Assert.InRange(most, 1, 2);
        await Eventually.TrueAsync(async () => await WaitingAsync(proxy) == 0, "nobody to wait");
    }

    private static RawServer Stepwise(SemaphoreSlim steps) => RawServer.Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is not null)
        {
            await steps.WaitAsync();
            await connection.AnswerAsync();
        }
    });

    private static async Task<int> WaitingAsync(ProxyProcess proxy)
    {
        RawResponse response = await proxy.AdminAsync("/api/v1/services");
        using var services = System.Text.Json.JsonDocument.Parse(response.BodyText);
        return services.RootElement[0].GetProperty("waiting").GetInt32();
    }
}
