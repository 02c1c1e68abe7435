using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Which router takes a request, and that the server is asked for the very path that was routed.</summary>
public sealed class RoutingTests
{
    [Theory]
    [InlineData("GET", "/", "one.test", "", "host")]
    [InlineData("GET", "/", "ONE.test:8080", "", "host")]
    [InlineData("GET", "/", "one.test.", "", "host")]
    [InlineData("GET", "/", "a.wild.test", "", "wild")]
    [InlineData("GET", "/", "wild.test", "", "rest")]
    [InlineData("GET", "/exact", "x", "", "exact")]
    [InlineData("GET", "/exact/", "x", "", "rest")]
    [InlineData("GET", "/api/v1", "x", "", "long")]
    [InlineData("GET", "/api/x", "x", "", "short")]
    [InlineData("POST", "/m", "x", "", "method")]
    [InlineData("GET", "/m", "x", "", "rest")]
    [InlineData("GET", "/", "x", "X-Kind: beta\r\n", "header")]
    [InlineData("GET", "/?kind=q", "x", "", "query")]
    [InlineData("GET", "/item/42", "x", "", "regexp")]
    [InlineData("GET", "/item/4x", "x", "", "rest")]
    [InlineData("GET", "/forced/a", "x", "", "forced")]
    public async Task Request_IsTakenByTheMostSpecificRouter(
        string method, string target, string host, string fields, string router)
    {
        await using var routers = new NamedRouters(
            ("host", "Host(`one.test`)", ""),
            ("wild", "Host(`*.wild.test`)", ""),
            ("exact", "Path(`/exact`)", ""),
            ("short", "PathPrefix(`/api`)", ""),
            ("long", "PathPrefix(`/api/v1`)", ""),
            ("method", "Method(`POST`) && Path(`/m`)", ""),
            ("header", "Header(`X-Kind`, `beta`)", ""),
            ("query", "Query(`kind`, `q`)", "priority = -1"),
            ("regexp", "PathRegexp(`^/item/[0-9]+$`)", ""),
            ("forced", "PathPrefix(`/forced`)", "priority = 1000"),
            ("shadowed", "Path(`/forced/a`)", "priority = 1"),
            ("rest", "PathPrefix(`/`)", "priority = -10"));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(routers.Config);

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port, $"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n{fields}\r\n");

