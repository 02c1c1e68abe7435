using System;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>How a WebSocket ends when the proxy goes, or its time is over: between two frames, with 1001.</summary>
public sealed class WebSocketEndTests
{
    private const string Switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n";

    private static readonly byte[] GoingAway = [0x88, 0x02, 0x03, 0xe9];
    private static readonly byte[] Masked = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];

    [Fact]
    public async Task Drain_BetweenFrames_TellsBothSides()
    {
        byte[] heard = [];
        var over = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Switching);
            heard = await connection.Wire.ReadToEndAsync();
            over.Open();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await OpenAsync(proxy);

        proxy.Terminate();

        Assert.Equal(GoingAway, await client.ReadToEndAsync());
        Assert.False(client.Wire.WasReset);
        await over.PassAsync("the server to hear of it");
        Assert.Equal(Masked, heard);
        client.Dispose();
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task Drain_WithinAFrame_LetsItPassFirst_AndNothingBehindIt()
    {
        var go = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Switching + "\u0082\u007e\u0001\u0000" + new string('a', 100));
            await go.PassAsync("the drain to begin");
            await connection.SendAsync(new string('b', 156) + "\u0081\u0002no");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await OpenAsync(proxy);
        await client.Wire.ReadExactlyAsync(104, static _ => { }, "the first part of a frame");

        proxy.Terminate();
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(proxy.Port), "the drain to begin");
        go.Open();
        byte[] rest = await client.ReadToEndAsync();

        Assert.Equal(new string('b', 156), Encoding.Latin1.GetString(rest.AsSpan(0, 156)));
        Assert.Equal(GoingAway, rest[156..]);
        client.Dispose();
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task Drain_ServerThatClosedAlready_IsNotClosedTwice()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Switching + "\u0088\u0002\u0003\u00e8");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await OpenAsync(proxy);
        await client.Wire.ReadExactlyAsync(4, static _ => { }, "the server's close");

        proxy.Terminate();

        Assert.Empty(await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData("tunnel_idle_timeout")]
    [InlineData("tunnel_time_max")]
    public async Task Time_Over_IsSaid(string key)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Switching);
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = $"{key} = \"300ms\"" });
        using RawClient client = await OpenAsync(proxy);

        Assert.Equal(GoingAway, await client.ReadToEndAsync());
        await proxy.ExpectMetricAsync(1, "edgeproxy_timeouts_total", "tunnel");
    }

    [Fact]
    public async Task TimeMax_OfAnotherProtocol_CutsIt()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Switching.Replace("WebSocket", "other", StringComparison.Ordinal));
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "tunnel_time_max = \"300ms\"" });
        using RawClient client = await OpenAsync(proxy);

        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Reload_LeavesItAlone_AndAnEntryPointThatLeavesSaysSo()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Switching);
            await connection.SendAsync(await connection.Wire.ReadSomeAsync());
            await connection.Wire.ReadToEndAsync();
        });
        int other = Ports.Next();
        var config = new ProxyConfig(server) { More = $"[entrypoints.other]\naddress = \"127.0.0.1:{other}\"" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient stays = await OpenAsync(proxy);
        using RawClient leaves = await RawClient.ConnectAsync(other);
        Assert.Equal(101, (await leaves.RequestAsync(Upgrade)).Status);

        config.More = "";
        await proxy.ReloadAsync();

        Assert.Equal(GoingAway, await leaves.ReadToEndAsync());
        await stays.SendAsync(Masked);
        byte[] echo = new byte[Masked.Length];
        int at = 0;
        await stays.Wire.ReadExactlyAsync(
            echo.Length,
            piece =>
            {
                piece.CopyTo(echo.AsSpan(at));
                at += piece.Length;
            },
            "an echo");
        Assert.Equal(Masked, echo);
    }

    private const string Upgrade =
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private static async Task<RawClient> OpenAsync(ProxyProcess proxy)
    {
        RawClient client = await proxy.ConnectAsync();
        Assert.Equal(101, (await client.RequestAsync(Upgrade)).Status);
        return client;
    }
}
