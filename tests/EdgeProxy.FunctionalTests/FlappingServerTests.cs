using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// Whatever chooses among servers, one of three fails in one way, is well again, and fails once more: requests that may
/// be repeated all succeed, others fail only at that server, and it is used again when it is well.
/// </summary>
public sealed class FlappingServerTests
{
    // So many that each strategy meets each server, but by chance once in 10^10 runs.
    private const int Requests = 60;
    private const string Well = "200";
    private static readonly string[] s_strategies =
        ["round_robin", "p2c", "least_connections", "least_time", "hash", "random"];

    [Theory]
    [InlineData("refused", true)]
    [InlineData("reset", true)]
    [InlineData("closed", true)]
    [InlineData("hangs", true)]
    [InlineData("hangs within the head", true)]
    [InlineData("503", true)]
    [InlineData("503 and hangs", true)]
    [InlineData("not http", false)]
    [InlineData("wrong chunks", false)]
    [InlineData("gone within the body", false)]
    [InlineData("hangs within the body", false)]
    public async Task OneOfThree_FailsTwice_AndIsUsedInBetween(string way, bool isRepeated)
    {
        await using var flapping = new Flapping();
        await using RawServer second = RawServer.At("127.0.0.2", flapping.Port);
        await using RawServer third = RawServer.At("127.0.0.3", flapping.Port);
        await using var dns = new DnsServer();
        dns.Set("app.test", "127.0.0.1", "127.0.0.2", "127.0.0.3");
        Dictionary<string, string> items = Items(flapping.Port, way);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            Node = $"dns_servers = [\"127.0.0.1:{dns.Port}\"]",
            More = string.Concat(items.Select(static item => $"""
                [routers.{item.Key}]
                rule = "PathPrefix(`/{item.Key}/`)"
                service = "{item.Key}"
                {item.Value}

                """)),
        });
        await Task.WhenAll(items.Keys.Select(item => UntilUsedAsync(proxy, item)));

        for (int phase = 0; phase < 2; phase++)
        {
            await flapping.BecomeAsync(way);
            await Task.WhenAll(items.Keys.Select(item => AskAsync(proxy, flapping, item, isRepeated)));

            await flapping.BecomeAsync(Well);
            await Task.WhenAll(items.Keys.Where(HasNoMemory).Select(item => UntilUsedAsync(proxy, item)));
        }

        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    // least_time remembers for minutes how long a failure took.
    private static bool HasNoMemory(string item) => item != "least_time";

    private static async Task AskAsync(ProxyProcess proxy, Flapping flapping, string item, bool isRepeated)
    {
        int before = flapping.PagesOf(item);
        int failed = 0;
        string cookie = "";
        for (int i = 0; i < Requests; i++)
        {
            // Every other client comes back with what it was given.
            RawResponse response = await GetAsync(proxy, item, i, i % 2 == 0 ? cookie : "");
            cookie = response.Header("Set-Cookie")?.Split(';')[0] ?? cookie;
            bool isGood = response is { Status: 200, IsWhole: true };
            Assert.True(isGood || !isRepeated, $"{item}: {response}");
            failed += isGood ? 0 : 1;
        }

        Assert.InRange(failed, 0, flapping.PagesOf(item) - before);
    }

    private static Task UntilUsedAsync(ProxyProcess proxy, string item)
    {
        int number = 0;
        return Eventually.TrueAsync(
            async () =>
            {
                RawResponse response = await GetAsync(proxy, item, number++, "");
                Assert.True(response is { Status: 200, IsWhole: true }, $"{item}: {response}");
                return response.BodyText == Flapping.Body;
            },
            $"{item} to use the server that is well again");
    }

    private static Task<RawResponse> GetAsync(ProxyProcess proxy, string item, int user, string cookie) =>
        RawClient.GetAsync(
            proxy.Port, $"/{item}/{user}", $"X-User: {user}\r\n{(cookie.Length > 0 ? $"Cookie: {cookie}\r\n" : "")}");

    /// <summary>What a service is, by its name, which is that of its router, too.</summary>
    private static Dictionary<string, string> Items(int port, string way)
    {
        string silent = way is "hangs" or "hangs within the head" ? "3s" : "1m";
        string watch = $$"""
            {{FailingServer.Limits(way, "3s")}}
            passive_health_check = { consecutive_faults = 1, ejection_time = "2s", ejected_share_max = 50 }
            """;
        string common = $$"""
            {{watch}}
            [services.NAME.retry]
            on = ["connect", "reset", "timeout", "502-504"]
            attempts = 4
            per_try_timeout = "{{silent}}"
            budget_share = 100

            """;
        string all = Servers(port, 1, 2, 3);
        var items = new Dictionary<string, string>();
        foreach (string strategy in s_strategies)
        {
            string hash = strategy == "hash" ? "hash = { on = \"header\", name = \"x-user\" }\n" : "";
            Add(strategy, $"strategy = \"{strategy}\"\n{hash}{all}\n{common}");
        }

        Add("sticky", $"sticky = {{ secret = \"a secret of this test\" }}\n{all}\n{common}");
        Add("slow_start", $"slow_start = \"1s\"\n{all}\n{common}");
        Add("capacity", $"capacity = {{ requests_max = 1, queue_timeout = \"1m\" }}\n{all}\n{common}");
        Add("names", $"servers = [{{ url = \"http://app.test:{port}\" }}]\n{common}");
        Add("priority", Servers(port, 1, 2, 3).Replace(
            "\" }, {", "\" }, { priority = 1,", StringComparison.Ordinal) + $"\n{common}");
        Add("weighted", "weighted = { services = [{ name = \"old\" }, { name = \"new\" }] }\n"
            + $"[services.old]\n{Servers(port, 1, 2)}\n{common.Replace("NAME", "old", StringComparison.Ordinal)}"
            + $"[services.new]\n{Servers(port, 2, 3)}\n");
        Add("failover", "failover = { service = \"main\", fallback = \"spare\", statuses = [\"502-504\"] }\n"
            + $"[services.main]\n{Servers(port, 1, 2)}\n{watch}\n[services.spare]\n{Servers(port, 3)}\n");
        return items;

        void Add(string name, string toml) => items.Add(
            name, $"[services.{name}]\n{toml.Replace("NAME", name, StringComparison.Ordinal)}");
    }

    private static string Servers(int port, params IEnumerable<int> addresses) =>
        $"servers = [{string.Join(", ", addresses.Select(last => $"{{ url = \"http://127.0.0.{last}:{port}\" }}"))}]";

    /// <summary>A server at one port that is well or fails in one way, as it is told.</summary>
    private sealed class Flapping : IAsyncDisposable
    {
        public const string Body = "sick"; // of whatever status

        private readonly List<RawServer> _servers = [];
        private string _way = Well;

        public Flapping()
        {
            Port = Ports.Next();
            Start();
        }

        public int Port { get; }

        public int PagesOf(string item) => _servers.Sum(server =>
            server.Requests.Count(request => request.Target.StartsWith($"/{item}/", StringComparison.Ordinal)));

        public async Task BecomeAsync(string way)
        {
            bool wasGone = Volatile.Read(ref _way) == "refused";
            Volatile.Write(ref _way, way);
            if (way == "refused")
            {
                _servers[^1].StopAccepting();
                _servers[^1].CloseAll();
            }
            else if (wasGone)
            {
                await _servers[^1].DisposeAsync();
                Start();
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (RawServer server in _servers)
            {
                await server.DisposeAsync();
            }
        }

        private void Start() => _servers.Add(FailingServer.Start(() => Volatile.Read(ref _way), Port));
    }
}
