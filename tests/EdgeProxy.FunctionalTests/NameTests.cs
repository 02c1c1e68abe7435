using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Services.Naming;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Servers by name: which addresses are asked while DNS says this, that, or nothing.</summary>
public sealed class NameTests
{
    [Fact]
    public async Task Addresses_AreServersOfTheirOwn()
    {
        await using var dns = new DnsServer();
        await using RawServer first = RawServer.At("127.0.0.2", Ports.Next());
        await using RawServer second = RawServer.At("127.0.0.3", first.Port);
        await using RawServer third = RawServer.At("::1", first.Port);
        dns.SetAlias("app.test", "real.test", "127.0.0.2", "127.0.0.3", "::1");
        await using ProxyProcess proxy = await StartAsync(dns, first.Port, "pass_host_header = false");

        await WaitForAddressesAsync(proxy);
        Dictionary<string, int> counts = await CountAsync(proxy, 30);

        Assert.Equal(10, counts["127.0.0.2"]);
        Assert.Equal(10, counts["127.0.0.3"]);
        Assert.Equal(10, counts["::1"]);
        Assert.All(first.Requests, request => Assert.Equal($"app.test:{first.Port}", request.Head.One("Host")));
        Assert.Equal(
            [$"app.test:{first.Port} (127.0.0.2)", $"app.test:{first.Port} (127.0.0.3)", $"app.test:{first.Port} (::1)"],
            await ServersAsync(proxy));
    }

    [Fact]
    public async Task Addresses_CountTogether_AndAScrapeHasEachSeriesOnce()
    {
        await using var dns = new DnsServer();
        await using RawServer first = RawServer.At("127.0.0.2", Ports.Next());
        await using RawServer second = RawServer.At("127.0.0.3", first.Port);
        dns.Set("app.test", "127.0.0.2", "127.0.0.3");
        await using ProxyProcess proxy = await StartAsync(dns, first.Port, "retry = {}\ncircuit_breaker = "
            + "{ expression = \"NetworkErrorRatio() > 0.5\" }\nhealth_check = { interval = \"1h\" }");
        await WaitForAddressesAsync(proxy);

        Assert.Equal(2, (await CountAsync(proxy, 20)).Count);

        const string tries = "http_client_request_duration_seconds_count";
        await proxy.ExpectMetricAsync(20, tries, "edgeproxy_service=\"app\"");
        string text = (await proxy.AdminAsync("/metrics")).BodyText;
        string[] series = [.. text.Split('\n').Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line[..line.LastIndexOf(' ')])];
        Assert.Single(series, name => name.StartsWith(tries, StringComparison.Ordinal));
        Assert.Empty(series.GroupBy(name => name).Where(same => same.Count() > 1).Select(same => same.Key));

