using System;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Services made of services: who answers, while servers come and go and the file changes.</summary>
public sealed class ComposedServiceTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Probed = "health_check = { interval = \"100ms\", jitter = \"0\", timeout = \"1m\", rise = 1, fall = 1 }";

    [Fact]
    public async Task Weighted_CanaryShares_AreExactAndChangeWithAReload()
    {
        await using RawServer now = RawServer.Ok("now");
        await using RawServer next = RawServer.Ok("next");
        var config = new ProxyConfig { IsBare = true, More = Rollout(now, next, 9, 1) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        await GetAsync(client, 40);
        Assert.Equal((36, 4), (now.Requests.Count, next.Requests.Count));

        config.More = Rollout(now, next, 1, 1);
        await proxy.ReloadAsync();
        await GetAsync(client, 40);
        Assert.InRange(next.Requests.Count, 23, 25);

        config.More = Rollout(now, next, 0, 1);
        await proxy.ReloadAsync();
        int before = now.Requests.Count;
        await GetAsync(client, 10);
        Assert.Equal(before, now.Requests.Count);
        Assert.Equal((1, 1), (now.ConnectionCount, next.ConnectionCount));
        await proxy.ExpectMetricAsync(
            next.Requests.Count, "edgeproxy_composed_requests_total", "service=\"all\",member=\"next\"");
    }

    [Fact]
    public async Task Failover_MainGoesAndComesBack_NoRequestIsLost()
    {
        bool isWell = true;
        await using RawServer main = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                bool isGood = request.Target == "/" || Volatile.Read(ref isWell);
                await connection.AnswerAsync("main", status: isGood ? "200 OK" : "500 Broken");
            }
        });
        await using RawServer spare = RawServer.Ok("spare");
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
                {{Probed.Replace("{ ", "{ path = \"/healthz\", ")}}
                [services.spare]
                {{ProxyConfig.ServerList(spare.Port)}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForServersAsync("up", main.Port);
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("main", await BodyAsync(client));

        Volatile.Write(ref isWell, false);
        await WaitForAsync(client, "spare");
        await GetAsync(client, 5);
        await proxy.WaitForLineAsync("service all: its main service has no usable server; requests go to spare");
        JsonElement members = (await StatusAsync(proxy, "all")).GetProperty("services");
        Assert.Equal(
            ["main False", "spare True"],
            members.EnumerateArray().Select(
                member => $"{member.GetProperty("name").GetString()} {member.GetProperty("usable").GetBoolean()}"));

        // What is known stays known: the first request after a reload goes to the fallback, too.
        await proxy.ReloadAsync();
        Assert.Equal("spare", await BodyAsync(client));

        Volatile.Write(ref isWell, true);
        await WaitForAsync(client, "main");
        await proxy.WaitForLineAsync("service all: requests go to main again");
        Assert.Equal(2, proxy.Stderr.Count(line => line.Contains("service all: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Retry_StaysInTheServiceThatWasChosen()
    {
        await using RawServer bad = FailingServer.Start("503");
        await using RawServer good = RawServer.Ok("good");
        await using RawServer other = RawServer.Ok("other");
        var config = new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "all"
                [services.all]
                weighted = { services = [{ name = "pair" }, { name = "other", weight = 0 }] }
                [services.pair]
                {{ProxyConfig.ServerList(bad.Port, good.Port)}}
                retry = { on = ["503"] }
                [services.other]
                {{ProxyConfig.ServerList(other.Port)}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        for (int i = 0; i < 6; i++)
        {
            Assert.Equal("good", (await RawClient.GetAsync(proxy.Port)).BodyText);
        }

        Assert.NotEmpty(bad.Requests);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Nested_AllLevels_LeadToAServer()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        var config = new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "outer"
                [services.outer]
                weighted = { services = [{ name = "inner", weight = 3 }, { name = "b" }] }
                [services.inner]
                failover = { service = "dead", fallback = "a" }
                [services.dead]
                {{ProxyConfig.ServerList(Ports.Next())}}
                {{Probed}}
                [services.a]
                {{ProxyConfig.ServerList(a.Port)}}
                [services.b]
                {{ProxyConfig.ServerList(b.Port)}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        await GetAsync(client, 20);

        Assert.Equal((15, 5), (a.Requests.Count, b.Requests.Count));
    }

    [Fact]
    public async Task NobodyUsable_Is503()
    {
        var config = new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "all"
                [services.all]
                failover = { service = "a", fallback = "b" }
                [services.a]
                {{ProxyConfig.ServerList(Ports.Next())}}
                {{Probed}}
                [services.b]
                {{ProxyConfig.ServerList(Ports.Next())}}
                {{Probed}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((503, "503: no server of the service is healthy\n"), (response.Status, response.BodyText));
    }

    private static string Rollout(RawServer now, RawServer next, int weightNow, int weightNext) => $$"""
        [routers.all]
        rule = "PathPrefix(`/`)"
        service = "all"
        [services.all.weighted]
        services = [{ name = "now", weight = {{weightNow}} }, { name = "next", weight = {{weightNext}} }]
        [services.now]
        {{ProxyConfig.ServerList(now.Port)}}
        [services.next]
        {{ProxyConfig.ServerList(next.Port)}}
        """;

    private static async Task GetAsync(RawClient client, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        }
    }

    private static async Task<string> BodyAsync(RawClient client) => (await client.RequestAsync(Get)).BodyText;

    // Each request on the way is answered well, whoever answers it.
    private static Task WaitForAsync(RawClient client, string body) => Eventually.TrueAsync(
        async () =>
        {
            RawResponse response = await client.RequestAsync(Get);
            Assert.Equal(200, response.Status);
            return response.BodyText == body;
        },
        $"an answer of {body}");

    private static async Task<JsonElement> StatusAsync(ProxyProcess proxy, string service)
    {
        using var json = JsonDocument.Parse((await proxy.AdminAsync("/api/v1/services")).BodyText);
        return json.RootElement.EnumerateArray()
            .Single(element => element.GetProperty("name").GetString() == service).Clone();
    }
}
