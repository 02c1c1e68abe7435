using System;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>The PROXY protocol from proxies in front: who is believed, what servers hear, what is refused.</summary>
public sealed class ProxyProtocolTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    private const string Line = "PROXY TCP4 192.0.2.1 198.51.100.7 51234 443\r\n";
    private const string Trusted = "proxy_protocol = { trusted_ips = [\"127.0.0.1\"] }";
    private const string Required = "proxy_protocol = { trusted_ips = [\"127.0.0.1\"], required = true }";

    private static readonly byte[] Binary =
        Convert.FromHexString("0D0A0D0A000D0A515549540A2111000C" + "C0000202C6336407C82201BB");

    private static readonly byte[] Local = Convert.FromHexString("0D0A0D0A000D0A515549540A20000000");

    [Fact]
    public async Task Header_OfEitherVersion_SaysWhoTheClientIs()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Trusted);

        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Line + Get)).Status);
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Binary);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);

        Assert.Equal(["192.0.2.1", "192.0.2.2", "192.0.2.2"], Clients(server));
        await proxy.ExpectMetricAsync(2, "edgeproxy_proxy_protocol_connections_total", "taken");
    }

    [Fact]
    public async Task Header_ByteByByte_IsTheSame()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Trusted);

        using RawClient client = await proxy.ConnectAsync();
        foreach (byte one in Binary)
        {
            await client.SendAsync(new[] { one });
        }

        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        Assert.Equal(["192.0.2.2"], Clients(server));
    }

    [Fact]
    public async Task Header_InFrontOfTls_AndOfHttp2_IsTaken()
    {
        using var keys = new TestKeys();
        keys.Make("a.test");
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Trusted + "\ntls = {}", keys.Toml("a.test"));

        using RawClient clear = await proxy.ConnectAsync();
        await clear.SendAsync(Line);
        using RawClient client = await clear.SecureAsync(keys);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);

        Assert.Equal(["192.0.2.1"], Clients(server));
    }

    [Fact]
    public async Task Local_AndNoHeader_AreTheSendersOwn()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Trusted);

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Local);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, "PROXY UNKNOWN\r\n" + Get)).Status);
        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Get)).Status);

        Assert.Equal(["127.0.0.1", "127.0.0.1", "127.0.0.1"], Clients(server));
    }

    [Fact]
    public async Task Header_OfSomebodyElse_IsNoHeader()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Trusted);

        using RawClient client = await RawClient.ConnectAsync(proxy.Port, "127.0.0.9");
        Assert.Equal(400, (await client.RequestAsync(Line + Get)).Status);
        using RawClient other = await RawClient.ConnectAsync(proxy.Port, "127.0.0.9");
        Assert.Equal(200, (await other.RequestAsync(Get)).Status);

        Assert.Equal(["127.0.0.9"], Clients(server));
    }

    [Theory]
    [InlineData(Get)]
    [InlineData("PROXY TCP4 192.0.2.1\r\n" + Get)]
    [InlineData("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n" + Get)]
    [InlineData("PROXY \r\n" + Get)]
    public async Task Required_WithoutAHeader_OrWithABrokenOne_IsClosed(string bytes)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Required);

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(bytes);

        Assert.Empty(await client.ReadToEndAsync());
        Assert.Empty(server.Requests);
        await proxy.ExpectMetricAsync(1, "edgeproxy_proxy_protocol_connections_total", "refused");
    }

    [Fact]
    public async Task Required_SomebodyElse_IsClosed_AndWhoIsTrustedIsServed()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Required);

        using RawClient other = await RawClient.ConnectAsync(proxy.Port, "127.0.0.9");
        Assert.Empty(await other.ReadToEndAsync());
        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Line + Get)).Status);
    }

    [Fact]
    public async Task Broken_WhereItIsNotRequired_IsClosed()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Trusted);

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("PROXY TCP4 192.0.2.1 x 1 2\r\n" + Get);

        Assert.Empty(await client.ReadToEndAsync());
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task HalfAHeader_RunsIntoTheTimeOfAHead()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Trusted + "\nhead_timeout = \"200ms\"");

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("PROXY TCP4 ");

        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Limit_ByAddress_IsTheClients()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, Trusted + "\nconnections_per_address_max = 2");

        // The proxy in front is one address and has three connections; each of its clients has one or two.
        using RawClient first = await proxy.ConnectAsync();
        Assert.Equal(200, (await first.RequestAsync(Line + Get)).Status);
        using RawClient second = await proxy.ConnectAsync();
        Assert.Equal(200, (await second.RequestAsync(Line + Get)).Status);
        using RawClient third = await proxy.ConnectAsync();
        await third.SendAsync(Binary);
        Assert.Equal(200, (await third.RequestAsync(Get)).Status);
        using RawClient fourth = await proxy.ConnectAsync();
        await fourth.SendAsync(Line + Get);

        Assert.Empty(await fourth.ReadToEndAsync());
    }

    private static string[] Clients(RawServer server) =>
        [.. server.Requests.Select(static r => r.Head.One("X-Forwarded-For") ?? "")];

    private static Task<ProxyProcess> StartAsync(RawServer server, string entryPoint, string more = "") =>
        ProxyProcess.StartAsync(new ProxyConfig(server) { EntryPoint = entryPoint, More = more });
}