        // An address that goes takes nothing with it: a count that falls would be a restart to who reads it.
        dns.Set("app.test", "127.0.0.2");
        await Eventually.TrueAsync(async () => (await ServersAsync(proxy)).Length == 1, "an address to go");
        await proxy.ExpectMetricAsync(20, tries, "edgeproxy_service=\"app\"");
    }

    [Fact]
    public async Task AnswerChanges_RequestsMove_AndNoneIsLost()
    {
        await using var dns = new DnsServer();
        await using RawServer before = RawServer.At("127.0.0.2", Ports.Next());
        await using RawServer after = RawServer.At("127.0.0.3", before.Port);
        dns.Set("app.test", "127.0.0.2");
        await using ProxyProcess proxy = await StartAsync(dns, before.Port);
        await WaitForAddressesAsync(proxy);
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("127.0.0.2", await BodyAsync(client));

        dns.Set("app.test", "127.0.0.3");
        await Eventually.TrueAsync(async () => await BodyAsync(client) == "127.0.0.3", "requests to move");
        await before.WaitForOpenAsync(0);

        dns.Set("app.test", "127.0.0.3", "127.0.0.2");
        await Eventually.TrueAsync(async () => await BodyAsync(client) == "127.0.0.2", "both to be asked");

        // One that stays keeps its connection.
        Assert.Equal(1, after.ConnectionCount);
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    [Theory]
    [InlineData("Silent")]
    [InlineData("Fails")]
    [InlineData("no such name")]
    public async Task NobodyCanSay_TheLastAnswerStays(string manner)
    {
        await using var dns = new DnsServer();
        await using RawServer server = RawServer.At("127.0.0.2", Ports.Next());
        dns.Set("app.test", "127.0.0.2");
        await using ProxyProcess proxy = await StartAsync(dns, server.Port);
        await WaitForAddressesAsync(proxy);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);

        if (manner == "no such name")
        {
            dns.Set("app.test");
        }
        else
        {
            dns.Manner = Enum.Parse<DnsManner>(manner);
        }

        await proxy.WaitForLineAsync("name app.test has no new addresses");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        await proxy.ReloadAsync(proxy.Config.ToToml() + "\n# again\n");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);

        dns.Manner = DnsManner.Answers;
        dns.Set("app.test", "127.0.0.2");
        await proxy.WaitForLineAsync("name app.test resolves again");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Theory]
    [InlineData("Silent")]
    [InlineData("Fails")]
    public async Task NobodyCanSayAtTheStart_TheServiceIsDown_TheProxyIsNot(string manner)
    {
        await using var dns = new DnsServer { Manner = Enum.Parse<DnsManner>(manner) };
        await using RawServer server = RawServer.At("127.0.0.2", Ports.Next());
        await using RawServer other = RawServer.Ok("other");
        dns.Set("app.test", "127.0.0.2");
        await using ProxyProcess proxy = await StartAsync(
            dns, server.Port, "health_check = { interval = \"100ms\" }", other.Port);

        RawResponse response = await RawClient.GetAsync(proxy.Port);
        Assert.Equal((503, "503: the server's name has no address yet\n"), (response.Status, response.BodyText));
        Assert.Equal("other", (await RawClient.GetAsync(proxy.Port, "/other")).BodyText);

        dns.Manner = DnsManner.Answers;
        await Eventually.TrueAsync(
            async () => (await RawClient.GetAsync(proxy.Port)).BodyText == "127.0.0.2", "the service to come up");
    }

    [Theory]
    [InlineData("TcpOnly")]
    [InlineData("Noisy")]
    public async Task UnusualReplies_AreUnderstood(string manner)
    {
        await using var dns = new DnsServer { Manner = Enum.Parse<DnsManner>(manner) };
        await using RawServer server = RawServer.At("127.0.0.2", Ports.Next());
        dns.Set("app.test", "127.0.0.2");
        await using ProxyProcess proxy = await StartAsync(dns, server.Port);

        await Eventually.TrueAsync(
            async () => (await RawClient.GetAsync(proxy.Port)).BodyText == "127.0.0.2", "the name to resolve");
        Assert.Equal(manner == "TcpOnly", dns.TcpCount > 0);
    }

    [Fact]
    public async Task FirstNameServerIsSilent_TheSecondIsAsked()
    {
        await using var silent = new DnsServer { Manner = DnsManner.Silent };
        await using var dns = new DnsServer();
        await using RawServer server = RawServer.At("127.0.0.2", Ports.Next());
        dns.Set("app.test", "127.0.0.2");
        await using ProxyProcess proxy = await StartAsync(dns, server.Port, first: silent);

        await Eventually.TrueAsync(
            async () => (await RawClient.GetAsync(proxy.Port)).BodyText == "127.0.0.2", "the name to resolve");
        Assert.True(silent.QueryCount > 0);
    }

    // Neither keeps the look-up, and with it those of all other names, for ever.
    [Theory]
    [InlineData("Repeats", 25)]
    [InlineData("Drips", 0)]
    public async Task NameServerThatGoesOnAndOn_IsNotListenedToForEver(string manner, int addressesMax)
    {
        await using var dns = new DnsServer { Manner = Enum.Parse<DnsManner>(manner) };
        dns.Set("app.test", Enumerable.Range(1, 25).Select(i => $"127.0.0.{i}").ToArray());
        var servers = new NameServers([new IPEndPoint(IPAddress.Loopback, dns.Port)], [], 1);

        NameAnswer answer = await Task.Run(() => new DnsLookUp(servers).Find("app.test"))
            .Within("the look-up to end", TimeSpan.FromMinutes(1));

        Assert.InRange(answer.Addresses.Count, 0, addressesMax);
    }

    [Fact]
    public async Task DeadAddress_CostsNoRequest_AndHealthIsByAddress()
    {
        await using var dns = new DnsServer();
        await using RawServer server = RawServer.At("127.0.0.2", Ports.Next());
        dns.Set("app.test", "127.0.0.2", "127.0.0.9");
        await using ProxyProcess proxy = await StartAsync(dns, server.Port);
        await using ProxyProcess probing = await StartAsync(
            dns, server.Port, "health_check = { interval = \"100ms\", timeout = \"1m\", rise = 1, fall = 1 }");

        await WaitForAddressesAsync(proxy);
        await probing.WaitForLineAsync($"server app.test:{server.Port} (127.0.0.9) is down");
        await Eventually.TrueAsync(async () => (await RawClient.GetAsync(probing.Port)).Status == 200, "the other to be up");
        Assert.Equal(20, (await CountAsync(proxy, 20))["127.0.0.2"]);
        Assert.Equal(20, (await CountAsync(probing, 20))["127.0.0.2"]);

        await probing.ExpectMetricAsync(0, "edgeproxy_retries_total");
    }

    [Fact]
    public async Task AddressThatSwallowsEverything_IsRacedByTheOther_AndAskedLastFromThenOn()
    {
        await using var dns = new DnsServer();
        await using RawServer server = RawServer.At("127.0.0.2", Ports.Next());
        using FullQueue swallowing = await FullQueue.StartAsync("127.0.0.9", server.Port);
        dns.Set("app.test", "127.0.0.9", "127.0.0.2");
        await using ProxyProcess proxy = await StartAsync(dns, server.Port, "connect_timeout = \"5m\"");

        await WaitForAddressesAsync(proxy);
        Dictionary<string, int> counts = await CountAsync(proxy, 50);

        Assert.Equal(50, counts["127.0.0.2"]);

        // Half of the requests were its turn, but it is doubted for longer each time, so that few raced. That none
        // waited for connect_timeout, the end of the test shows.
        Assert.InRange((await proxy.MetricAsync("edgeproxy_retries_total"))!.Value, 1, 10);
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_server_exchanges_in_flight") == 0, "nothing in flight");
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    [Fact]
    public async Task AllAddressesSwallowEverything_TheConnectTimeoutEndsBoth()
    {
        await using var dns = new DnsServer();
        int port = Ports.Next();
        using FullQueue first = await FullQueue.StartAsync("127.0.0.9", port);
        using FullQueue second = await FullQueue.StartAsync("127.0.0.10", port);
        dns.Set("app.test", "127.0.0.9", "127.0.0.10");
        await using ProxyProcess proxy = await StartAsync(dns, port, "connect_timeout = \"1s\"");
        await WaitForAddressesAsync(proxy);

        Assert.Equal(504, (await RawClient.GetAsync(proxy.Port)).Status);
        await proxy.ExpectMetricAsync(1, "edgeproxy_retries_total");
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_server_exchanges_in_flight") == 0, "nothing in flight");
    }

    [Fact]
    public async Task SlowAddress_HasTheRequest_ThoughTheOtherWasAskedAndRefused()
    {
        await using var dns = new DnsServer();
        int port = Ports.Next();
        using FullQueue slow = await FullQueue.StartAsync("127.0.0.9", port);
        dns.Set("app.test", "127.0.0.9", "127.0.0.10"); // where nobody listens
        await using ProxyProcess proxy = await StartAsync(dns, port, "connect_timeout = \"5m\"");
        await WaitForAddressesAsync(proxy);
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_upstream_connect_failures_total") >= 1, "a refusal");
        await slow.AnswerOneAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    private static Task<ProxyProcess> StartAsync(
        DnsServer dns, int port, string service = "", int other = 1, DnsServer? first = null) =>
        ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            Node = "dns_servers = [" + (first is null ? "" : $"\"127.0.0.1:{first.Port}\", ")
                + $"\"127.0.0.1:{dns.Port}\"]",
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [routers.other]
                rule = "Path(`/other`)"
                service = "other"
                [services.app]
                servers = [{ url = "http://app.test:{{port}}" }]
                {{service}}
                [services.other]
                {{ProxyConfig.ServerList(other)}}
                """,
        });

    // A proxy that starts does not wait long for a name.
    private static Task WaitForAddressesAsync(ProxyProcess proxy) => Eventually.TrueAsync(
        async () => (await ServersAsync(proxy)).Any(name => name.Contains('(')), "the name to have addresses");

    private static async Task<string> BodyAsync(RawClient client)
    {
        RawResponse response = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, response.Status);
        return response.BodyText;
    }

    private static async Task<Dictionary<string, int>> CountAsync(ProxyProcess proxy, int requests)
    {
        var counts = new Dictionary<string, int>();
        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < requests; i++)
        {
            string body = await BodyAsync(client);
            counts[body] = counts.GetValueOrDefault(body) + 1;
        }

        return counts;
    }

    private static async Task<string[]> ServersAsync(ProxyProcess proxy)
    {
        using var json = JsonDocument.Parse((await proxy.AdminAsync("/api/v1/services")).BodyText);
        return
        [
            .. json.RootElement.EnumerateArray().Single(service => service.GetProperty("name").GetString() == "app")
                .GetProperty("servers").EnumerateArray().Select(server => server.GetProperty("name").GetString()!),
        ];
    }
}
