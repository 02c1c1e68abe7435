using System;
using System.IO;
using System.Net.Security;
using System.Security.Authentication;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>What an entrypoint's TLS settings do to handshakes.</summary>
public sealed class TlsSettingTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    private const string Ciphers = "ciphers = [\"TLS_CHACHA20_POLY1305_SHA256\", \"ECDHE-ECDSA-AES256-GCM-SHA384\"]";

    [Theory]
    [InlineData(SslProtocols.Tls13, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256)]
    [InlineData(SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)]
    public async Task Ciphers_AreThoseOfTheList(SslProtocols version, TlsCipherSuite cipher)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, keys, Ciphers);
        using (RawClient client = await RawClient.ConnectTlsAsync(
            proxy.Port, keys, ask => ask.EnabledSslProtocols = version))
        {
            Assert.Equal(cipher, client.Wire.Secure!.NegotiatedCipherSuite);
            Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        }

        await AssertRefusedAsync(RawClient.ConnectTlsAsync(proxy.Port, keys, ask =>
        {
            ask.EnabledSslProtocols = version;
            ask.CipherSuitesPolicy = new CipherSuitesPolicy(
                [TlsCipherSuite.TLS_AES_128_GCM_SHA256, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]);
        }));
        await proxy.ExpectMetricAsync(1, "edgeproxy_tls_handshakes_total", "full");
    }

    [Theory]
    [InlineData("1.2", SslProtocols.Tls12, true)]
    [InlineData("1.3", SslProtocols.Tls12, false)]
    [InlineData("1.3", SslProtocols.Tls13, true)]
    public async Task Version_IsAtLeastThatOfTheEntryPoint(string least, SslProtocols version, bool isServed)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, keys, $"min_version = \"{least}\"");
        Task<RawClient> connecting = RawClient.ConnectTlsAsync(
            proxy.Port, keys, ask => ask.EnabledSslProtocols = version);

        if (!isServed)
        {
            await AssertRefusedAsync(connecting);
            return;
        }

        using RawClient client = await connecting;
        Assert.Equal((version, 200), (client.Wire.Secure!.SslProtocol, (await client.RequestAsync(Get)).Status));
    }

    [Theory]
    [InlineData("tls1_2", true)]
    [InlineData("tls1_2", false)]
    [InlineData("tls1_3", true)]
    [InlineData("tls1_3", false)]
    public async Task Tickets_AreGiven_UnlessTurnedOff(string version, bool isOn)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, keys, $"session_tickets = {(isOn ? "true" : "false")}");

        // The answer comes behind the tickets, and "Connection: close" ends it.
        CommandResult result = await CommandResult.RunAsync("/bin/sh",
        [
            "-c",
            "printf 'GET / HTTP/1.1\\r\\nHost: a.test\\r\\nConnection: close\\r\\n\\r\\n' | "
                + $"{External.Require("openssl")} s_client -ign_eof -connect 127.0.0.1:{proxy.Port} -servername a.test -{version}",
        ]);

        Assert.Contains("HTTP/1.1 200", result.Output);
        Assert.Equal(isOn, result.Output.Contains("TLS session ticket lifetime hint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Handshakes_OverTheirLimitInAll_AreRefused()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, keys, "handshakes_max = 2, handshake_timeout = \"1m\"");
        using RawClient first = await RawClient.ConnectAsync(proxy.Port, "127.0.0.21");
        using RawClient second = await RawClient.ConnectAsync(proxy.Port, "127.0.0.22");
        using RawClient third = await RawClient.ConnectAsync(proxy.Port, "127.0.0.23");

        await third.ReadToEndAsync();
        await proxy.ExpectMetricAsync(1, "edgeproxy_tls_handshake_failures_total", "over_limit");
        using RawClient secured = await first.SecureAsync(keys);
        Assert.Equal(200, (await secured.RequestAsync(Get)).Status);

        // One is over: there is room again.
        using RawClient next = await RawClient.ConnectTlsAsync(proxy.Port, keys);
        Assert.Equal(200, (await next.RequestAsync(Get)).Status);
    }

    // By an alert, or by an end that overtook it.
    private static async Task AssertRefusedAsync(Task connecting)
    {
        Exception? refusal = await Record.ExceptionAsync(() => connecting);
        Assert.True(refusal is AuthenticationException or IOException, $"{refusal}");
    }

    private static Task<ProxyProcess> StartAsync(RawServer server, TestKeys keys, string tls)
    {
        keys.Make("a.test").Dispose();
        return ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = $"tls = {{ {tls} }}",
            More = keys.Toml("a.test"),
        });
    }
}
