using System;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// The middleware <c>buffering</c>: whole requests to servers, whole answers to clients, within bounds.
/// </summary>
public sealed class BufferingTests
{
    private static readonly string s_long = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n"));

    [Fact]
    public async Task Request_ReachesTheServer_OnceItIsWhole()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        RawResponse other = await RawClient.GetAsync(proxy.Port, "/other");
        Assert.Equal(200, other.Status);
        Assert.Equal("/other", Assert.Single(server.Requests).Target); // the slow one is nobody's yet

        await client.SendAsync("world");
        RawResponse answer = await client.ReadResponseAsync();

        Assert.Equal(200, answer.Status);
        Assert.Equal("helloworld", server.WholeRequests[^1].BodyText);
    }

    [Fact]
    public async Task ChunkedRequest_PassesAsItCame_WithItsTrailers()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();
        string chunks = string.Concat(s_long.Chunk(777).Select(c => $"{c.Length:x}\r\n{new string(c)}\r\n"));

        for (int i = 0; i < 2; i++)
        {
            RawResponse answer = await client.RequestAsync(
                $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n{chunks}"
                    + "0\r\nX-Sum: 7\r\n\r\n");
            Assert.Equal(200, answer.Status);
        }

        Assert.Equal(2, server.WholeRequests.Count);
        Assert.All(server.WholeRequests, request =>
        {
            Assert.Equal(s_long, request.BodyText);
            Assert.Equal("7", Assert.Single(request.Trailers).Value);
        });
    }

    [Fact]
    public async Task PipelinedRequests_StayApart()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
            + "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
            + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        Assert.Equal(["one", "two", ""], server.WholeRequests.Select(request => request.BodyText));
    }

    [Theory]
    [InlineData("Content-Length: 2000\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n7d0\r\n")]
    public async Task LongerRequest_IsA413_AndNoServerHearsOfIt(string rest)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "request_bytes_max = 1000\n");

        RawResponse answer = await RawClient.OnceAsync(
            proxy.Port, $"POST / HTTP/1.1\r\nHost: a\r\n{rest}{new string('x', 2000)}\r\n0\r\n\r\n");

        Assert.Equal(413, answer.Status);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task RequestOfTheLimit_Passes_InChunksOfAByte()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "request_bytes_max = \"8KiB\"\n");
        string body = new('x', 8 * 1024);

        RawResponse answer = await RawClient.OnceAsync(proxy.Port,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + string.Concat(body.Select(c => $"1\r\n{c}\r\n")) + "0\r\n\r\n");

        Assert.Equal(200, answer.Status);
        Assert.Equal(body, Assert.Single(server.WholeRequests).BodyText);
    }

    [Fact]
    public async Task MemoryUsedUp_IsA503_UntilItIsGivenBack()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, "request_bytes_max = \"1MiB\"\nmemory_max = \"1MiB\"\n");
        string half = new('x', 700_000);
        using RawClient first = await proxy.ConnectAsync();
        await first.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {half.Length + 1}\r\n\r\n{half}");
        RawResponse? refused = null;
        await Eventually.TrueAsync(
            async () =>
            {
                refused = await RawClient.OnceAsync(proxy.Port,
                    $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {half.Length}\r\n\r\n{half}");
                return refused.Status == 503;
            },
            "the memory to be used up");
        Assert.True(refused!.Head.Has("Retry-After"));

        await first.SendAsync("y");
        Assert.Equal(200, (await first.ReadResponseAsync()).Status);
        RawResponse passes = await RawClient.OnceAsync(proxy.Port,
            $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {half.Length}\r\n\r\n{half}");
        Assert.Equal(200, passes.Status);
    }

    [Fact]
    public async Task ExpectContinue_IsAnsweredByUs_AndOnceOnly()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await client.ReadHeadAsync()).Status);
        await client.SendAsync("hello");
        RawResponse answer = await client.ReadResponseAsync();

        Assert.Equal((200, 0), (answer.Status, answer.Interim.Count));
        RawRequest seen = Assert.Single(server.WholeRequests);
        Assert.Equal("hello", seen.BodyText);
        Assert.False(seen.Head.Has("Expect"));
    }

    [Theory]
    [InlineData("Content-Length: {0}\r\n\r\n{1}", true)]
    [InlineData("Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n{0:x}\r\n{1}\r\n0\r\nX-Sum: 7\r\n\r\n", true)]
    [InlineData("Connection: close\r\n\r\n{1}", false)]
    public async Task Answer_IsTheServers_AndItsConnectionGoesOn(string format, bool goesOn)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                    + string.Format(System.Globalization.CultureInfo.InvariantCulture, format, s_long.Length, s_long));
                if (!goesOn)
                {
                    return;
                }
            }
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 3; i++)
        {
            RawResponse answer = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
            Assert.Equal((200, s_long), (answer.Status, answer.BodyText));
        }

        Assert.Equal(goesOn ? 1 : 3, server.ConnectionCount);
    }

    [Fact]
    public async Task ServersConnection_IsFreeAgain_WhileASlowClientReads()
    {
        string body = new('x', 8 * 1024 * 1024);
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.AnswerAsync(request.Target == "/long" ? body : "short");
            }
        });
        await using ProxyProcess proxy = await StartAsync(server, "answer_bytes_max = \"8MiB\"\n");
        using RawClient slow = await RawClient.ConnectAsync(proxy.Port, receiveBytes: 4096);
        await slow.SendAsync("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse head = await slow.ReadHeadAsync();
        Assert.Equal(200, head.Status);

        Assert.Equal("short", (await RawClient.GetAsync(proxy.Port)).BodyText);

        Assert.Equal(1, server.ConnectionCount); // the same
    }

    [Theory]
    [InlineData("pass", 200)]
    [InlineData("refuse", 502)]
    public async Task LongerAnswer_PassesAsItComes_OrIsA502(string longer, int status)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.Target == "/sized"
                    ? $"HTTP/1.1 200 OK\r\nContent-Length: {s_long.Length}\r\n\r\n{s_long}"
                    : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + $"{s_long.Length:x}\r\n{s_long}\r\n0\r\n\r\n");
            }
        });
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(
            server, $"answer_bytes_max = \"16KiB\"\nlonger_answers = \"{longer}\"\n");
        using RawClient client = await proxy.ConnectAsync();

        foreach (string path in (string[])["/sized", "/chunked", "/sized"])
        {
            RawResponse answer = await client.RequestAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal((status, true), (answer.Status, answer.IsWhole));
            Assert.Equal(status == 200, answer.BodyText == s_long);
        }
    }

    [Theory]
    [InlineData("Content-Type: text/event-stream\r\n")]
    [InlineData("Content-Type: text/event-stream; charset=utf-8\r\n")]
    [InlineData("Content-Type: application/grpc\r\n")]
    [InlineData("X-Accel-Buffering: no\r\n")]
    public async Task Stream_IsPassedOnAtOnce(string field)
    {
        var second = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\n{field}Content-Length: 6\r\n\r\none");
            await second.PassAsync();
            await connection.SendAsync("two");
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await client.ReadHeadAsync()).Status);
        string first = "";
        await client.Wire.ReadExactlyAsync(3, piece => first += Encoding.ASCII.GetString(piece), "the first event");
        second.Open();
        await client.Wire.ReadExactlyAsync(3, piece => first += Encoding.ASCII.GetString(piece), "the second event");

        Assert.Equal("onetwo", first);
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\nhalf", "GET", 502)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "GET", 502)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nz\r\n", "GET", 502)]
    public async Task AnswerThatBreaksOff_IsA502_InsteadOfHalfAnAnswer(string rest, string method, int status)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\n{rest}");
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        RawResponse answer = await client.RequestAsync($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((status, true), (answer.Status, answer.IsWhole));
    }

    [Theory]
    [InlineData("GET", false, "[\"reset\"]", true)]
    [InlineData("GET", true, "[\"timeout\"]", true)]
    [InlineData("POST", false, "[\"reset\"]", false)]
    public async Task AnswerThatBreaksOff_IsTriedAgain_IfItMayBe(string method, bool hangs, string on, bool isAnswered)
    {
        await using RawServer bad = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            if (hangs)
            {
                await connection.ReadHeadAsync();
            }
        });
        await using RawServer good = RawServer.Ok("good");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(bad, good)
        {
            Router = "middlewares = [\"m\"]",
            Service = $"response_idle_timeout = \"{(hangs ? "300ms" : "5m")}\"\nretry = {{ on = {on} }}",
            More = "[middlewares.m.buffering]\n",
        });

        RawResponse answer = await RawClient.OnceAsync(
            proxy.Port, $"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");

        Assert.Equal(isAnswered ? (200, "good") : (502, answer.BodyText), (answer.Status, answer.BodyText));
        Assert.Equal(isAnswered ? "hi" : null, good.WholeRequests.SingleOrDefault()?.BodyText);
    }

    [Fact]
    public async Task Upgrade_IsNotHeld()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
        Assert.Equal(101, (await client.ReadHeadAsync()).Status);
        string got = "";
        await client.Wire.ReadExactlyAsync(2, piece => got += Encoding.ASCII.GetString(piece), "the tunnel's bytes");
        Assert.Equal("hi", got);
    }

    [Fact]
    public async Task ErrorsOutsideOfIt_ReplaceAHeldAnswer_AndTheConnectionGoesOn()
    {
        await using RawServer server = RawServer.Answering("HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nbody");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"e\", \"m\", \"c\"]",
            More = "[middlewares.m.buffering]\n[middlewares.e.errors]\nstatus = [\"500\"]\nbody = \"sorry\"\n"
                + "[middlewares.c.compress]\n",
        });
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 3; i++)
        {
            RawResponse answer = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal((500, "sorry"), (answer.Status, answer.BodyText));
        }

        Assert.Equal(1, server.ConnectionCount);
    }

    // HTTP/2 on both sides: another proxy is the server.
    [Fact]
    public async Task StreamsOfHttp2_AreHeldAsWell()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.AnswerAsync(s_long + request.BodyText);
            }
        });
        await using ProxyProcess behind = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "h2c = true" });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            EntryPoint = "h2c = true",
            More = "[routers.all]\nrule = \"PathPrefix(`/`)\"\nservice = \"app\"\nmiddlewares = [\"m\"]\n"
                + $"[services.app]\nservers = [{{ url = \"h2c://127.0.0.1:{behind.Port}\" }}]\n"
                + "[middlewares.m.buffering]\n",
        });
        using HttpClient client = Http2Tests.Client(null);
        var address = new Uri($"http://127.0.0.1:{proxy.Port}/");

        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            string body = new((char)('a' + i), 300_000);
            using var content = new StringContent(body);
            using HttpResponseMessage answer = await client.PostAsync(address, content).Within("an answer");
            Assert.Equal(s_long + body, await answer.Content.ReadAsStringAsync().Within("its body"));
        }));

        Assert.Equal(20, server.WholeRequests.Count);
        await proxy.ExpectMetricAsync(0, "edgeproxy_http2_resets_total");
    }

    [Fact]
    public async Task BodyLimitAfterIt_CountsWhatIsHeld()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"m\", \"l\"]",
            More = "[middlewares.m.buffering]\n[middlewares.l.body_limit]\nmax = 4\n",
        });
        using RawClient client = await proxy.ConnectAsync();
        const string Head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

        RawResponse refused = await client.RequestAsync($"{Head}5\r\nhello\r\n0\r\n\r\n");
        RawResponse passed = await client.RequestAsync($"{Head}4\r\nhell\r\n0\r\n\r\n");

        Assert.Equal((413, 200), (refused.Status, passed.Status));
        Assert.Equal("hell", Assert.Single(server.Requests).BodyText);
    }

    private static Task<ProxyProcess> StartAsync(RawServer server, string keys = "") =>
        ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"m\"]",
            More = $"[middlewares.m.buffering]\n{keys}",
        });
}
