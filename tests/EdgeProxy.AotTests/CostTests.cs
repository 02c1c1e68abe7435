using System;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>What one more request costs in steady state: no allocation, four system calls on data.</summary>
public sealed class CostTests(ITestOutputHelper output)
{
    // Everything a service can watch and do, but for probes: they cost what they cost by the clock, not by requests.
    private const string Careful = """
        strategy = "least_time"
        health_check = { path = "/healthz", interval = "1h" }
        passive_health_check = { latency_max = "10s" }
        retry = { on = ["connect", "reset", "timeout", "502-504"], per_try_timeout = "10s", idempotency_key = true }
        """;

    private const string Chain = """
        [middlewares.limit.rate_limit]
        average = 1000000
        [middlewares.fields.headers]
        request = { set = { X-Client = "{client_ip}" }, remove = ["X-Debug"] }
        response = { set = { X-Router = "{router}" }, remove = ["Server"] }
        [middlewares.strip.strip_prefix]
        prefixes = ["/small"]
        [middlewares.partners.ip_allow_list]
        source_range = ["127.0.0.0/8"]
        [middlewares.blocked.ip_deny_list]
        source_range = ["192.0.2.0/24"]
        """;

    private const string Audited = "audit = true\naudit_digests = true";

    [Theory]
    [InlineData("")]
    [InlineData(Careful)]
    [InlineData("strategy = \"hash\"\nhash = { on = \"header\", name = \"user-agent\" }")]
    [InlineData("", "middlewares = [\"limit\", \"fields\", \"strip\", \"partners\", \"blocked\"]")]
    [InlineData("", Audited)]
    public async Task KeepAliveRequest_Allocates_Nothing(string service, string router = "")
    {
        // The runtime counts allocations in pieces of 8 KiB per thread, so the count of many requests is compared.
        const int requests = 50_000;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("edgeproxy-audit-");
        await using RawServer server = Steady.Counting();
        await using ProxyProcess proxy = await Published.StartAsync(new ProxyConfig(server)
        {
            Service = service,
            Router = router,
            More = router == Audited ? $"[audit]\ndirectory = \"{folder.FullName}\"\n" : router.Length > 0 ? Chain : "",
        });
        await Steady.LoadAsync(proxy.Port, 5_000);
        await Steady.AllocatedAsync(proxy);
        double before = await Steady.AllocatedAsync(proxy);
        double costOfAsking = await Steady.AllocatedAsync(proxy) - before;
        double start = before + costOfAsking;

        await Steady.LoadAsync(proxy.Port, requests);
        double allocated = await Steady.AllocatedAsync(proxy) - start - costOfAsking;
        output.WriteLine($"{allocated:N0} bytes in {requests:N0} requests (asking costs {costOfAsking:N0})");

        Assert.Equal(Published.Budget("allocated_bytes_per_request"), (long)Math.Max(0, allocated / requests));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task KeepAliveRequest_DataSystemCalls_AreFour()
    {
        const int requests = 500;
        External.Require("strace");
        await using RawServer server = Steady.Counting();
        await using ProxyProcess proxy = await Published.StartAsync(new ProxyConfig(server));
        await Steady.LoadAsync(proxy.Port, 200);
        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(Steady.Get);

        (int once, int twice) = await Steady.CountTwiceAsync(["-f", "-p", $"{proxy.Id}"], client, requests);
        double perRequest = (twice - once) / (double)requests;
        output.WriteLine($"{once} calls for {requests} requests, {twice} for {2 * requests}: {perRequest:0.000} each");
        Assert.True(once > requests, $"only {once} calls were seen");

        Assert.Equal(Published.Budget("data_syscalls_per_request"), perRequest, 0.02);
    }
}