        Assert.Equal((200, router), (response.Status, response.BodyText));
    }

    [Fact]
    public async Task Request_NoRouterTakes_Is404AndTheConnectionGoesOn()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Rule = "Path(`/here`)" });

        using RawClient client = await proxy.ConnectAsync();
        RawResponse missed = await client.RequestAsync("GET /there HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse found = await client.RequestAsync("GET /here HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((404, 200), (missed.Status, found.Status));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a//b", "/a/b")]
    [InlineData("//", "/")]
    [InlineData("/..", "/")]
    [InlineData("/../../x", "/x")]
    [InlineData("/%61%2D%7e", "/a-~")]
    [InlineData("/%2e%2e/x", "/x")]
    [InlineData("/a/%2E%2e/%2e/b", "/b")]
    [InlineData("/a%20b", "/a%20b")]
    [InlineData("/a?x=/../%2f//", "/a?x=/../%2f//")]
    [InlineData("/a/b/..?q", "/a/?q")]
    public async Task Path_ArrivesCanonical(string sent, string seen)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(proxy.Port, sent);

        Assert.Equal(200, response.Status);
        Assert.Equal(seen, Assert.Single(server.Requests).Target);
    }

    [Theory]
    [InlineData("/admin/x")]
    [InlineData("/pub/../admin/x")]
    [InlineData("/pub/%2e%2e/admin/x")]
    [InlineData("/%61dmin/x")]
    [InlineData("//admin/x")]
    [InlineData("/./admin//x")]
    [InlineData("/pub/.%2e//./admin/x")]
    public async Task Path_InAnyDisguise_IsRoutedAsTheServerWillSeeIt(string target)
    {
        // CVE-2025-32431, CVE-2025-47952, CVE-2025-66490: the router saw one path, the server another.
        await using RawServer guarded = RawServer.Ok("guarded");
        await using RawServer open = RawServer.Ok("open");
        var config = new ProxyConfig(open)
        {
            More = $"""
                [routers.admin]
                rule = "PathPrefix(`/admin`)"
                service = "admin"
                [services.admin]
                {ProxyConfig.ServerList(guarded.Port)}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.GetAsync(proxy.Port, target);

        Assert.Equal("guarded", response.BodyText);
        Assert.Equal("/admin/x", Assert.Single(guarded.Requests).Target);
        Assert.Empty(open.Requests);
    }

    [Theory]
    [InlineData("/a%2fb")]
    [InlineData("/a%2Fb")]
    [InlineData("/a%5cb")]
    [InlineData("/a\\b")]
    [InlineData("/a%00b")]
    public async Task EncodedByte_RefusedByDefault_Is400(string target)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(proxy.Port, target);

        Assert.Equal(400, response.Status);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("slash", "/a%2fb", 200)]
    [InlineData("slash", "/a%5cb", 400)]
    [InlineData("backslash", "/a%5cb", 200)]
    [InlineData("backslash", "/a%2fb", 400)]
    [InlineData("nul", "/a%00b", 200)]
    public async Task EncodedByte_AllowedByTheRouter_PassesStillEncoded(string allow, string target, int status)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Router = $"allow_encoded = [\"{allow}\"]" });

        RawResponse response = await RawClient.GetAsync(proxy.Port, target);

        Assert.Equal(status, response.Status);
        if (status == 200)
        {
            Assert.Equal(target, Assert.Single(server.Requests).Target, ignoreCase: true);
        }
    }

    [Fact]
    public async Task ClientIp_Rule_SeesTheConnectionsAddress()
    {
        await using var routers = new NamedRouters(
            ("near", "ClientIP(`127.0.0.2/32`)", ""), ("far", "PathPrefix(`/`)", "priority = -1"));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(routers.Config);

        using RawClient near = await RawClient.ConnectAsync(proxy.Port, from: "127.0.0.2");
        RawResponse first = await near.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n");
        RawResponse second = await RawClient.GetAsync(proxy.Port, fields: "X-Forwarded-For: 127.0.0.2\r\n");

        Assert.Equal(("near", "far"), (first.BodyText, second.BodyText));
    }

    [Fact]
    public async Task Router_BoundToAnEntryPoint_IsNotReachedThroughAnother()
    {
        await using RawServer server = RawServer.Ok();
        int other = Ports.Next();
        var config = new ProxyConfig(server)
        {
            Router = "entrypoints = [\"web\"]",
            More = $"[entrypoints.other]\naddress = \"127.0.0.1:{other}\"\n",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(404, (await RawClient.GetAsync(other)).Status);
    }

    [Fact]
    public async Task Servers_OfEqualWeight_TakeTurns()
    {
        await using RawServer first = RawServer.Ok("1");
        await using RawServer second = RawServer.Ok("2");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(first, second));

        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 20; i++)
        {
            await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        Assert.Equal((10, 10), (first.Requests.Count, second.Requests.Count));
    }

    [Fact]
    public async Task Servers_Weighted_TakeTheirShares()
    {
        await using RawServer light = RawServer.Ok("1");
        await using RawServer heavy = RawServer.Ok("3");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [
                  { url = "http://127.0.0.1:{{light.Port}}" },
                  { url = "http://127.0.0.1:{{heavy.Port}}", weight = 3 },
                ]
                """,
        });

        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 40; i++)
        {
            await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        Assert.Equal((10, 30), (light.Requests.Count, heavy.Requests.Count));
    }

    /// <summary>A router per name, each with a service whose one server answers with that name.</summary>
    private sealed class NamedRouters : IAsyncDisposable
    {
        private readonly List<RawServer> _servers = [];

        public NamedRouters(params (string Name, string Rule, string More)[] routers)
        {
            var toml = new StringBuilder();
            foreach ((string name, string rule, string more) in routers)
            {
                RawServer server = RawServer.Ok(name);
                _servers.Add(server);
                toml.Append(CultureInfo.InvariantCulture, $"""
                    [routers.{name}]
                    rule = "{rule}"
                    service = "{name}"
                    {more}
                    [services.{name}]
                    {ProxyConfig.ServerList(server.Port)}

                    """);
            }

            Config = new ProxyConfig { IsBare = true, More = toml.ToString() };
        }

        public ProxyConfig Config { get; }

        public async ValueTask DisposeAsync()
        {
            foreach (RawServer server in _servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
