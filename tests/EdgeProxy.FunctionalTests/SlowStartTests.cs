using System;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>A server that came up, or came with a reload, begins with little and ends with its share.</summary>
public sealed class SlowStartTests
{
    // Nobody grows to a share of note while a test runs, however long it takes; a shorter one, later, lets it.
    private const string Slow = "slow_start = \"1h\"\n";
    private const string Soon = "slow_start = \"1s\"\n";
    private const int First = 120;

    // Ports, and with them the places of keys, differ from run to run: over one fixed set of keys a server's share by
    // hash is a lot drawn once, so every request has a key of its own.
    private int _key;

    [Theory]
    [InlineData("round_robin")]
    [InlineData("p2c")]
    [InlineData("least_connections")]
    [InlineData("least_time")]
    [InlineData("random")]
    [InlineData("hash")]
    public async Task NewServer_InAReload_GrowsToItsShare(string strategy)
    {
        await using RawServer old = Working("old");
        await using RawServer late = Working("late");
        string hash = strategy == "hash" ? "hash = { on = \"query\", name = \"key\" }\n" : "";
        var config = new ProxyConfig(old) { Service = $"strategy = \"{strategy}\"\n{hash}{Slow}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();
        await CountAsync(client, "late", 20);

        config.Servers.Add(late.Port);
        await proxy.ReloadAsync();

        // A tenth of a half, or one of eleven parts: more than 36 would be by chance less than once in 10^9 runs.
        Assert.InRange(await CountAsync(client, "late", First), 0, 36);
        config.Service = config.Service.Replace(Slow, Soon, StringComparison.Ordinal);
        await proxy.ReloadAsync();
        await WaitForShareAsync(client, "late");
    }

    [Fact]
    public async Task ServerThatComesBack_GrowsToItsShare()
    {
        bool isWell = true;
        await using RawServer flapping = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                bool isGood = request.Target != "/healthz" || Volatile.Read(ref isWell);
                await connection.AnswerAsync("flapping", status: isGood ? "200 OK" : "500 Broken");
            }
        });
        await using RawServer steady = RawServer.Ok("steady");
        var config = new ProxyConfig(flapping, steady)
        {
            Service = Slow + "health_check = { path = \"/healthz\", interval = \"100ms\", jitter = \"0\", timeout = \"1m\", rise = 1, fall = 1 }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();

        await proxy.WaitForServersAsync("up", flapping.Port, steady.Port);

        // At the start all servers are new, and none starts slowly.
        Assert.Equal(First / 2, await CountAsync(client, "flapping", First));
        Volatile.Write(ref isWell, false);
        await proxy.WaitForLineAsync($"server 127.0.0.1:{flapping.Port} is down");
        Assert.Equal(0, await CountAsync(client, "flapping", First));
        int lines = proxy.Stderr.Count;
        Volatile.Write(ref isWell, true);
        await proxy.WaitForLineAsync($"server 127.0.0.1:{flapping.Port} is up", lines);

        Assert.InRange(await CountAsync(client, "flapping", First), 0, 36);
        config.Service = config.Service.Replace(Slow, Soon, StringComparison.Ordinal);
        await proxy.ReloadAsync();
        await WaitForShareAsync(client, "flapping");
    }

    [Fact]
    public async Task AdminSurface_SaysWhatShareAServerHas()
    {
        await using RawServer old = RawServer.Ok();
        await using RawServer late = RawServer.Ok();
        var config = new ProxyConfig(old) { Service = "slow_start = \"10m\"\n" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        config.Servers.Add(late.Port);
        await proxy.ReloadAsync();

        string services = (await proxy.AdminAsync("/api/v1/services")).BodyText;

        Assert.Equal((100, 10), (ShareOf(services, old), ShareOf(services, late)));
    }

    private static int ShareOf(string services, RawServer server)
    {
        using var json = JsonDocument.Parse(services);
        JsonElement list = json.RootElement.ValueKind == JsonValueKind.Array
            ? json.RootElement
            : json.RootElement.GetProperty("services");
        return list.EnumerateArray().SelectMany(service => service.GetProperty("servers").EnumerateArray())
            .Single(one => one.GetProperty("name").GetString() == $"127.0.0.1:{server.Port}")
            .GetProperty("share_percent").GetInt32();
    }

    // Beside such work, what a busy machine adds to that of one of them is little: servers are compared by their times.
    private static RawServer Working(string body) => RawServer.Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is not null)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(30));
            await timer.WaitForNextTickAsync(); // the server's work, not a wait for something
            await connection.AnswerAsync(body);
        }
    });

    private async Task<int> CountAsync(RawClient client, string body, int requests)
    {
        int count = 0;
        for (int i = 0; i < requests; i++)
        {
            RawResponse response = await client.RequestAsync($"GET /?key={_key++} HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal(200, response.Status);
            count += response.BodyText == body ? 1 : 0;
        }

        return count;
    }

    private Task WaitForShareAsync(RawClient client, string body) => Eventually.TrueAsync(
        async () => await CountAsync(client, body, First) >= First * 4 / 10, $"{body} to have its share");
}
