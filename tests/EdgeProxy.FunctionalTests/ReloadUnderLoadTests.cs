using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// The file changes again and again under steady load: no request is lost, no health forgotten, no client moved.
/// With EDGEPROXY_LONG=1 ten times as often, with 64 clients.
/// </summary>
public sealed class ReloadUnderLoadTests
{
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1";
    private static readonly int s_reloads = s_isLong ? 1_000 : 100;
    private static readonly int s_clients = s_isLong ? 64 : 8;

    [Fact]
    public async Task HundredReloads_NothingIsLost()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        await using RawServer passing = RawServer.Ok("passing");
        await using RawServer down = FailingServer.Start("503");
        await using RawServer ejected = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { Target: "/healthz" })
            {
                await connection.AnswerAsync();
            }

            connection.Wire.Reset();
        });
        ejected.ToleratesFaults = true;
        var config = new ProxyConfig { IsBare = true, Loops = 2, More = Toml(a, b, down, ejected, null, 0) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForLineAsync($"server 127.0.0.1:{down.Port} is down");
        using var stop = new CancellationTokenSource();
        await EjectAsync(proxy, ejected);
        int ejectedBefore = Pages(ejected);
        Task<int>[] clients =
            [.. Enumerable.Range(0, s_clients).Select(number => LoadAsync(proxy, number, stop.Token))];

        for (int i = 1; i <= s_reloads; i++)
        {
            config.More = Toml(a, b, down, ejected, i % 2 == 0 ? null : passing, i);
            await proxy.ReloadAsync();
        }

        await stop.CancelAsync();
        int[] counts = await Task.WhenAll(clients);
        Assert.All(counts, count => Assert.True(count > 10, $"{count} requests"));
        Assert.Equal(0, Pages(down));
        Assert.Equal(ejectedBefore, Pages(ejected));
        await proxy.ExpectNoErrorsAsync();
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
        Assert.Equal(1, proxy.Stderr.Count(line => line.Contains("is ejected", StringComparison.Ordinal)));
        Assert.Equal(1, proxy.Stderr.Count(
            line => line.Contains($"server 127.0.0.1:{down.Port} is down", StringComparison.Ordinal)));
    }

    // Requests until one came to the server that resets, and was answered by another.
    private static Task EjectAsync(ProxyProcess proxy, RawServer ejected) => Eventually.TrueAsync(
        async () =>
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/page")).Status);
            return Pages(ejected) > 0;
        },
        "a server to be ejected");

    private static int Pages(RawServer server) => server.Requests.Count(request => request.Target != "/healthz");

    // A client of its own, with its cookie, on one connection: each answer is whole, and from the same server.
    private static async Task<int> LoadAsync(ProxyProcess proxy, int number, CancellationToken stop)
    {
        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync("GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
        string cookie = string.Join("; ", first.Head.All("Set-Cookie").Select(line => line[..line.IndexOf(';')]));
        int count = 0;
        while (!stop.IsCancellationRequested || count <= 10)
        {
            string request = (number + count) % 2 == 0
                ? $"GET /page HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n"
                : $"POST /page HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\nContent-Length: 5\r\n\r\nhello";
            RawResponse response = await client.RequestAsync(request);
            Assert.Equal((200, first.BodyText, true), (response.Status, response.BodyText, response.IsWhole));
            Assert.Empty(response.Head.All("Set-Cookie"));
            count++;
        }

        return count;
    }

    private static string Toml(
        RawServer a, RawServer b, RawServer down, RawServer ejected, RawServer? passing, int number)
    {
        IEnumerable<int> ports = new[] { a, b, down, ejected }.Select(server => server.Port);
        string servers = ProxyConfig.ServerList(passing is null ? ports : ports.Append(passing.Port))
            .Replace($"{b.Port}\"", $"{b.Port}\", weight = {1 + (number % 3)}", StringComparison.Ordinal);
        return $$"""
            [routers.all]
            rule = "PathPrefix(`/`)"
            service = "all"
            [routers.other]
            rule = "Path(`/other-{{number}}`)"
            service = "all"
            [services.all.weighted]
            services = [{ name = "app", weight = {{1 + (number % 5)}} }]
            sticky = { secret = "a secret of this test" }
            [services.app]
            {{servers}}
            sticky = { secret = "a secret of this test" }
            retry = { on = ["reset"] }
            slow_start = "{{1 + (number % 2)}}s"
            health_check = { path = "/healthz", interval = "300ms", timeout = "1m", initial = "up", fall = 1, rise = 1 }
            passive_health_check = { consecutive_faults = 1, ejection_time = "5m", ejected_share_max = 50 }
            """;
    }
}
