using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Clients that get the server they got before, and what happens to them when it is not there.</summary>
public sealed class StickyTests
{
    private const string Sticky = "sticky = { secret = \"a secret of this test\", cookie = { name = \"node\" } }";
    private const string Probed =
        "health_check = { path = \"/healthz\", interval = \"100ms\", jitter = \"0\", timeout = \"1m\", rise = 1, fall = 1 }";

    [Fact]
    public async Task Client_WithItsCookie_GetsItsServerAndNoOtherCookie()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(a, b) { Service = Sticky });

        var clients = new Dictionary<string, string>();
        for (int i = 0; i < 4; i++)
        {
            RawResponse first = await RawClient.GetAsync(proxy.Port);
            Assert.Matches("^node=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Lax$", first.Header("Set-Cookie"));
            clients[CookieOf(first)] = first.BodyText;
        }

        Assert.Equal(["a", "b"], clients.Values.Order());
        for (int round = 0; round < 5; round++)
        {
            foreach ((string cookie, string server) in clients)
            {
                RawResponse again = await GetAsync(proxy, $"a=b; {cookie}; c=d");
                Assert.Equal((200, server), (again.Status, again.BodyText));
                Assert.Null(again.Header("Set-Cookie"));
            }
        }

        // As Traefik does: the server sees it.
        Assert.Contains(a.Requests, request => request.Head.One("Cookie")?.Contains("node=") == true);
    }

    [Theory]
    [InlineData("node=")]
    [InlineData("node=127.0.0.1")]
    [InlineData("node=AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("node==; node; =node; ;;; node=\"\"")]
    public async Task Forged_Cookie_IsAsGoodAsNone(string cookie)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server) { Service = Sticky });

        RawResponse response = await GetAsync(proxy, cookie);

        Assert.Equal(200, response.Status);
        Assert.NotNull(response.Header("Set-Cookie"));
    }

    [Fact]
    public async Task OldCookies_BeforeTheGenuineOne_DoNotHideIt()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server) { Service = Sticky });
        string cookie = CookieOf(await RawClient.GetAsync(proxy.Port));

        Assert.Null((await GetAsync(proxy, $"node=old; node=older; {cookie}")).Header("Set-Cookie"));

        // Whoever sends many has no one look for it.
        string many = string.Concat(Enumerable.Repeat("node=x; ", 100));
        Assert.NotNull((await GetAsync(proxy, many + cookie)).Header("Set-Cookie"));
    }

    [Fact]
    public async Task Server_GoesDown_ClientGetsAnotherAndKeepsThatOne()
    {
        bool isWell = true;
        await using RawServer flapping = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                bool isGood = request.Target == "/" || Volatile.Read(ref isWell);
                await connection.AnswerAsync("flapping", status: isGood ? "200 OK" : "500 Broken");
            }
        });
        await using RawServer steady = RawServer.Ok("steady");
        var config = new ProxyConfig(flapping, steady) { Service = $"{Sticky}\n{Probed}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string cookie = await CookieForAsync(proxy, "flapping");

        Volatile.Write(ref isWell, false);
        RawResponse moved = await Eventually.GetAsync(
            () => GetAsync(proxy, cookie), response => response.BodyText == "steady", "the client to be moved");
        Assert.Equal(200, moved.Status);
        string second = CookieOf(moved);

        Volatile.Write(ref isWell, true);
        await CookieForAsync(proxy, "flapping"); // it is back
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal("steady", (await GetAsync(proxy, second)).BodyText);
        }
    }

    [Fact]
    public async Task Server_RefusesConnections_TheTryThatFollowsMovesTheClient()
    {
        await using RawServer gone = RawServer.Ok("gone");
        await using RawServer here = RawServer.Ok("here");
        var config = new ProxyConfig(gone, here) { Service = Sticky };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string cookie = await CookieForAsync(proxy, "gone");
        gone.StopAccepting();
        gone.CloseAll();

        RawResponse moved = await GetAsync(proxy, cookie);

        Assert.Equal((200, "here"), (moved.Status, moved.BodyText));
        Assert.Null((await GetAsync(proxy, CookieOf(moved))).Header("Set-Cookie"));
    }

    [Fact]
    public async Task Reload_AndRestart_KeepClientsWhereTheyAre()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        var config = new ProxyConfig(a, b) { Service = Sticky };
        string cookie;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            cookie = await CookieForAsync(proxy, "b");
            for (int i = 0; i < 10; i++)
            {
                // Another order, and one more: places are not what is remembered.
                config.Service = $"{Sticky}\nidle_timeout = \"{i + 10}s\"";
                config.Servers.Reverse();
                await proxy.ReloadAsync();
                RawResponse response = await GetAsync(proxy, cookie);
                Assert.Equal((200, "b"), (response.Status, response.BodyText));
                Assert.Null(response.Header("Set-Cookie"));
            }
        }

        await using ProxyProcess second = await ProxyProcess.StartAsync(config);
        Assert.Equal("b", (await GetAsync(second, cookie)).BodyText);
        Assert.Null((await GetAsync(second, cookie)).Header("Set-Cookie"));

        config.Servers.Remove(b.Port);
        await second.ReloadAsync();
        RawResponse moved = await GetAsync(second, cookie);
        Assert.Equal("a", moved.BodyText);
        Assert.NotEqual(cookie, CookieOf(moved));

        config.Service = Sticky.Replace("a secret", "another secret");
        await second.ReloadAsync();
        Assert.NotNull((await GetAsync(second, CookieOf(moved))).Header("Set-Cookie"));
    }

    [Fact]
    public async Task FullServer_ClientKeepsItsCookie()
    {
        var gate = new Gate();
        await using RawServer busy = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                if (request.Target == "/hold")
                {
                    await gate.PassAsync("the end of the test");
                }

                await connection.AnswerAsync("busy");
            }
        });
        await using RawServer free = RawServer.Ok("free");
        var config = new ProxyConfig(busy, free) { Service = $"{Sticky}\ncapacity = {{ requests_max = 1 }}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string cookie = await CookieForAsync(proxy, "busy");
        Task<RawResponse> held = RawClient.GetAsync(proxy.Port, "/hold", $"Cookie: {cookie}\r\n");
        await Eventually.TrueAsync(() => busy.Requests.Any(request => request.Target == "/hold"), "the server to be busy");

        RawResponse meanwhile = await GetAsync(proxy, cookie);

        Assert.Equal("free", meanwhile.BodyText);
        Assert.Null(meanwhile.Header("Set-Cookie"));
        gate.Open();
        Assert.Equal("busy", (await held).BodyText);
        Assert.Equal("busy", (await GetAsync(proxy, cookie)).BodyText);
    }

    [Fact]
    public async Task Weighted_Sticky_KeepsTheCanaryUntilItIsRolledBack()
    {
        await using RawServer now = RawServer.Ok("now");
        await using RawServer next = RawServer.Ok("next");
        string Toml(int weight) => $$"""
            [routers.all]
            rule = "PathPrefix(`/`)"
            service = "all"
            [services.all.weighted]
            services = [{ name = "now", weight = 1 }, { name = "next", weight = {{weight}} }]
            {{Sticky.Replace("node", "rollout")}}
            [services.now]
            {{ProxyConfig.ServerList(now.Port)}}
            {{Sticky}}
            [services.next]
            {{ProxyConfig.ServerList(next.Port)}}
            """;
        var config = new ProxyConfig { IsBare = true, More = Toml(1) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        string canary = await CookieForAsync(proxy, "next");
        Assert.StartsWith("rollout=", canary);
        for (int i = 0; i < 5; i++)
        {
            RawResponse response = await GetAsync(proxy, canary);
            Assert.Equal("next", response.BodyText);
            Assert.Null(response.Header("Set-Cookie"));
        }

        config.More = Toml(0);
        await proxy.ReloadAsync();
        RawResponse moved = await GetAsync(proxy, canary);
        Assert.Equal("now", moved.BodyText);

        // Each level has its own.
        string[] cookies = [.. moved.Head.All("Set-Cookie")];
        Assert.Equal(["node", "rollout"], cookies.Select(cookie => cookie.Split('=')[0]).Order());
    }

    [Fact]
    public async Task Weighted_NobodyIsUsable_TheAnswerMovesNoClient()
    {
        bool isWell = true;
        await using RawServer now = Probeable("now", () => Volatile.Read(ref isWell));
        await using RawServer next = Probeable("next", () => Volatile.Read(ref isWell));
        var config = new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "all"
                [services.all.weighted]
                services = [{ name = "now", weight = 1 }, { name = "next", weight = 1 }]
                {{Sticky}}
                [services.now]
                {{ProxyConfig.ServerList(now.Port)}}
                {{Probed}}
                [services.next]
                {{ProxyConfig.ServerList(next.Port)}}
                {{Probed}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string cookie = await CookieForAsync(proxy, "next");

        // With one of them down the client is moved; with both it is not.
        Volatile.Write(ref isWell, false);
        await Eventually.GetAsync(
            () => RawClient.GetAsync(proxy.Port), answer => answer.Status == 503, "both to be down");
        for (int i = 0; i < 4; i++)
        {
            RawResponse refused = await GetAsync(proxy, cookie);
            Assert.Equal(503, refused.Status);
            Assert.Null(refused.Header("Set-Cookie"));
        }
    }

    [Fact]
    public async Task Spare_NotNeededAnyMore_ItsClientsComeBackToTheFirst()
    {
        bool isWell = true;
        await using RawServer first = Probeable("first", () => Volatile.Read(ref isWell));
        await using RawServer spare = RawServer.Ok("spare");
        var config = new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [
                  { url = "http://127.0.0.1:{{first.Port}}" },
                  { url = "http://127.0.0.1:{{spare.Port}}", priority = 1 },
                ]
                {{Sticky}}
                {{Probed}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Volatile.Write(ref isWell, false);
        string cookie = await CookieForAsync(proxy, "spare");
        Assert.Equal("spare", (await GetAsync(proxy, cookie)).BodyText);

        Volatile.Write(ref isWell, true);

        RawResponse moved = await Eventually.GetAsync(
            () => GetAsync(proxy, cookie), answer => answer.BodyText == "first", "the client to come back");
        Assert.NotNull(moved.Header("Set-Cookie"));
    }

    // Answers "/" always, and its probes while it is well.
    private static RawServer Probeable(string body, System.Func<bool> isWell) => RawServer.Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            await connection.AnswerAsync(body, status: request.Target == "/" || isWell() ? "200 OK" : "500 Broken");
        }
    });

    private static Task<RawResponse> GetAsync(ProxyProcess proxy, string cookie) =>
        RawClient.GetAsync(proxy.Port, "/", $"Cookie: {cookie}\r\n");

    private static string CookieOf(RawResponse response) =>
        Regex.Match(response.Header("Set-Cookie") ?? "", "^[^;]*").Value;

    // A new client's, of this server.
    private static async Task<string> CookieForAsync(ProxyProcess proxy, string server) => CookieOf(
        await Eventually.GetAsync(
            () => RawClient.GetAsync(proxy.Port), response => response.BodyText == server, $"a client of {server}"));
}
