using System.Net;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>The PROXY protocol to servers, as HAProxy reads it.</summary>
public sealed class ProxyProtocolServerTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    [Theory]
    [InlineData("v1", false)]
    [InlineData("v2", false)]
    [InlineData("v1", true)]
    [InlineData("v2", true)]
    public async Task Server_HearsTheClientsAddresses(string version, bool isSecure)
    {
        using var keys = new TestKeys();
        await using HaproxyServer server = await HaproxyServer.StartAsync(keys);
        await using ProxyProcess proxy = await StartAsync(server, keys, version, isSecure);
        using RawClient client = await RawClient.ConnectAsync(proxy.Port, "127.0.0.5");

        RawResponse answer = await client.RequestAsync(Get);

        Assert.Equal(200, answer.Status);
        Assert.Equal(Ends(client, proxy), answer.BodyText);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public async Task Connection_IsUsedAgain_ForItsClientAlone(string version)
    {
        using var keys = new TestKeys();
        await using HaproxyServer server = await HaproxyServer.StartAsync(keys);
        await using ProxyProcess proxy = await StartAsync(server, keys, version, isSecure: false);
        using RawClient first = await proxy.ConnectAsync();
        using RawClient second = await proxy.ConnectAsync();

        foreach (RawClient client in new[] { first, second, first, second, second })
        {
            Assert.Equal(Ends(client, proxy), (await client.RequestAsync(Get)).BodyText);
        }

        await proxy.ExpectMetricAsync(2, "edgeproxy_upstream_connects_total");
    }

    [Fact]
    public async Task Client_ThatAProxyInFrontTellsOf_IsToldOn()
    {
        using var keys = new TestKeys();
        await using HaproxyServer server = await HaproxyServer.StartAsync(keys);
        await using ProxyProcess proxy = await StartAsync(
            server, keys, "v2", isSecure: false, "proxy_protocol = { trusted_ips = [\"127.0.0.1\"] }");

        RawResponse answer = await RawClient.OnceAsync(
            proxy.Port, "PROXY TCP6 2001:db8::1 2001:db8::2 51234 443\r\n" + Get);

        Assert.Equal("2001:db8::1:51234 2001:db8::2:443", answer.BodyText);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public async Task Probe_HasAHeaderOfItsOwn(string version)
    {
        using var keys = new TestKeys();
        await using HaproxyServer server = await HaproxyServer.StartAsync(keys);
        await using ProxyProcess proxy = await StartAsync(server, keys, version, isSecure: false, more: """
            [services.app.health_check]
            interval = "1s"
            initial = "down"
            """);

        await proxy.WaitForServersAsync("up", server.Port);
    }

    private static string Ends(RawClient client, ProxyProcess proxy) =>
        $"{(IPEndPoint)client.Wire.Socket.LocalEndPoint!} 127.0.0.1:{proxy.Port}";

    private static Task<ProxyProcess> StartAsync(
        HaproxyServer server, TestKeys keys, string version, bool isSecure, string entryPoint = "", string more = "") =>
        ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            EntryPoint = entryPoint,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [{ url = "{{(isSecure ? "https" : "http")}}://127.0.0.1:{{(isSecure
                    ? server.SecurePort
                    : server.Port)}}" }]
                proxy_protocol = "{{version}}"
                {{(isSecure ? $"tls = {{ ca = \"{keys.AuthorityFile}\" }}" : "")}}
                {{more}}
                """,
        });
}
