using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Which server a request reaches.</summary>
public sealed class BalancingTests
{
    [Theory]
    [InlineData("round_robin")]
    [InlineData("least_connections")]
    public async Task TakingTurns_Weights_AreExact(string strategy)
    {
        await using var servers = new Servers(2);
        var config = new ProxyConfig { IsBare = true, More = servers.Toml($"strategy = \"{strategy}\"", weights: [1, 3]) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(200, (await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        Assert.Equal([10, 30], servers.Counts);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("p2c")]
    public async Task ByLot_EachServer_GetsSome(string strategy)
    {
        await using var servers = new Servers(3);
        var config = new ProxyConfig { IsBare = true, More = servers.Toml($"strategy = \"{strategy}\"") };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 150; i++)
        {
            Assert.Equal(200, (await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        // 50 expected; that one of them is off by so much by chance happens once in 10^9 runs.
        Assert.All(servers.Counts, count => Assert.InRange(count, 14, 90));
    }

    [Theory]
    [InlineData("{ on = \"header\", name = \"x-user\" }", "/", "X-User: {0}\r\n")]
    [InlineData("{ on = \"cookie\", name = \"sid\" }", "/", "Cookie: a=b; sid={0}; sid2=x\r\n")]
    [InlineData("{ on = \"query\", name = \"user\" }", "/?a=b&user={0}", "")]
    [InlineData("{ on = \"path\" }", "/users/{0}", "")]
    public async Task Hash_SameKey_SameServer(string hash, string path, string fields)
    {
        await using var servers = new Servers(3);
        var config = new ProxyConfig
        {
            IsBare = true,
            More = servers.Toml($"strategy = \"hash\"\nhash = {hash}"),
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        var seen = new Dictionary<int, string>();
        for (int round = 0; round < 3; round++)
        {
            // Seventy, so that none of them falls to one server of the three by chance once in 10^11 runs.
            for (int user = 0; user < 70; user++)
            {
                string at = string.Format(null, path, user);
                RawResponse response = await RawClient.GetAsync(proxy.Port, at, string.Format(null, fields, user));
                seen.TryAdd(user, response.BodyText);
                Assert.Equal(seen[user], response.BodyText);
            }
        }

        Assert.Equal(3, seen.Values.Distinct().Count());
    }

    [Fact]
    public async Task Hash_Client_SameAddressSameServer()
    {
        await using var servers = new Servers(2);
        var config = new ProxyConfig
        {
            IsBare = true,
            More = servers.Toml("strategy = \"hash\"\nhash = { on = \"client\" }"),
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        var seen = new HashSet<string>();
        // Forty, so that they all fall to one server by chance once in 2^39 runs.
        for (int address = 1; address <= 40; address++)
        {
            var mine = new HashSet<string>();
            for (int i = 0; i < 3; i++)
            {
                using RawClient client = await RawClient.ConnectAsync(proxy.Port, from: $"127.0.1.{address}");
                mine.Add((await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).BodyText);
            }

            seen.Add(Assert.Single(mine));
        }

        Assert.Equal(2, seen.Count);
    }

    [Theory]
    [InlineData("least_connections")]
    [InlineData("p2c")]
    public async Task BusyServer_IsPassedOver(string strategy)
    {
        // The first holds what it gets; the other answers.
        var gate = new Gate();
        await using RawServer held = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await gate.PassAsync("the end of the test");
                await connection.AnswerAsync();
            }
        });
        await using RawServer free = RawServer.Ok();
        var config = new ProxyConfig(held, free) { Service = $"strategy = \"{strategy}\"" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        var stuck = new List<Task<RawResponse>>();
        while (held.Requests.Count == 0)
        {
            Task<RawResponse> answer = RawClient.GetAsync(proxy.Port);
            stuck.Add(answer);
            int seen = stuck.Count;
            await Eventually.TrueAsync(() => held.Requests.Count + free.Requests.Count == seen, "the request to arrive");
        }

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        }

        Assert.Single(held.Requests);
        gate.Open();
        await Task.WhenAll(stuck);
    }

    [Fact]
    public async Task LeastTime_SlowServer_GetsLittle()
    {
        await using RawServer slow = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                // The server's work, not a wait for something; far more than a busy machine makes of the other's.
                using var timer = new System.Threading.PeriodicTimer(TimeSpan.FromSeconds(1.5));
                await timer.WaitForNextTickAsync();
                await connection.AnswerAsync();
            }
        });
        await using RawServer fast = RawServer.Ok();
        var config = new ProxyConfig(slow, fast) { Service = "strategy = \"least_time\"" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 60; i++)
        {
            Assert.Equal(200, (await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        Assert.InRange(slow.Requests.Count, 1, 10);
    }

    [Fact]
    public async Task Reload_Weights_TakeEffectAndNothingIsLost()
    {
        await using var servers = new Servers(2);
        var config = new ProxyConfig { IsBare = true, More = servers.Toml("", weights: [1, 1]) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 10; i++)
        {
            await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        Assert.Equal([5, 5], servers.Counts);
        config.More = servers.Toml("", weights: [1, 9]);
        await proxy.ReloadAsync();
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }

        Assert.Equal([7, 23], servers.Counts);
        Assert.Equal([1, 1], servers.Connections);
    }

    /// <summary>Servers that answer with their number.</summary>
    private sealed class Servers(int count) : IAsyncDisposable
    {
        private readonly RawServer[] _servers =
            [.. Enumerable.Range(0, count).Select(number => RawServer.Ok($"{number}"))];

        public int[] Counts => [.. _servers.Select(server => server.Requests.Count)];

        public int[] Connections => [.. _servers.Select(server => server.ConnectionCount)];

        public string Toml(string lines, int[]? weights = null) => $"""
            [routers.all]
            rule = "PathPrefix(`/`)"
            service = "app"
            [services.app]
            {lines}
            servers = [{string.Join(", ", _servers.Select((server, place) =>
                $"{{ url = \"http://127.0.0.1:{server.Port}\", weight = {weights?[place] ?? 1} }}"))}]
            """;

        public async ValueTask DisposeAsync()
        {
            foreach (RawServer server in _servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
