using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>rate_limit, in_flight and the address lists over real sockets.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task RateLimit_OverTheBurst_Is429WithItsFieldsAndTheConnectionGoesOn()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, "rate_limit = { average = 1, period = \"1h\", burst = 2 }");
        using RawClient client = await proxy.ConnectAsync();

        RawResponse first = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse third = await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        RawResponse fourth = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("\"m\";r=1;t=3600", first.Head.One("RateLimit"));
        Assert.Equal("\"m\";q=1;w=3600", first.Head.One("RateLimit-Policy"));
        Assert.Equal([429, 429], [third.Status, fourth.Status]);
        Assert.InRange(int.Parse(third.Head.One("Retry-After")!), 3500, 3600);
        Assert.Equal(2, server.WholeRequests.Count);
    }

    [Fact]
    public async Task RateLimit_EachAddress_HasItsOwnAndRoutersShareIt()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, "rate_limit = { average = 1, period = \"1h\", headers = false }", """
            [routers.other]
            rule = "PathPrefix(`/other`)"
            service = "app"
            middlewares = ["m"]
            """);

        RawResponse first = await AskAsync(proxy, "127.0.0.1");
        RawResponse second = await AskAsync(proxy, "127.0.0.2");
        RawResponse again = await AskAsync(proxy, "127.0.0.2", "/other");

        Assert.Equal([200, 200, 429], [first.Status, second.Status, again.Status]);
        Assert.False(first.Head.Has("RateLimit"));
    }

    [Fact]
    public async Task RateLimit_ByHeaderAndHost_AndReportOnly()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server,
            "rate_limit = { average = 1, period = \"1h\", key = \"header:X-Tenant\" }", """
            [middlewares.host.rate_limit]
            average = 1
            period = "1h"
            key = "host"
            report_only = true
            [routers.host]
            rule = "PathPrefix(`/host`)"
            service = "app"
            middlewares = ["host"]
            """);

        RawResponse[] byHeader =
        [
            await RawClient.GetAsync(proxy.Port, fields: "X-Tenant: a\r\n"),
            await RawClient.GetAsync(proxy.Port, fields: "X-Tenant: b\r\n"),
            await RawClient.GetAsync(proxy.Port, fields: "X-Tenant: a\r\n"),
            await RawClient.GetAsync(proxy.Port),
            await RawClient.GetAsync(proxy.Port),
        ];
        RawResponse[] byHost =
        [
            await RawClient.GetAsync(proxy.Port, "/host", host: "a.test"),
            await RawClient.GetAsync(proxy.Port, "/host", host: "a.test"),
        ];

        Assert.Equal([200, 200, 429, 200, 429], byHeader.Select(r => r.Status));
        Assert.Equal([200, 200], byHost.Select(r => r.Status));
        await proxy.ExpectMetricAsync(2, "edgeproxy_requests_limited_total");
        await proxy.ExpectMetricAsync(1, "edgeproxy_requests_over_limit_total");
    }

    [Fact]
    public async Task RateLimit_Reload_KeepsTheCountOfWhatIsUnchanged()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "rate_limit = { average = 1, period = \"1h\" }");

        RawResponse first = await RawClient.GetAsync(proxy.Port);
        proxy.Config.Service = "connect_timeout = \"7s\"";
        await proxy.ReloadAsync();
        RawResponse second = await RawClient.GetAsync(proxy.Port);
        proxy.Config.More = proxy.Config.More.Replace("average = 1", "average = 2");
        await proxy.ReloadAsync();
        RawResponse third = await RawClient.GetAsync(proxy.Port);

        Assert.Equal([200, 429, 200], [first.Status, second.Status, third.Status]);
    }

    [Fact]
    public async Task InFlight_Full_Is503UntilOneEnds()
    {
        var go = new Gate();
        await using RawServer server = GatedServer(go);
        await using ProxyProcess proxy = await StartAsync(server, "in_flight = { max = 1 }");
        using RawClient slow = await proxy.ConnectAsync();
        await slow.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        await server.WaitForRequestsAsync(1);

        RawResponse refused = await RawClient.GetAsync(proxy.Port);
        go.Open();
        RawResponse answered = await slow.ReadResponseAsync();
        RawResponse next = await RawClient.GetAsync(proxy.Port);

        Assert.Equal([503, 200, 200], [refused.Status, answered.Status, next.Status]);
        Assert.Equal("1", refused.Head.One("Retry-After"));
    }

    [Fact]
    public async Task InFlight_ClientThatLeaves_GivesItsPlaceBack()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await (request.Target == "/hang" ? connection.Wire.ReadToEndAsync() : connection.AnswerAsync());
            }
        });
        await using ProxyProcess proxy = await StartAsync(server, "in_flight = { max = 1, key = \"client_ip\" }");
        using (RawClient hanging = await proxy.ConnectAsync())
        {
            await hanging.SendAsync("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
            await server.WaitForRequestsAsync(1);
            Assert.Equal(429, (await RawClient.GetAsync(proxy.Port)).Status);
            Assert.Equal(200, (await AskAsync(proxy, "127.0.0.9")).Status);
            hanging.Reset();
        }

        await server.WaitForOpenAsync(1);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task RateLimit_SeveralParts_EachPairHasItsOwn()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, "rate_limit = { average = 1, period = \"1h\", burst = 1, key = \"client_ip+header:X-Tenant\" }");

        RawResponse[] answers =
        [
            await AskAsync(proxy, "127.0.0.1", fields: "X-Tenant: a\r\n"),
            await AskAsync(proxy, "127.0.0.1", fields: "X-Tenant: b\r\n"),
            await AskAsync(proxy, "127.0.0.2", fields: "X-Tenant: a\r\n"),
            await AskAsync(proxy, "127.0.0.1", fields: "X-Tenant: a\r\n"),
        ];

        Assert.Equal([200, 200, 200, 429], answers.Select(answer => answer.Status));
    }

    [Fact]
    public async Task InFlight_Queue_RequestsGoInTheOrderTheyCame_AndOneMoreIsRefused()
    {
        var go = new Gate();
        await using RawServer server = GatedServer(go);
        await using ProxyProcess proxy = await StartAsync(
            server, "in_flight = { max = 1, queue = 2, queue_timeout = \"1m\" }");
        using RawClient slow = await proxy.ConnectAsync();
        await slow.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        await server.WaitForRequestsAsync(1);
        using RawClient first = await proxy.ConnectAsync();
        using RawClient gone = await proxy.ConnectAsync();
        await first.SendAsync("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
        await WaitForQueuedAsync(proxy, 1);
        await gone.SendAsync("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
        await WaitForQueuedAsync(proxy, 2);

        Assert.Equal(503, (await RawClient.GetAsync(proxy.Port, "/refused")).Status);
        gone.Reset(); // and with it its place
        using RawClient last = await proxy.ConnectAsync();
        await Eventually.TrueAsync(async () => await proxy.MetricAsync("edgeproxy_clients_gone_total") == 1, "the reset");
        await last.SendAsync("GET /last HTTP/1.1\r\nHost: a\r\n\r\n");
        await WaitForQueuedAsync(proxy, 3);
        Assert.Single(server.Requests);
        go.Open();

        Assert.Equal(200, (await slow.ReadResponseAsync()).Status);
        Assert.Equal(200, (await first.ReadResponseAsync()).Status);
        Assert.Equal(200, (await last.ReadResponseAsync()).Status);
        Assert.Equal(["/slow", "/first", "/last"], server.Requests.Select(request => request.Target));
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task InFlight_QueueTimeout_IsARefusal_AndTheConnectionGoesOn()
    {
        var go = new Gate();
        await using RawServer server = GatedServer(go);
        await using ProxyProcess proxy = await StartAsync(
            server, "in_flight = { max = 1, queue = 5, queue_timeout = \"50ms\", key = \"client_ip\" }");
        using RawClient slow = await proxy.ConnectAsync();
        await slow.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        await server.WaitForRequestsAsync(1);

        using RawClient late = await proxy.ConnectAsync();
        await late.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal(429, (await late.ReadResponseAsync()).Status);
        go.Open();
        Assert.Equal(200, (await slow.ReadResponseAsync()).Status);
        Assert.Equal(200, (await late.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Fact]
    public async Task IpList_File_IsWatched_AndABadOneChangesNothing()
    {
        await using RawServer server = RawServer.Ok();
        string path = Path.Combine(Path.GetTempPath(), $"networks-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(path, "# tills\n127.0.1.0/24 # the shop\n\n", TestContext.Current.CancellationToken);
        try
        {
            await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
            {
                WatchInterval = "100ms",
                Router = "middlewares = [\"m\"]",
                More = $"[middlewares.m.ip_allow_list]\nsource_files = [\"{path}\"]\n",
            });
            Assert.Equal(403, (await RawClient.GetAsync(proxy.Port)).Status);
            Assert.Equal(200, (await AskAsync(proxy, "127.0.1.1")).Status);

            await WholeFile.ReplaceAsync(path, "127.0.0.1\n127.0.1.1/24\n");
            await proxy.WaitForLineAsync("line 2 of");
            Assert.Equal(403, (await RawClient.GetAsync(proxy.Port)).Status);

            await WholeFile.ReplaceAsync(path, "127.0.0.1\n");
            await Eventually.TrueAsync(
                async () => (await RawClient.GetAsync(proxy.Port)).Status == 200, "the new networks");
            Assert.Equal(403, (await AskAsync(proxy, "127.0.1.1")).Status);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("ip_allow_list", 403, 200)]
    [InlineData("ip_deny_list", 200, 403)]
    public async Task IpList_IsAskedForTheConnectionsAddress(string kind, int other, int listed)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, $"{kind} = {{ source_range = [\"127.0.1.0/24\"] }}");

        RawResponse[] answers =
        [
            await AskAsync(proxy, "127.0.0.1", fields: "X-Forwarded-For: 127.0.1.1\r\n"),
            await AskAsync(proxy, "127.0.1.7", fields: "X-Forwarded-For: 127.0.0.1\r\n"),
        ];

        Assert.Equal([other, listed], answers.Select(r => r.Status));
    }

    [Theory]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\n", 200)]
    [InlineData("X-Forwarded-For: 198.51.100.1, 192.0.2.1\r\n", 200)]
    [InlineData("X-Forwarded-For: 192.0.2.1, 198.51.100.1\r\n", 403)]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 198.51.100.1\r\n", 403)]
    [InlineData("X_Forwarded_For: 192.0.2.1\r\n", 403)]
    [InlineData("X-Forwarded-For: 192.0.2.1, unknown\r\n", 403)]
    [InlineData("", 403)]
    public async Task IpList_Depth_TakesTheAddressATrustedProxyAdded(string fields, int status)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, "ip_allow_list = { source_range = [\"192.0.2.0/24\"], depth = 1 }",
            entryPoint: "trusted_ips = [\"127.0.0.1\"]");

        Assert.Equal(status, (await RawClient.GetAsync(proxy.Port, fields: fields)).Status);
        Assert.Equal(403, (await AskAsync(proxy, "127.0.0.2", fields: "X-Forwarded-For: 192.0.2.1\r\n")).Status);
    }

    // The front's own address is one that is let in; a request of whom it says nothing is not the front's.
    [Theory]
    [InlineData("ip_allow_list", 403)]
    [InlineData("ip_deny_list", 200)]
    public async Task IpList_FrontThatDoesNotSayWho_IsNobodyToLetIn(string kind, int status)
    {
        await using RawServer server = RawServer.Ok();
        string range = kind == "ip_allow_list" ? "127.0.0.0/8" : "192.0.2.0/24";
        await using ProxyProcess proxy = await StartAsync(
            server, $"{kind} = {{ source_range = [\"{range}\"], depth = 1 }}",
            entryPoint: "trusted_ips = [\"127.0.0.1\"]");

        foreach (string fields in (string[])["", "X-Forwarded-For: unknown\r\n", "X-Forwarded-For: 127.0.0.1:80\r\n"])
        {
            Assert.Equal(status, (await RawClient.GetAsync(proxy.Port, fields: fields)).Status);
        }

        RawResponse told = await RawClient.GetAsync(proxy.Port, fields: "X-Forwarded-For: 127.0.0.9\r\n");
        Assert.Equal(200, told.Status);
    }

    private static RawServer GatedServer(Gate go) => RawServer.Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            if (request.Target == "/slow")
            {
                await go.PassAsync("the test");
            }

            await connection.AnswerAsync();
        }
    });

    private static Task WaitForQueuedAsync(ProxyProcess proxy, int count) => Eventually.TrueAsync(
        async () => await proxy.MetricAsync("edgeproxy_requests_queued_total") == count, $"{count} in the queue");

    private static Task<ProxyProcess> StartAsync(
        RawServer server, string middleware, string more = "", string entryPoint = "") =>
        ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = entryPoint,
            Router = "middlewares = [\"m\"]",
            More = $"[middlewares.m]\n{middleware}\n{more}",
        });

    private static async Task<RawResponse> AskAsync(
        ProxyProcess proxy, string from, string path = "/", string fields = "")
    {
        using RawClient client = await RawClient.ConnectAsync(proxy.Port, from);
        return await client.RequestAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    }
}
