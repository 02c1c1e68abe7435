using System;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// What is asked of clients by the host they come for: in the handshake, and again of each request, whatever its
/// connection was made for.
/// </summary>
public sealed class TlsOptionTests
{
    [Theory]
    [InlineData("a.test", false, 200)]
    [InlineData("a.test", true, 200)]
    [InlineData("m.test", false, 0)]
    [InlineData("m.test", true, 200)]
    [InlineData("M.TEST.", false, 0)]
    [InlineData("M.TEST.", true, 200)]
    [InlineData("x.m.test", false, 0)]
    [InlineData("x.m.test", true, 200)]
    [InlineData("open.m.test", false, 200)]
    public async Task Handshake_AsksWhatTheHostAsks(string host, bool shows, int expected)
    {
        await using Setup setup = await Setup.StartAsync();

        Assert.Equal(expected, await setup.TryAsync(host, shows));

        bool isTold = setup.Server.Requests.Any(
            static request => request.Head.All("X-Forwarded-Tls-Client-Cert").Count > 0);
        Assert.Equal(shows && host != "a.test", isTold);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1", "m.test")]
    [InlineData("GET / HTTP/1.1", "M.Test")]
    [InlineData("GET / HTTP/1.1", "m.test.")]
    [InlineData("GET / HTTP/1.1", "m.test:8443")]
    [InlineData("GET / HTTP/1.1", "x.m.test")]
    [InlineData("GET / HTTP/1.0", "m.test")]
    [InlineData("GET https://m.test/ HTTP/1.1", "m.test")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 0", "m.test")]
    public async Task Http1_HostThatAsksMore_Is421(string line, string host)
    {
        await using Setup setup = await Setup.StartAsync();
        using RawClient client = await setup.ConnectAsync("a.test");

        Assert.Equal(200, (await client.RequestAsync(Get("a.test"))).Status);
        Assert.Equal(200, (await client.RequestAsync(Get("open.m.test"))).Status);
        Assert.Equal(421, (await client.RequestAsync($"{line}\r\nHost: {host}\r\n\r\n")).Status);

        Assert.Equal(2, setup.Server.Requests.Count);
    }

    // Its certificate is told as verified by the authority of m.test, which is nobody's to the server of a.test.
    [Fact]
    public async Task Http1_HostOfAnotherAuthority_Is421()
    {
        await using Setup setup = await Setup.StartAsync();
        using RawClient client = await setup.ConnectAsync("m.test", shows: true);

        Assert.Equal(200, (await client.RequestAsync(Get("m.test"))).Status);
        Assert.Equal(200, (await client.RequestAsync(Get("x.m.test"))).Status);
        Assert.Equal(421, (await client.RequestAsync(Get("a.test"))).Status);
    }

    [Fact]
    public async Task Http2_HostThatAsksMore_Is421_AndOtherStreamsGoOn()
    {
        await using Setup setup = await Setup.StartAsync();
        using Http2Wire wire = await Http2Wire.ConnectTlsAsync(setup.Proxy.Port, setup.Keys);

        Ask(wire, 1, "a.test");
        Ask(wire, 3, "m.test");
        Ask(wire, 5, "x.m.test");
        Ask(wire, 7, "open.m.test");
        await wire.SendAsync();
        foreach (int id in new[] { 1, 3, 5, 7 })
        {
            await wire.EndOfAsync(id);
        }

        Assert.Equal([200, 421, 421, 200], new[] { 1, 3, 5, 7 }.Select(wire.Status));
        Assert.Equal(2, setup.Server.Requests.Count);

        using Http2Wire strict = await Http2Wire.ConnectTlsAsync(
            setup.Proxy.Port, setup.Keys, setup.Own, "m.test");
        Ask(strict, 1, "m.test");
        Ask(strict, 3, "a.test");
        await strict.SendAsync();
        await strict.EndOfAsync(1);
        await strict.EndOfAsync(3);
        Assert.Equal([200, 421], new[] { 1, 3 }.Select(strict.Status));
    }

    // OpenSSL keeps a callback that nothing takes the place of: what the entrypoint lets pass is nobody's way in here.
    [Theory]
    [InlineData("request")]
    [InlineData("require")]
    public async Task HostThatVerifies_OnAnEntryPointThatDoesNot_TakesNoStranger(string clientAuth)
    {
        using var others = new TestKeys();
        await using Setup setup = await Setup.StartAsync($"tls = {{ client_auth = \"{clientAuth}\" }}", others);

        Assert.Equal(200, await setup.TryAsync("a.test", shows: true));
        Assert.Equal(0, await setup.TryAsync("m.test", shows: true));
    }

    [Fact]
    public async Task NoName_HasWhatTheEntryPointAsks()
    {
        await using Setup setup = await Setup.StartAsync();
        using RawClient client = await setup.ConnectAsync("127.0.0.1");

        Assert.Equal(200, (await client.RequestAsync(Get("a.test"))).Status);
        Assert.Equal(421, (await client.RequestAsync(Get("m.test"))).Status);
    }

    [Theory]
    [InlineData("a.test", 200)]
    [InlineData("late.test", 0)]
    public async Task Version_OlderThanTheHostTakes_IsRefused(string host, int expected)
    {
        await using Setup setup = await Setup.StartAsync();

        Assert.Equal(expected, await setup.TryAsync(host, shows: false, SslProtocols.Tls12));
        Assert.Equal(200, await setup.TryAsync(host, shows: false, SslProtocols.Tls13));
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Session_OfAHostThatAsksNothing_OpensNoOther(string version)
    {
        await using Setup setup = await Setup.StartAsync();
        string session = Path.Combine(setup.Keys.Folder, "session");
        Assert.Contains("New, TLSv1.", await setup.OpenSslAsync("a.test", version, "-sess_out", session));

        Assert.Contains("Reused, TLSv1.", await setup.OpenSslAsync("a.test", version, "-sess_in", session));
        string other = await setup.OpenSslAsync("m.test", version, "-sess_in", session);

        Assert.DoesNotContain("Reused, TLSv1.", other);
        Assert.DoesNotContain("200 OK", other);
        Assert.Equal(2, setup.Server.Requests.Count);
    }

    [Fact]
    public async Task Reload_ThatAsksMore_CountsForConnectionsThatAreOpen()
    {
        await using Setup setup = await Setup.StartAsync();
        using RawClient client = await setup.ConnectAsync("a.test");
        using RawClient strict = await setup.ConnectAsync("m.test", shows: true);
        Assert.Equal(200, (await client.RequestAsync(Get("a.test"))).Status);

        setup.Config.More += """

            [routers.more]
            rule = "Host(`a.test`)"
            service = "app"
            tls = { options = "partners" }
            """;
        setup.Proxy.WriteConfig(setup.Config.ToToml());
        setup.Proxy.Hangup();

        await Eventually.GetAsync(
            async () => (await client.RequestAsync(Get("a.test"))).Status, static status => status == 421, "421");
        Assert.Equal(0, await setup.TryAsync("a.test", shows: false));
        Assert.Equal(200, await setup.TryAsync("a.test", shows: true));
        Assert.Equal(200, (await strict.RequestAsync(Get("m.test"))).Status);
        Assert.Equal(200, (await strict.RequestAsync(Get("a.test"))).Status);
    }

    private static string Get(string host) => $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n";

    private static void Ask(Http2Wire wire, int id, string host) => wire.Write.Headers(
        id, isEnd: true, ":method: GET", ":scheme: https", ":path: /", $":authority: {host}");

    /// <summary>
    /// m.test and all below it but open.m.test want certificates, late.test wants TLS 1.3, others nothing.
    /// </summary>
    private sealed class Setup : IAsyncDisposable
    {
        private Setup(TestKeys keys, RawServer server, X509Certificate2 own, ProxyConfig config, ProxyProcess proxy)
        {
            Keys = keys;
            Server = server;
            Own = own;
            Config = config;
            Proxy = proxy;
        }

        public TestKeys Keys { get; }

        public RawServer Server { get; }

        public X509Certificate2 Own { get; }

        public ProxyConfig Config { get; }

        public ProxyProcess Proxy { get; }

        public static async Task<Setup> StartAsync(string entryPoint = "tls = {}", TestKeys? signer = null)
        {
            var keys = new TestKeys();
            keys.Make("a.test", ["a.test", "m.test", "*.m.test", "late.test", "127.0.0.1"]).Dispose();
            X509Certificate2 own = (signer ?? keys).Make("client");
            RawServer server = RawServer.Ok();
            var config = new ProxyConfig(server)
            {
                EntryPoint = entryPoint,
                More = $$"""
                    {{keys.Toml("a.test")}}
                    [tls.options.partners]
                    client_auth = "verify"
                    client_ca = "{{keys.AuthorityFile}}"
                    [tls.options.late]
                    min_version = "1.3"
                    [routers.partners]
                    rule = "Host(`m.test`) || (Host(`*.m.test`) && !Host(`open.m.test`))"
                    service = "app"
                    tls = { options = "partners" }
                    [routers.late]
                    rule = "Host(`late.test`)"
                    service = "app"
                    tls = { options = "late" }
                    """,
            };
            return new Setup(keys, server, own, config, await ProxyProcess.StartAsync(config));
        }

        public Task<RawClient> ConnectAsync(
            string host, bool shows = false, SslProtocols versions = SslProtocols.None) =>
            RawClient.ConnectTlsAsync(Proxy.Port, Keys, ask =>
            {
                ask.TargetHost = host;
                ask.EnabledSslProtocols = versions;
                ask.AllowTlsResume = false;
                if (shows)
                {
                    ask.ClientCertificateContext = SslStreamCertificateContext.Create(Own, null, offline: true);
                }
            });

        /// <summary>
        /// The status, or 0 if TLS refused it: with TLS 1.3 a client hears of that after its own handshake.
        /// </summary>
        public async Task<int> TryAsync(string host, bool shows, SslProtocols versions = SslProtocols.None)
        {
            try
            {
                using RawClient client = await ConnectAsync(host, shows, versions);
                return (await client.RequestAsync(Get(host))).Status;
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                return 0;
            }
        }

        // "Connection: close" ends it from our side, after the tickets.
        public async Task<string> OpenSslAsync(string host, params string[] more)
        {
            string request = $"printf 'GET / HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n'";
            CommandResult result = await CommandResult.RunAsync("/bin/sh",
            [
                "-c",
                $"{request} | {External.Require("openssl")} s_client -connect 127.0.0.1:{Proxy.Port} "
                    + $"-servername {host} -ign_eof {string.Join(' ', more)}",
            ]);
            return result.Output;
        }

        public async ValueTask DisposeAsync()
        {
            Server.ToleratesFaults = true;
            await Proxy.DisposeAsync();
            await Server.DisposeAsync();
            Own.Dispose();
            Keys.Dispose();
        }
    }
}
