using System;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Bytes pass as they come, and no faster than the slower side takes them.</summary>
public sealed class StreamingTests
{
    // What the kernel may hold for one connection and direction: tcp_rmem and tcp_wmem end at 6 and 4 MiB, on two legs.
    private const long KernelBytesMax = 64L * 1024 * 1024;
    private const long RssGrowthKibMax = 8 * 1024;
    private static readonly TimeSpan s_stalledAfter = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n", true)]
    [InlineData("Content-Length: 27\r\n", false)]
    [InlineData("", false)]
    public async Task ServerSentEvents_ArriveOneByOne(string framing, bool chunked)
    {
        // Each event is sent only after the one before it was seen: held-back bytes would be a deadlock.
        Gate[] seen = [new(), new(), new()];
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{framing}\r\n");
            for (int i = 0; i < seen.Length; i++)
            {
                await connection.SendAsync(chunked ? $"9\r\ndata: {i}\n\n\r\n" : $"data: {i}\n\n");
                await seen[i].PassAsync($"the client to see event {i}");
            }

            await connection.SendAsync(chunked ? "0\r\n\r\n" : "");
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse head = await client.ReadHeadAsync();
        string text = "";
        for (int i = 0; i < seen.Length; i++)
        {
            while (!text.Contains($"data: {i}\n\n", StringComparison.Ordinal))
            {
                byte[] bytes = await client.Wire.ReadSomeAsync($"event {i}");
                Assert.NotEmpty(bytes);
                text += System.Text.Encoding.Latin1.GetString(bytes);
            }

            seen[i].Open();
        }

        Assert.Equal("text/event-stream", head.Header("Content-Type"));
    }

    [Fact]
    public async Task RequestBody_ArrivesPieceByPiece()
    {
        Gate[] seen = [new(), new(), new()];
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            for (int i = 0; i < seen.Length; i++)
            {
                await connection.Wire.ReadExactlyAsync(8, _ => { }, $"piece {i}");
                seen[i].Open();
            }

            await connection.AnswerAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 24\r\n\r\n");
        foreach (Gate gate in seen)
        {
            await client.SendAsync("12345678");
            await gate.PassAsync("the server to see a piece");
        }

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task ClientResets_BetweenEvents_ServerIsToldWithoutAnotherEvent()
    {
        var told = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 0\n\n\r\n");
            await connection.Wire.ReadToEndAsync();
            told.Open();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.ReadHeadAsync();
        client.Reset();

        await told.PassAsync("the server to be told");
        Assert.True(told.IsOpen);
    }

    [Fact]
    public async Task ClientCloses_BetweenEvents_ServerIsToldWithTheNextEventAtLatest()
    {
        var left = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            await left.PassAsync("the client to leave");
            await connection.SendAsync("9\r\ndata: 0\n\n\r\n");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using (RawClient client = await proxy.ConnectAsync())
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            await client.ReadHeadAsync();
        }

        left.Open();
        await server.WaitForOpenAsync(0);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task StalledClient_StopsTheServer_AndMemoryStaysFlat()
    {
        const long size = 512L * 1024 * 1024;
        byte[] block = new byte[256 * 1024];
        var stalled = new TaskCompletionSource<long>();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
            stalled.TrySetResult(await SendUntilStalledAsync(connection.Wire, block, size));
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        await RawClient.GetAsync(proxy.AdminPort, "/livez");
        long rssBefore = proxy.RssKib;

        using RawClient client = await RawClient.ConnectAsync(proxy.Port, receiveBytes: 64 * 1024);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        long taken = await stalled.Task.Within("the server to be held up", TimeSpan.FromMinutes(1));

        Assert.InRange(taken, 0, KernelBytesMax);
        Assert.InRange(proxy.RssKib, 0, rssBefore + RssGrowthKibMax);
    }

    [Fact]
    public async Task StalledServer_StopsTheClient_AndMemoryStaysFlat()
    {
        const long size = 512L * 1024 * 1024;
        byte[] block = new byte[256 * 1024];
        var done = new Gate();
        await using RawServer server = RawServer.Start(
            async connection =>
            {
                await connection.ReadHeadAsync();
                await done.PassAsync("the test to end");
            },
            receiveBytes: 64 * 1024);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        await RawClient.GetAsync(proxy.AdminPort, "/livez");
        long rssBefore = proxy.RssKib;

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        long taken = await SendUntilStalledAsync(client.Wire, block, size);

        Assert.InRange(taken, 0, KernelBytesMax);
        Assert.InRange(proxy.RssKib, 0, rssBefore + RssGrowthKibMax);
        done.Open();
    }

    [Fact]
    public async Task StalledClient_ThatReadsOnLater_GetsEveryByte()
    {
        const int size = 48 * 1024 * 1024;
        byte[] body = new byte[size];
        for (int i = 0; i < size; i++)
        {
            body[i] = (byte)((i * 13) + (i >> 12));
        }

        var mostlySent = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
            await connection.SendAsync(body[..1_000_000]);
            mostlySent.Open();
            await connection.SendAsync(body[1_000_000..]);
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await RawClient.ConnectAsync(proxy.Port, receiveBytes: 32 * 1024);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await mostlySent.PassAsync("the server to have sent much");
        RawResponse response = await client.ReadResponseAsync();

        Assert.True(response.IsWhole);
        Assert.True(body.AsSpan().SequenceEqual(response.Body));
    }

    /// <summary>Sends until a write is not taken for a second; answers how much was.</summary>
    private static async Task<long> SendUntilStalledAsync(WireStream wire, byte[] block, long size)
    {
        long start = wire.SentTotal;
        try
        {
            while (wire.SentTotal - start < size)
            {
                await wire.SendAsync(block, s_stalledAfter);
            }
        }
        catch (TimeoutException)
        {
            // Held up, as it should be.
        }

        return wire.SentTotal - start;
    }
}
