using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>TERM: what was accepted is answered, nothing new is taken, and then the program ends well.</summary>
public sealed class DrainTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task Idle_Term_ExitsWithZero()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        await RawClient.GetAsync(proxy.Port);

        proxy.Terminate();

        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task Interrupt_DrainsLikeTerm()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        proxy.Signal(2);

        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task InFlight_Term_IsAnsweredWithCloseBeforeTheEnd()
    {
        var go = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await go.PassAsync("the drain to begin");
            await connection.AnswerAsync("late");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await server.WaitForRequestsAsync(1);

        proxy.Terminate();
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(proxy.Port), "the entrypoint to be closed");
        Assert.False(proxy.HasExited);
        go.Open();
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal((200, "late"), (response.Status, response.BodyText));
        Assert.True(response.Head.Lists("Connection", "close"));
        Assert.Empty(await client.ReadToEndAsync());
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task InFlightUpload_Term_IsTakenToItsEnd()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        await server.WaitForRequestsAsync(1);

        proxy.Terminate();
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(proxy.Port), "the entrypoint to be closed");
        await client.SendAsync("world");
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal(200, response.Status);
        Assert.Equal("helloworld", Assert.Single(server.WholeRequests).BodyText);
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task IdleConnections_Term_AreClosedWithoutReset()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(Get);

        proxy.Terminate();

        Assert.Empty(await client.ReadToEndAsync());
        Assert.False(client.Wire.WasReset);
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task SecondTerm_EndsNow()
    {
        await using RawServer server = RawServer.Silent();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { DrainTimeout = "10m" });
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await server.WaitForRequestsAsync(1);

        proxy.Terminate();
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(proxy.Port), "the drain to begin");
        Assert.False(proxy.HasExited);
        proxy.Terminate();

        await proxy.ExitCodeAsync();
        await client.ReadToEndAsync();
        Assert.True(proxy.HasExited);
    }

    [Fact]
    public async Task DrainTimeout_CutsWhatIsLeftAndEnds()
    {
        await using RawServer server = RawServer.Silent();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { DrainTimeout = "500ms" });
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await server.WaitForRequestsAsync(1);

        proxy.Terminate();

        await proxy.ExitCodeAsync();
        await client.ReadToEndAsync();
        Assert.True(proxy.HasExited);
    }

    [Fact]
    public async Task DrainTimeout_StreamOfAnEntrypointThatLeftBefore_IsCutVisiblyToo()
    {
        int port = Ports.Next();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n\r\nfirst");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            DrainTimeout = "500ms",
            More = $"[entrypoints.old]\naddress = \"127.0.0.1:{port}\"\n",
        });
        using RawClient client = await RawClient.ConnectAsync(port);
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n");
        await client.ReadHeadAsync();

        proxy.Config.More = "";
        await proxy.ReloadAsync();
        proxy.Terminate();

        // The end of the connection would say that the answer is whole; the end of the process must not.
        await client.ReadToEndAsync();
        Assert.True(client.Wire.WasReset);
        await proxy.ExitCodeAsync();
    }

    [Fact]
    public async Task Drain_StreamOfAnEntrypointThatLeftBefore_IsTakenToItsEnd()
    {
        int port = Ports.Next();
        var go = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
            await go.PassAsync("the drain to begin");
            await connection.SendAsync("-last");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"[entrypoints.old]\naddress = \"127.0.0.1:{port}\"\n",
        });
        using RawClient client = await RawClient.ConnectAsync(port);
        await client.SendAsync(Get);
        await server.WaitForRequestsAsync(1);

        proxy.Config.More = "";
        await proxy.ReloadAsync();
        proxy.Terminate();
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(proxy.Port), "the drain to begin");
        go.Open();

        Assert.Equal("first-last", (await client.ReadResponseAsync()).BodyText);
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task DrainTimeout_AnswerThatOnlyTheEndWouldEnd_IsReset()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n\r\nfirst");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { DrainTimeout = "500ms" });
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n");
        await client.ReadHeadAsync();

        proxy.Terminate();

        await client.ReadToEndAsync();
        Assert.True(client.Wire.WasReset);
        await proxy.ExitCodeAsync();
    }

    [Fact]
    public async Task Draining_IsAliveButNotReady()
    {
        var go = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await go.PassAsync("the test to look");
            await connection.AnswerAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await server.WaitForRequestsAsync(1);

        proxy.Terminate();
        await Eventually.TrueAsync(
            async () => (await proxy.AdminAsync("/readyz")).Status == 503, "/readyz to say no");
        RawResponse live = await proxy.AdminAsync("/livez");
        go.Open();

        Assert.Equal(200, live.Status);
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }
}
