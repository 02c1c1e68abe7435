using System;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Each wait ends: by an answer where one can still be given, by closing where not.</summary>
public sealed class TimeoutTests
{
    // Every test ends by its own short timeout; one that does not fire runs into this.
    private static readonly TimeSpan s_far = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("G")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")]
    public async Task Head_NotFinished_Is408(string start)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "head_timeout = \"2s\"" });

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(start);
        RawResponse response = await client.ReadResponseAsync(limit: s_far);

        Assert.Equal(408, response.Status);
        Assert.True(response.Head.Lists("Connection", "close"));
        Assert.Empty(await client.ReadToEndAsync(s_far));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Head_DrippedByteByByte_Is408()
    {
        // Slowloris: every byte is progress, so only a limit on the whole head ends it.
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "head_timeout = \"2s\"" });

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n");
        RawResponse response = await AnswerToDripsAsync(client, "X-A: 1\r\n");

        Assert.Equal(408, response.Status);
    }

    [Fact]
    public async Task NewConnection_SayingNothing_IsClosed()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "head_timeout = \"300ms\"" });

        using RawClient client = await proxy.ConnectAsync();
        string last = System.Text.Encoding.Latin1.GetString(await client.ReadToEndAsync(s_far));

        Assert.True(last.Length == 0 || last.StartsWith("HTTP/1.1 408"), last);
    }

    [Fact]
    public async Task IdleConnection_AfterKeepAliveTimeout_IsClosedQuietly()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "keep_alive_timeout = \"300ms\"" });

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Empty(await client.ReadToEndAsync(s_far));
        Assert.False(client.Wire.WasReset);
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n", "hello")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhe")]
    public async Task Body_ThatStops_Is408AndNeverAWholeRequest(string framing, string start)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "body_idle_timeout = \"300ms\"" });

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n{start}");
        RawResponse response = await client.ReadResponseAsync(limit: s_far);

        Assert.Equal(408, response.Status);
        Assert.Empty(await client.ReadToEndAsync(s_far));
        await server.WaitForOpenAsync(0);
        Assert.Empty(server.WholeRequests);
    }

    [Fact]
    public async Task Body_SlowerThanTheLeastRate_Is408()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "body_rate_min = 10000\nbody_rate_grace = \"500ms\"" });

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
        RawResponse response = await AnswerToDripsAsync(client, "x");

        Assert.Equal(408, response.Status);
        Assert.Empty(server.WholeRequests);
    }

    [Fact]
    public async Task Body_HeldUpByTheServer_IsNotTheClientsFault()
    {
        // The least rate judges the client; while we do not read from it, it cannot be slow.
        var go = new Gate();
        await using RawServer server = RawServer.Start(
            async connection =>
            {
                RawRequest request = (await connection.ReadHeadAsync())!;
                await go.PassAsync("the test");
                await connection.ReadBodyAsync(request);
                await connection.AnswerAsync();
            },
            receiveBytes: 16 * 1024);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "body_rate_min = 1000000\nbody_rate_grace = \"4s\"\nbody_idle_timeout = \"4s\"",
        });
        byte[] body = new byte[24 * 1024 * 1024];

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n");
        Task sending = client.SendAsync(body);

        // Nothing may happen to this one; that all three limits have passed meanwhile, twice, others show who are idle.
        for (int i = 0; i < 2; i++)
        {
            RawResponse idle = await RawClient.OnceAsync(
                proxy.Port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
            Assert.Equal(408, idle.Status);
        }

        go.Open();
        RawResponse response = await client.ReadResponseAsync();
        await sending;

        Assert.Equal(200, response.Status);
    }

    [Fact]
    public async Task Server_Silent_Is504AndItsConnectionIsNotReused()
    {
        await using RawServer server = RawServer.Silent();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Service = "response_timeout = \"300ms\"" });

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse second = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((504, 504), (first.Status, second.Status));
        await Eventually.TrueAsync(() => server.ConnectionCount == 2, "the second connection");
        await server.WaitForOpenAsync(0);
    }

    [Fact]
    public async Task Server_SilentInsideItsHead_Is504()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Service = "response_timeout = \"300ms\"\nresponse_idle_timeout = \"300ms\"" });

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse response = await client.ReadResponseAsync(limit: s_far);

        Assert.True(response.Status is 504 or 502, $"{response}");
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n", "hello")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n")]
    [InlineData("", "hello")]
    public async Task Answer_ThatStops_IsVisiblyCut(string framing, string start)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\n{framing}\r\n{start}");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Service = "response_idle_timeout = \"300ms\"" });

        using RawClient client = await proxy.ConnectAsync();
        RawResponse response = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((200, false), (response.Status, response.IsWhole));
        Assert.StartsWith(response.BodyText, "hello");
        await server.WaitForOpenAsync(0);
    }

    [Fact]
    public async Task Connect_NotAccepted_Is504()
    {
        using FullQueue dead = await FullQueue.StartAsync();
        var config = new ProxyConfig { Service = "connect_timeout = \"300ms\"" };
        config.Servers.Add(dead.Port);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal(504, response.Status);
    }

    [Fact]
    public async Task ClientNotReading_IsResetAndTheServerLetGo()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {1 << 30}\r\n\r\n");
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < 1024; i++)
            {
                await connection.SendAsync(block);
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "write_idle_timeout = \"500ms\"" });

        using RawClient client = await RawClient.ConnectAsync(proxy.Port, receiveBytes: 16 * 1024);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await server.WaitForRequestsAsync(1);
        await server.WaitForOpenAsync(0);

        RawResponse response = await client.ReadResponseAsync(limit: s_far);
        Assert.False(response.IsWhole);
    }

    [Fact]
    public async Task ServerConnection_UnusedForIdleTimeout_IsClosed()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Service = "idle_timeout = \"300ms\"" });

        await RawClient.GetAsync(proxy.Port);

        await server.WaitForOpenAsync(0);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task Tunnel_SilentBothWays_IsClosed()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "tunnel_idle_timeout = \"300ms\"" });

        using RawClient client = await proxy.ConnectAsync();
        RawResponse response = await client.RequestAsync(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
        await client.ReadToEndAsync(s_far);

        Assert.Equal(101, response.Status);
        await server.WaitForOpenAsync(0);
    }

    // Sends the piece again and again until an answer comes.
    private static async Task<RawResponse> AnswerToDripsAsync(RawClient client, string piece)
    {
        using var dripping = new CancellationTokenSource();
        Task drip = DripAsync(client, piece, dripping.Token);
        RawResponse response = await client.ReadResponseAsync(limit: s_far);
        await dripping.CancelAsync();
        await drip;
        return response;
    }

    private static async Task DripAsync(RawClient client, string piece, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await client.SendAsync(piece);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Told to stop, or cut off.
        }
    }
}
