using System;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Copies of requests: what they are, and that nothing that becomes of them is felt.</summary>
public sealed class MirrorTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task Request_IsCopiedWhole_AndItsAnswerIsNot()
    {
        await using RawServer main = RawServer.Ok("main");
        await using RawServer mirror = RawServer.Ok("mirror");
        var config = new ProxyConfig
        {
            IsBare = true,
            More = Toml(main.Port, mirror.Port).Replace(
                "service = \"all\"", "service = \"all\"\nmiddlewares = [\"strip\", \"mark\"]", StringComparison.Ordinal) + """

                [middlewares.strip.strip_prefix]
                prefixes = ["/api"]
                [middlewares.mark.headers.request.set]
                X-Mark = "1"
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        Assert.Equal("main", (await client.RequestAsync(
            "PUT /api/a%20b?x=1 HTTP/1.1\r\nHost: a.test\r\nX-Request-Id: r1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"))
            .BodyText);
        await WaitForResultAsync(proxy, "answered", 1); // one after the other, on one connection
        Assert.Equal("main", (await client.RequestAsync(
            "POST /api/c HTTP/1.1\r\nHost: a.test\r\nX-Request-Id: r2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n"))
            .BodyText);
        await WaitForResultAsync(proxy, "answered", 2);
        Assert.Equal("main", (await client.RequestAsync(
            "GET /api/d HTTP/1.1\r\nHost: a.test\r\nX-Request-Id: r3\r\nCookie: a=b\r\n\r\n")).BodyText);

        await mirror.WaitForWholeAsync(3);
        RawRequest[] copies = [.. mirror.WholeRequests];
        Assert.Equal(["PUT /a%20b?x=1", "POST /c", "GET /d"], copies.Select(copy => $"{copy.Method} {copy.Target}"));
        Assert.Equal(["hello", "abcde", ""], copies.Select(copy => copy.BodyText));
        Assert.Equal(["5", "5", null], copies.Select(copy => copy.Head.One("Content-Length")));
        Assert.All(copies, copy => Assert.Null(copy.Head.One("Expect")));
        Assert.All(copies, copy => Assert.Null(copy.Head.One("Transfer-Encoding")));
        foreach (RawRequest original in main.WholeRequests)
        {
            // Whatever is not how the body comes is the same, what the proxy adds and changes among it.
            string id = original.Head.One("X-Request-Id")!;
            RawRequest copy = copies.Single(copy => copy.Head.One("X-Request-Id") == id);
            Assert.Equal(Fields(original), Fields(copy));
            Assert.Contains("X-Mark: 1", Fields(copy));
        }

        await WaitForResultAsync(proxy, "answered", 3);
        Assert.Equal((1, 1), (main.ConnectionCount, mirror.ConnectionCount));
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    [Theory]
    [InlineData("refused", "failed")]
    [InlineData("reset", "failed")]
    [InlineData("closed", "failed")]
    [InlineData("not http", "failed")]
    [InlineData("hangs", "failed")]
    [InlineData("hangs within the head", "failed")]
    [InlineData("503 and hangs", "failed")]
    [InlineData("gone within the body", "failed")]
    [InlineData("wrong chunks", "failed")]
    [InlineData("101", "failed")]
    [InlineData("no end of 1xx", "failed")]
    [InlineData("reads nothing", "failed")]
    [InlineData("500", "answered")]
    [InlineData("answers early", "answered")]
    [InlineData("long answer", "answered")]
    public async Task MirrorMisbehaves_NobodyNotices(string way, string result)
    {
        await using RawServer main = RawServer.Ok("main");
        await using RawServer mirror = Misbehaving(way);
        if (way == "refused")
        {
            mirror.StopAccepting();
        }

        // Only who never comes to an end is not waited for.
        bool isEndless = way.Contains("hangs", StringComparison.Ordinal) || way == "reads nothing";
        string timeout = isEndless ? "300ms" : "1m";
        var config = new ProxyConfig
        {
            IsBare = true,
            More = Toml(main.Port, mirror.Port, "body_bytes_max = \"1MiB\"") + $"\nresponse_timeout = \"{timeout}\"",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();
        string body = new('b', 600_000);

        for (int i = 0; i < 8; i++)
        {
            RawResponse response = await client.RequestAsync(
                i % 2 == 0 ? Get : $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            Assert.Equal((200, "main"), (response.Status, response.BodyText));
        }

        // One that does not read takes what its socket has room for, and a GET is nothing to stumble over.
        await WaitForResultAsync(proxy, result, 8);
        Assert.Equal(8, main.WholeRequests.Count);
        Assert.Equal(1, main.ConnectionCount);
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
        await proxy.ExpectMetricAsync(0, "edgeproxy_server_exchanges_in_flight");
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_connections_open") <= 2, "nothing to be left open");
    }

    [Fact]
    public async Task MirrorThatHangs_DelaysNothing_AndIsCapped()
    {
        var gate = new Gate();
        await using RawServer main = RawServer.Ok("main");
        await using RawServer mirror = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await gate.PassAsync("the end of the test");
                await connection.AnswerAsync();
            }
        });
        var config = new ProxyConfig { IsBare = true, More = Toml(main.Port, mirror.Port, "in_flight_max = 3") };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal("main", (await client.RequestAsync(Get)).BodyText);
        }

        await mirror.WaitForRequestsAsync(3);
        await WaitForResultAsync(proxy, "dropped", 7);
        gate.Open();
        await WaitForResultAsync(proxy, "answered", 3);
        Assert.Equal("main", (await client.RequestAsync(Get)).BodyText);
        await WaitForResultAsync(proxy, "answered", 4);
        Assert.Equal(4, mirror.Requests.Count);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 4)]
    [InlineData(35, 14)]
    [InlineData(100, 40)]
    public async Task Percent_IsExact(int percent, int copies)
    {
        await using RawServer main = RawServer.Ok("main");
        await using RawServer mirror = RawServer.Ok();
        var config = new ProxyConfig
        {
            IsBare = true,
            More = Toml(main.Port, mirror.Port, percent: percent),
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(200, (await client.RequestAsync(Get)).Status);
            if (i == 20)
            {
                await proxy.ReloadAsync();
            }
        }

        await WaitForResultAsync(proxy, "answered", copies);
        Assert.Equal(copies, mirror.Requests.Count);
        await proxy.ExpectMetricAsync(copies, "edgeproxy_composed_requests_total", "member=\"shadow\"");
    }

    [Fact]
    public async Task LongBody_IsNotCopied_DeclaredOrNot()
    {
        await using RawServer main = RawServer.Ok("main");
        await using RawServer mirror = RawServer.Ok();
        var config = new ProxyConfig { IsBare = true, More = Toml(main.Port, mirror.Port, "body_bytes_max = \"1KiB\"") };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        foreach (int length in (int[])[1_024, 1_025, 100_000])
        {
            string body = new('x', length);
            await client.RequestAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}");
            await client.RequestAsync(
                $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n");
        }

        await WaitForResultAsync(proxy, "answered", 2);
        await WaitForResultAsync(proxy, "dropped", 4);
        Assert.Equal([1_024, 1_024], mirror.WholeRequests.Select(request => request.Body.Length));
        Assert.Equal(6, main.WholeRequests.Count);
    }

    [Fact]
    public async Task RetriedRequest_IsCopiedOnceAndWhole()
    {
        await using RawServer bad = FailingServer.Start("503");
        await using RawServer good = RawServer.Ok("main");
        await using RawServer mirror = RawServer.Ok();
        string toml = Toml(bad.Port, mirror.Port).Replace(
            ProxyConfig.ServerList(bad.Port),
            ProxyConfig.ServerList(bad.Port, good.Port) + "\nretry = { on = [\"503\"] }",
            StringComparison.Ordinal);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig { IsBare = true, More = toml });
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 4; i++)
        {
            Assert.Equal("main", (await client.RequestAsync(
                "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")).BodyText);
        }

        await WaitForResultAsync(proxy, "answered", 4);
        Assert.Equal(Enumerable.Repeat("hello", 4), mirror.WholeRequests.Select(request => request.BodyText));
    }

    [Fact]
    public async Task MainIsDown_TheMirrorStillGetsWhatHasNoBody()
    {
        await using RawServer mirror = RawServer.Ok();
        var config = new ProxyConfig { IsBare = true, More = Toml(Ports.Next(), mirror.Port) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        Assert.Equal(502, (await client.RequestAsync(Get)).Status);
        Assert.Equal(502, (await client.RequestAsync(
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")).Status);

        await WaitForResultAsync(proxy, "answered", 1);
        await WaitForResultAsync(proxy, "dropped", 1);
        Assert.Equal("GET", Assert.Single(mirror.Requests).Method);
    }

    [Fact]
    public async Task Upgrade_IsNotCopied()
    {
        await using RawServer main = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
            await connection.Wire.ReadToEndAsync();
        });
        await using RawServer mirror = RawServer.Ok();
        var config = new ProxyConfig { IsBare = true, More = Toml(main.Port, mirror.Port) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        Assert.Equal(101, (await client.RequestAsync(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")).Status);

        Assert.Empty(mirror.Requests);
        Assert.Equal(0, await ResultAsync(proxy, "dropped"));
    }

    [Fact]
    public async Task ClosedPooledConnection_IsReplaced()
    {
        await using RawServer main = RawServer.Ok("main");
        await using RawServer mirror = RawServer.Start(async connection =>
        {
            // Closes without having said so, once a second request is on its way.
            await connection.ReadRequestAsync();
            await connection.AnswerAsync();
            if (connection.Number == 1)
            {
                await connection.ReadHeadAsync();
            }
            else
            {
                await connection.Wire.ReadToEndAsync();
            }
        });
        var config = new ProxyConfig { IsBare = true, More = Toml(main.Port, mirror.Port) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        await WaitForResultAsync(proxy, "answered", 1);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);

        await WaitForResultAsync(proxy, "answered", 2);
        Assert.Equal(2, mirror.ConnectionCount);
    }

    [Fact]
    public async Task WeightedAsMirror_AndAMirrorWithinAFailover_Work()
    {
        await using RawServer main = RawServer.Ok("main");
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        var config = new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "top"
                [services.top]
                failover = { service = "down", fallback = "copied" }
                [services.down]
                {{ProxyConfig.ServerList(Ports.Next())}}
                health_check = { kind = "tcp", interval = "100ms" }
                [services.copied]
                mirror = { service = "main", mirrors = [{ name = "both" }, { name = "a", percent = 50 }] }
                [services.both]
                weighted = { services = [{ name = "a" }, { name = "b" }] }
                [services.main]
                {{ProxyConfig.ServerList(main.Port)}}
                [services.a]
                {{ProxyConfig.ServerList(a.Port)}}
                [services.b]
                {{ProxyConfig.ServerList(b.Port)}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("main", (await client.RequestAsync(Get)).BodyText);
        }

        await WaitForResultAsync(proxy, "answered", 30);
        Assert.Equal((20, 10), (a.Requests.Count, b.Requests.Count));
    }

    [Fact]
    public async Task Copies_AreMadeWithoutAllocations()
    {
        await using RawServer main = RawServer.Ok("main");
        await using RawServer mirror = RawServer.Ok();
        var config = new ProxyConfig { IsBare = true, More = Toml(main.Port, mirror.Port, "in_flight_max = 10000") };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();
        const int Requests = 5_000;
        const string Metric = "edgeproxy_process_allocated_bytes_total";
        double before = 0;
        for (int i = 0; i < 2 * Requests; i++)
        {
            if (i == Requests)
            {
                await WaitForResultAsync(proxy, "answered", Requests);
                before = (await proxy.MetricAsync(Metric))!.Value;
            }

            await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        }

        // What is left is the price of asking: an object per copy would be ten times as much.
        double after = (await proxy.MetricAsync(Metric))!.Value;
        Assert.InRange((after - before) / Requests, 0, 50);
        await WaitForResultAsync(proxy, "answered", 2 * Requests);
    }

    private static RawServer Misbehaving(string way)
    {
        if (way is "refused" or "reset" or "closed" or "not http" or "hangs" or "hangs within the head"
            or "503 and hangs" or "500")
        {
            return FailingServer.Start(way);
        }

        RawServer server = RawServer.Start(async connection =>
        {
            if (way == "reads nothing")
            {
                await connection.ReadHeadAsync();
                await new Gate().PassAsync("nothing");
            }

            while (await connection.ReadHeadAsync() is { } request)
            {
                if (way == "answers early")
                {
                    await connection.AnswerAsync("early", "Connection: close\r\n");
                    await connection.ReadBodyAsync(request);
                    return;
                }

                await connection.ReadBodyAsync(request);
                await connection.SendAsync(way switch
                {
                    "gone within the body" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                    "wrong chunks" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                    "101" => "HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
                    "no end of 1xx" => string.Concat(Enumerable.Repeat("HTTP/1.1 103 Hints\r\n\r\n", 20)),
                    _ => $"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n{new string('l', 3_000_000)}",
                });
                if (way != "long answer")
                {
                    return;
                }
            }
        });
        server.ToleratesFaults = true;
        return server;
    }

    private static string[] Fields(RawRequest request) =>
    [
        .. request.Head.Text.Split("\r\n").Skip(1).Where(line => line.Length > 0)
            .Where(line => !line.StartsWith("Content-Length:", StringComparison.Ordinal)
                && !line.StartsWith("Transfer-Encoding:", StringComparison.Ordinal)
                && !line.StartsWith("Expect:", StringComparison.Ordinal)),
    ];

    private static async Task<double> ResultAsync(ProxyProcess proxy, string result) =>
        await proxy.MetricAsync("edgeproxy_mirrored_requests_total", $"result=\"{result}\"") ?? 0;

    private static Task WaitForResultAsync(ProxyProcess proxy, string result, int count) => Eventually.TrueAsync(
        async () => await ResultAsync(proxy, result) == count, $"{count} copies to be {result}");

    private static string Toml(int main, int mirror, string more = "", int percent = 100) => $$"""
        [routers.all]
        rule = "PathPrefix(`/`)"
        service = "all"
        [services.all.mirror]
        service = "main"
        mirrors = [{ name = "shadow", percent = {{percent}} }]
        {{more}}
        [services.main]
        {{ProxyConfig.ServerList(main)}}
        [services.shadow]
        {{ProxyConfig.ServerList(mirror)}}
        """;
}
