using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>HTTP/2 from clients, over TLS and in clear text, by the client of .NET and by frames.</summary>
public sealed class Http2Tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tls_ChoosesHttp2_UnlessTurnedOff()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok("hello");
        keys.Make("a.test");
        var config = new ProxyConfig(server) { EntryPoint = "tls = {}", More = keys.Toml("a.test") };
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            using HttpClient client = Client(keys);
            HttpResponseMessage response = await client.GetAsync($"https://a.test:{proxy.Port}/", Token);

            Assert.Equal(
                (HttpVersion.Version20, "hello"),
                (response.Version, await response.Content.ReadAsStringAsync(Token)));
            Assert.Equal(["https"], server.Requests.Single().Head.All("X-Forwarded-Proto"));
            await proxy.ExpectMetricAsync(1, "edgeproxy_http2_connections_total");
            await proxy.ExpectMetricAsync(1, "edgeproxy_http2_streams_total");
        }

        config.EntryPoint = "http2 = false\ntls = {}";
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            using HttpClient client = Client(keys);
            client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
            HttpResponseMessage response = await client.GetAsync($"https://a.test:{proxy.Port}/", Token);
            Assert.Equal(HttpVersion.Version11, response.Version);
        }
    }

    [Theory]
    [InlineData(true, 200)]
    [InlineData(false, 403)]
    public async Task ClientCert_IsThatOfTheConnection(bool shows, int expected)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        using X509Certificate2 own = keys.Make("client");
        keys.Make("a.test").Dispose();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = $"tls = {{ client_auth = \"request\", client_ca = \"{keys.AuthorityFile}\" }}",
            Router = "middlewares = [\"mtls\", \"tell\"]",
            More = keys.Toml("a.test") + "\n[middlewares.mtls.client_cert]\n"
                + "[middlewares.tell.headers.request]\nset = { X-Who = \"{client_cert_subject}\" }\n",
        });
        using Http2Wire client = await Http2Wire.ConnectTlsAsync(proxy.Port, keys, shows ? own : null);
        client.Write.Request(1);
        await client.SendAsync();
        await client.EndOfAsync(1);

        Assert.Equal(expected, client.Status(1));
        Assert.Equal(shows ? ["CN=client"] : [], server.Requests.Select(static one => one.Head.One("X-Who")));
    }

    [Fact]
    public async Task ClearText_TakesBothProtocols_WhereH2cIsOn()
    {
        await using RawServer server = RawServer.Ok("hello");
        await using ProxyProcess proxy = await StartAsync(server);
        using HttpClient client = Client();

        Assert.Equal("hello", await client.GetStringAsync($"http://127.0.0.1:{proxy.Port}/", Token));
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);

        // The preface in pieces, and what begins like it and is not.
        using RawClient slow = await proxy.ConnectAsync();
        await slow.Wire.SendSplitAsync(new FrameWriter().Preface().Request(1).Take(), 1);
        Assert.NotEmpty(await slow.Wire.ReadSomeAsync());
        using RawClient other = await proxy.ConnectAsync();
        await other.SendAsync("PRI * HTTP/2.0\r\nHost: a\r\n\r\n");
        Assert.InRange((await other.ReadResponseAsync()).Status, 400, 505);
    }

    [Fact]
    public async Task ClearText_WithoutH2c_RefusesThePreface()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(new FrameWriter().Preface().Take());
        Assert.InRange((await client.ReadResponseAsync()).Status, 400, 505);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LargeBodies_BothWays_ArriveIntact(bool isSecure)
    {
        using var keys = new TestKeys();
        keys.Make("a.test");
        await using RawServer server = RawServer.Start(static async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {request.Body.Length}\r\n\r\n");
                await connection.SendAsync(request.Body);
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = isSecure ? "tls = {}" : "h2c = true",
            More = isSecure ? keys.Toml("a.test") : "",
        });
        using HttpClient client = isSecure ? Client(keys) : Client();
        string url = isSecure ? $"https://a.test:{proxy.Port}/" : $"http://127.0.0.1:{proxy.Port}/";
        byte[] body = RandomNumberGenerator.GetBytes(3 * 1024 * 1024);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using HttpContent content =
                i % 2 == 0 ? new ByteArrayContent(body) : new StreamContent(new MemoryStream(body));
            HttpResponseMessage response = await client.PostAsync(url, content);
            Assert.Equal(SHA256.HashData(body), SHA256.HashData(await response.Content.ReadAsByteArrayAsync()));
        }));

        await proxy.ExpectMetricAsync(1, "edgeproxy_http2_connections_total");
    }

    [Fact]
    public async Task ManyRequests_AtOnce_ShareOneConnection()
    {
        await using RawServer server = RawServer.Ok("hello");
        await using ProxyProcess proxy = await StartAsync(server);
        using HttpClient client = Client();
        await client.GetStringAsync($"http://127.0.0.1:{proxy.Port}/", Token);
        for (int round = 0; round < 5; round++)
        {
            string[] answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(
                _ => client.GetStringAsync($"http://127.0.0.1:{proxy.Port}/")));
            Assert.All(answers, static answer => Assert.Equal("hello", answer));
        }

        await proxy.ExpectMetricAsync(1, "edgeproxy_http2_connections_total");
        await proxy.ExpectMetricAsync(1001, "edgeproxy_http2_streams_total");
        await proxy.ExpectMetricAsync(0, "edgeproxy_http2_resets_total");
    }

    [Fact]
    public async Task Drain_FinishesWhatRuns_ThenTheConnectionEnds()
    {
        var gate = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
                await gate.PassAsync();
                await connection.SendAsync("lf");
            }
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        client.Write.Request(1);
        await client.SendAsync();
        await client.ReadUntilAsync(static frame => frame.Type == FrameType.Data, "half of the answer");
        proxy.Terminate();
        Assert.Equal(Http2Error.None, await client.GoAwayAsync());
        gate.Open();
        await client.EndOfAsync(1);

        Assert.Equal("half", client.Body(1));
        Assert.Null(await client.ReadUntilAsync(static _ => false, "the end"));
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task SlowReader_StopsTheServer_AndMemoryStays()
    {
        long sent = 0;
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            byte[] piece = new byte[64 * 1024];
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            while (true)
            {
                await connection.SendAsync(piece);
                Interlocked.Add(ref sent, piece.Length);
            }
        });
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(server);
        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        long before = proxy.RssKib;
        client.Write.Request(1);
        await client.SendAsync();
        await client.ReadUntilAsync(static frame => frame.Type == FrameType.Data, "data");
        long last = -1;
        await Eventually.TrueAsync(
            () =>
            {
                bool isStill = Volatile.Read(ref sent) == last;
                last = Volatile.Read(ref sent);
                return isStill && last > 0;
            },
            "the server to be held up");

        Assert.InRange(proxy.RssKib - before, -100_000, 4 * 1024);
        Assert.InRange(client.Body(1).Length, 1, 65_535);
    }

    [Fact]
    public async Task WebSocket_OverHttp2_IsATunnel()
    {
        await using RawServer server = RawServer.Start(EchoFramesAsync);
        await using ProxyProcess proxy = await StartAsync(server);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{proxy.Port}/ws"), invoker, Token)
            .Within("the WebSocket to open");
        byte[] room = new byte[64];
        for (int i = 0; i < 3; i++)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes($"hello {i}"), WebSocketMessageType.Text, true, Token);
            WebSocketReceiveResult got = await socket.ReceiveAsync(room, Token).Within("an echo");
            Assert.Equal($"hello {i}", Encoding.ASCII.GetString(room, 0, got.Count));
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Token);
        WebSocketReceiveResult end = await socket.ReceiveAsync(room, Token).Within("the close");
        Assert.Equal(WebSocketMessageType.Close, end.MessageType);
        WireHead head = server.Requests.Single().Head;
        Assert.Equal("GET /ws HTTP/1.1", head.StartLine);
        Assert.Equal("websocket", head.One("Upgrade"));
        Assert.Equal(24, head.One("Sec-WebSocket-Key")!.Length);
        await proxy.ExpectMetricAsync(1, "edgeproxy_tunnels_total");
    }

    [Fact]
    public async Task WebSocket_Drain_IsToldThatTheProxyGoes()
    {
        await using RawServer server = RawServer.Start(EchoFramesAsync);
        await using ProxyProcess proxy = await StartAsync(server);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{proxy.Port}/ws"), invoker, Token)
            .Within("the WebSocket to open");

        proxy.Terminate();

        WebSocketReceiveResult end = await socket.ReceiveAsync(new byte[64], Token).Within("the close");
        Assert.Equal(WebSocketMessageType.Close, end.MessageType);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task WebSocket_Refused_IsAnOrdinaryAnswer()
    {
        await using RawServer server = RawServer.Answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        await using ProxyProcess proxy = await StartAsync(server);
        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        client.Write.Headers(
            1, false, ":method: CONNECT", ":protocol: websocket", ":scheme: http", ":path: /", ":authority: a");
        await client.SendAsync();
        await client.EndOfAsync(1);

        Assert.Equal((403, "no"), (client.Status(1), client.Body(1)));
    }

    [Theory]
    [InlineData("curl --http2-prior-knowledge -sS --fail http://127.0.0.1:PORT/")]
    [InlineData("nghttp http://127.0.0.1:PORT/")]
    [InlineData("h2load -n 2000 -c 4 -m 20 http://127.0.0.1:PORT/")]
    public async Task RealClients_AreServed(string command)
    {
        await using RawServer server = RawServer.Ok("hello");
        await using ProxyProcess proxy = await StartAsync(server);
        string[] words = command.Replace("PORT", $"{proxy.Port}", StringComparison.Ordinal).Split(' ');

        CommandResult result = await CommandResult.RunAsync(External.Require(words[0]), words[1..]);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains(words[0] == "h2load" ? "2000 succeeded" : "hello", result.Output);
    }

    internal static HttpClient Client(TestKeys? keys = null)
    {
        var handler = new SocketsHttpHandler();
        if (keys is not null)
        {
            handler.SslOptions.CertificateChainPolicy = keys.Trust();
            handler.ConnectCallback = static async (context, cancellation) =>
            {
                var socket = new System.Net.Sockets.Socket(
                    System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                socket.NoDelay = true;
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            };
        }

        return new HttpClient(handler)
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Deadline.Default,
        };
    }

    private static Task<ProxyProcess> StartAsync(RawServer server) =>
        ProxyProcess.StartAsync(new ProxyConfig(server) { EntryPoint = "h2c = true" });

    // Frames of RFC 6455 with short payloads: masked in, unmasked out.
    private static async Task EchoFramesAsync(RawConnection connection)
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: x\r\n\r\n");
        while (true)
        {
            byte[] head = new byte[6];
            int at = 0;
            await connection.Wire.ReadExactlyAsync(
                6, part => part.CopyTo(head.AsSpan((at += part.Length) - part.Length)), "a frame");
            int length = head[1] & 0x7F;
            byte[] payload = new byte[length];
            at = 0;
            await connection.Wire.ReadExactlyAsync(
                length, part => part.CopyTo(payload.AsSpan((at += part.Length) - part.Length)), "a payload");
            for (int i = 0; i < length; i++)
            {
                payload[i] ^= head[2 + (i % 4)];
            }

            await connection.SendAsync([head[0], (byte)length, .. payload]);
            if ((head[0] & 0xF) == 8)
            {
                return;
            }
        }
    }
}
