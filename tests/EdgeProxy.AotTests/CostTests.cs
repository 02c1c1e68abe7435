using System;
using System.Buffers.Text;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>What one more request costs in steady state: no allocation, four system calls on data.</summary>
public sealed class CostTests(ITestOutputHelper output)
{
    private const string Secret = "a secret of thirty-two characters or more";

    private static readonly string Get = "GET /small HTTP/1.1\r\nHost: a.test\r\nUser-Agent: test\r\nAccept: */*\r\n"
        + $"X-Key: good\r\nAuthorization: Bearer {Token()}\r\n\r\n";

    // Everything a service can watch and do, but for probes: they cost what they cost by the clock, not by requests.
    private const string Careful = """
        strategy = "least_time"
        health_check = { path = "/healthz", interval = "1h" }
        passive_health_check = { latency_max = "10s" }
        retry = { on = ["connect", "reset", "timeout", "502-504"], per_try_timeout = "10s", idempotency_key = true }
        circuit_breaker = { expression = "NetworkErrorRatio() > 0.3 || LatencyAtQuantileMS(99.0) > 5000" }
        capacity = { requests_max = 1000 }
        """;

    private static readonly string Chain = $$"""
        [consumers.alice]
        keys = [{ sha256 = "{{Convert.ToHexStringLower(SHA256.HashData("good"u8))}}" }]
        [middlewares.key.api_key]
        header = "X-Key"
        consumer_header = "X-Consumer"
        [middlewares.token.jwt]
        secret = "{{Secret}}"
        claim_headers = { X-Subject = "sub" }
        [middlewares.smaller.compress]
        [middlewares.whole.buffering]
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
    [InlineData("", "middlewares = [\"key\", \"token\", \"smaller\"]")]
    [InlineData("", "middlewares = [\"whole\"]")]
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
        await Steady.LoadAsync(proxy.Port, 5_000, Get);
        await Steady.AllocatedAsync(proxy);
        double before = await Steady.AllocatedAsync(proxy);
        double costOfAsking = await Steady.AllocatedAsync(proxy) - before;
        double start = before + costOfAsking;

        await Steady.LoadAsync(proxy.Port, requests, Get);
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
        await Steady.LoadAsync(proxy.Port, 200, Get);
        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(Get);

        (int once, int twice) = await Steady.CountTwiceAsync(["-f", "-p", $"{proxy.Id}"], client, requests, Get);
        double perRequest = (twice - once) / (double)requests;
        output.WriteLine($"{once} calls for {requests} requests, {twice} for {2 * requests}: {perRequest:0.000} each");
        Assert.True(once > requests, $"only {once} calls were seen");

        Assert.Equal(Published.Budget("data_syscalls_per_request"), perRequest, 0.02);
    }

    private static string Token()
    {
        string text = Base64Url.EncodeToString("""{"alg":"HS256"}"""u8) + "."
            + Base64Url.EncodeToString("""{"sub":"eve","exp":4102444800}"""u8);
        byte[] signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(text));
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }
}
