using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Every limit has an answer, and the proxy goes on behind it.</summary>
public sealed class LimitTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task ConnectionsMax_OneMore_Is503AndRoomComesBack()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "connections_max = 2" });

        using RawClient first = await proxy.ConnectAsync();
        await first.RequestAsync(Get);
        using RawClient second = await proxy.ConnectAsync();
        await second.RequestAsync(Get);
        Assert.Equal(503, await RefusalAsync(proxy, null));

        first.Dispose();
        await Eventually.TrueAsync(async () => await RefusalAsync(proxy, null) == 200, "room for a connection");
        Assert.Equal(200, (await second.RequestAsync(Get)).Status);
    }

    [Fact]
    public async Task ConnectionsPerAddressMax_BindsOneAddressOnly()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "connections_per_address_max = 1" });

        using RawClient first = await RawClient.ConnectAsync(proxy.Port, from: "127.0.0.2");
        await first.RequestAsync(Get);

        Assert.Equal(503, await RefusalAsync(proxy, "127.0.0.2"));
        Assert.Equal(200, await RefusalAsync(proxy, "127.0.0.3"));
    }

    [Theory]
    [InlineData("target_bytes_max = 256", "target", 300, 414)]
    [InlineData("target_bytes_max = 256", "target", 200, 200)]
    [InlineData("head_bytes_max = 1024", "field", 1100, 431)]
    [InlineData("head_bytes_max = 1024", "field", 800, 200)]
    [InlineData("head_bytes_max = 1024", "fields", 1100, 431)]
    [InlineData("header_count_max = 5", "count", 6, 431)]
    [InlineData("header_count_max = 5", "count", 4, 200)]
    [InlineData("", "target", 9_000, 414)]
    [InlineData("", "field", 33_000, 431)]
    [InlineData("", "count", 101, 431)]
    [InlineData("", "field", 30_000, 200)]
    [InlineData("", "target", 8_000, 200)]
    public async Task Head_OverALimit_IsRefusedByName(string entryPoint, string part, int size, int status)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = entryPoint });

        using RawClient client = await proxy.ConnectAsync();
        RawResponse response = await client.RequestAsync(HeadOf(part, size));

        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? 1 : 0, server.Requests.Count);
        if (status != 200)
        {
            Assert.True(response.Head.Lists("Connection", "close"));
            await client.ReadToEndAsync();
        }
    }

    [Fact]
    public async Task EndlessHead_IsRefusedBeforeItEnds()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
        await client.SendAsync(new string('a', 40_000));
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal(431, response.Status);
    }

    [Fact]
    public async Task ChunkExtensions_SummedOverTheBody_AreBounded()
    {
        // CVE-2025-55315 and its kin: 100 KB of extensions pass nginx and YARP.
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        var body = new StringBuilder();
        for (int i = 0; i < 200; i++)
        {
            body.Append(CultureInfo.InvariantCulture, $"1;{new string('e', 500)}\r\nx\r\n");
        }

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        Task sending = IgnoreCutAsync(client.SendAsync($"{body}0\r\n\r\n"));
        RawResponse response = await client.ReadResponseAsync();
        await sending;

        Assert.Equal(400, response.Status);
        Assert.Empty(server.WholeRequests);
    }

    [Fact]
    public async Task Trailers_OverTheirLimit_AreRefused()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        Task sending = IgnoreCutAsync(client.SendAsync(
            $"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: {new string('t', 10_000)}\r\n\r\n"));
        RawResponse response = await client.ReadResponseAsync();
        await sending;

        Assert.Equal(431, response.Status);
        Assert.Empty(server.WholeRequests);
    }

    [Fact]
    public async Task ManyIdleConnections_CostLittleMemory()
    {
        const int count = 1000;
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        var clients = new List<RawClient>();
        for (int i = 0; i < 50; i++)
        {
            await RawClient.GetAsync(proxy.Port);
        }

        long before = proxy.RssKib;
        try
        {
            for (int i = 0; i < count; i++)
            {
                RawClient client = await proxy.ConnectAsync();
                clients.Add(client);
                await client.RequestAsync(Get);
            }

            // Design bars: 18 MiB more for 10,000 of them, under 2 KiB each; a managed build is given twice that.
            Assert.InRange(proxy.RssKib - before, 0, count * 4L);
            Assert.All(await Task.WhenAll(clients.Select(c => c.RequestAsync(Get))), r => Assert.Equal(200, r.Status));
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    public async Task ManyConnections_GoneAgain_LeaveNoDescriptorsBehind()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Service = "idle_connections_max = 0" });
        await RawClient.GetAsync(proxy.Port);
        await server.WaitForOpenAsync(0);
        int before = proxy.OpenFileCount;

        for (int i = 0; i < 100; i++)
        {
            using RawClient client = await proxy.ConnectAsync();
            await client.SendAsync(i % 3 == 0 ? "GET / HT" : Get);
            if (i % 3 == 1)
            {
                await client.ReadResponseAsync();
            }
            else if (i % 3 == 2)
            {
                client.Reset();
            }
        }

        await Eventually.TrueAsync(() => proxy.OpenFileCount <= before, $"{before} open files again");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    private static async Task<int> RefusalAsync(ProxyProcess proxy, string? from)
    {
        using RawClient client = await RawClient.ConnectAsync(proxy.Port, from);
        RawResponse response;
        try
        {
            await client.SendAsync(Get);
            response = await client.ReadResponseAsync();
        }
        catch (System.Net.Sockets.SocketException)
        {
            return 0;
        }
        catch (WireEndedException)
        {
            return 0;
        }

        if (response.Status != 200)
        {
            await client.ReadToEndAsync();
        }

        return response.Status;
    }

    private static string HeadOf(string part, int size) => part switch
    {
        "target" => $"GET /{new string('t', size - 1)} HTTP/1.1\r\nHost: a\r\n\r\n",
        "field" => $"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('f', size)}\r\n\r\n",
        "fields" => $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Repeat($"X: {new string('f', 95)}\r\n", size / 100))}\r\n",
        _ => $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Repeat("X: y\r\n", size - 1))}\r\n",
    };

    private static async Task IgnoreCutAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The proxy answered and cut before it took everything, as it may.
        }
    }
}
