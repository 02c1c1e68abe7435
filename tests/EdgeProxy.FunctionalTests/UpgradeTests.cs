using System;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Upgrade (RFC 9110 section 7.8): a tunnel opens with the server's 101 and never before.</summary>
public sealed class UpgradeTests
{
    private const string WebSocket =
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private const string Switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    [Fact]
    public async Task WebSocket_Echo_PassesBothWays()
    {
        await using RawServer server = RawServer.Start(EchoAsync);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse response = await client.RequestAsync(WebSocket);

        Assert.Equal(101, response.Status);
        Assert.True(response.Head.Lists("Connection", "upgrade"));
        Assert.Equal("websocket", response.Header("Upgrade"));
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", response.Header("Sec-WebSocket-Accept"));
        for (int i = 1; i <= 3; i++)
        {
            // A masked text frame of RFC 6455 section 5.7, then arbitrary bytes: the proxy looks at none of them.
            byte[] frame = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58, 0, 13, 10, (byte)i];
            await client.SendAsync(frame);
            Assert.Equal(frame, await ReadAsync(client, frame.Length));
        }

        RawRequest request = Assert.Single(server.Requests);
        Assert.True(request.Head.Lists("Connection", "upgrade"));
        Assert.Equal("websocket", request.Head.One("Upgrade"));
        Assert.Equal("13", request.Head.One("Sec-WebSocket-Version"));
    }

    [Fact]
    public async Task Tunnel_LargeBothWays_ArrivesIntact()
    {
        await using RawServer server = RawServer.Start(EchoAsync);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        byte[] bytes = new byte[4 * 1024 * 1024];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((i * 7) + (i >> 10));
        }

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(WebSocket);
        Task sending = client.SendAsync(bytes);
        byte[] echoed = await ReadAsync(client, bytes.Length);
        await sending;

        Assert.True(bytes.AsSpan().SequenceEqual(echoed));
    }

    [Fact]
    public async Task Tunnel_FirstBytesWithThe101_AreDelivered()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync($"{Switching}first");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(WebSocket);

        Assert.Equal("first", Encoding.Latin1.GetString(await ReadAsync(client, 5)));
    }

    [Fact]
    public async Task Tunnel_ClientCloses_ServerIsTold()
    {
        var told = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Switching);
            await connection.Wire.ReadToEndAsync();
            told.Open();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(WebSocket);
        client.Dispose();

        await told.PassAsync("the server to be told");
        Assert.True(told.IsOpen);
    }

    [Fact]
    public async Task Tunnel_ServerCloses_ClientIsTold()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync($"{Switching}bye");
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(WebSocket);

        Assert.Equal("bye", Encoding.Latin1.GetString(await client.ReadToEndAsync()));
    }

    [Fact]
    public async Task Tunnel_ClientHalfCloses_ServerMayStillSpeak()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Switching);
            await connection.Wire.ReadToEndAsync();
            await connection.SendAsync("last words");
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(WebSocket);
        client.HalfClose();

        Assert.Equal("last words", Encoding.Latin1.GetString(await client.ReadToEndAsync()));
    }

    [Fact]
    public async Task Tunnel_ServerEndsAndThenResets_IsGivenUp()
    {
        var ended = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync($"{Switching}bye");
            connection.Wire.HalfClose();
            await ended.PassAsync("the client to hear of the end");
            connection.Wire.Reset();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        // The client keeps its direction open and sends nothing: only the server's reset can end the tunnel.
        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(WebSocket);
        Assert.Equal("bye", Encoding.Latin1.GetString(await client.ReadToEndAsync()));
        Assert.Equal(0, await TunnelsEndedAsync());
        ended.Open();

        await Eventually.TrueAsync(async () => await TunnelsEndedAsync() == 1, "the tunnel to end");

        Task<double?> TunnelsEndedAsync() => proxy.MetricAsync("edgeproxy_responses_total", "status=\"1xx\"");
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", 200)]
    [InlineData("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nSec-WebSocket-Version: 13\r\n\r\nno", 426)]
    public async Task Server_Refusing_AnswersAndTheNextRequestIsProxiedAnew(string answer, int status)
    {
        // The bypass: a proxy that opens its tunnel on the request alone lets the pipelined request past every rule.
        await using RawServer server = RawServer.Answering(answer);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Rule = "Path(`/ws`)" });

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"{WebSocket}GET /secret HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse refusal = await client.ReadResponseAsync();
        string rest = "";
        client.HalfClose();
        rest = Encoding.Latin1.GetString(await client.ReadToEndAsync());

        Assert.Equal((status, "no"), (refusal.Status, refusal.BodyText));
        Assert.DoesNotContain(server.Requests, r => r.Target == "/secret");
        Assert.True(rest.Length == 0 || rest.StartsWith("HTTP/1.1 404"), rest);
    }

    [Fact]
    public async Task Client_SpeakingEarly_ReachesNobodyBeforeThe101()
    {
        var mayAnswer = new Gate();
        int early = 0;
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await mayAnswer.PassAsync("the test to look");
            early = connection.Wire.Socket.Available;
            await connection.SendAsync(Switching);
            await connection.SendAsync(await connection.Wire.ReadSomeAsync());
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"{WebSocket}early");
        await server.WaitForRequestsAsync(1);

        // A request of somebody else has come back: the proxy has had its chance to leak.
        await proxy.AdminAsync("/livez");
        mayAnswer.Open();
        await client.ReadResponseAsync();

        Assert.Equal(0, early);
        Assert.Equal("early", Encoding.Latin1.GetString(await ReadAsync(client, 5)));
    }

    [Fact]
    public async Task SwitchingProtocols_NobodyAskedFor_Is502()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync($"{Switching}evil");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal(502, response.Status);
        Assert.DoesNotContain("evil", response.BodyText);
        await server.WaitForOpenAsync(0);
    }

    [Fact]
    public async Task UpgradeToH2c_IsNotPassedOn()
    {
        // RFC 9113 section 3.1 retired it; CVE-2026-88008: a server that answers 101 opens a way around every rule.
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(
            proxy.Port, "/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n");

        Assert.Equal(200, response.Status);
        RawRequest request = Assert.Single(server.Requests);
        Assert.False(request.Head.Has("Upgrade"));
        Assert.False(request.Head.Has("HTTP2-Settings"));
        Assert.False(request.Head.Has("Connection"));
    }

    [Fact]
    public async Task Upgrade_WithABody_IsFramed()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync(
            "POST /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello");

        // Taken with its framing, or refused outright; never a tunnel.
        Assert.True(first.Status is 200 or 400, $"{first}");
        Assert.All(server.WholeRequests, r => Assert.Equal("hello", r.BodyText));
    }

    private static async Task<byte[]> ReadAsync(RawClient client, int count)
    {
        using var bytes = new System.IO.MemoryStream();
        await client.Wire.ReadExactlyAsync(count, piece => bytes.Write(piece), "bytes of the tunnel");
        return bytes.ToArray();
    }

    private static async Task EchoAsync(RawConnection connection)
    {
        await connection.ReadHeadAsync();
        await connection.SendAsync(Switching);
        while (await connection.Wire.ReadSomeAsync("bytes of the tunnel") is { Length: > 0 } bytes)
        {
            await connection.SendAsync(bytes);
        }
    }
}
