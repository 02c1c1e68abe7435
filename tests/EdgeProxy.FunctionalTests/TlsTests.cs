using System;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>TLS from clients: which certificate, which version, what servers hear, what is refused.</summary>
public sealed class TlsTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Request_OverTls_IsForwardedAsHttps(SslProtocols version)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, keys, "tls = {}", "a.test");
        using RawClient client = await RawClient.ConnectTlsAsync(
            proxy.Port, keys, ask => ask.EnabledSslProtocols = version);

        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);

        Assert.Equal(version, client.Wire.Secure!.SslProtocol);
        WireHead head = server.Requests[0].Head;
        Assert.Equal(["https"], head.All("X-Forwarded-Proto"));
        Assert.Contains("proto=https", head.All("Forwarded").Single());
        await proxy.ExpectMetricAsync(1, "edgeproxy_tls_handshakes_total", "full");
    }

    [Theory]
    [InlineData("a.test", "a.test")]
    [InlineData("A.TEST.", "a.test")]
    [InlineData("x.wild.test", "wild")]
    [InlineData("x.y.wild.test", "default")]
    [InlineData("wild.test", "default")]
    [InlineData("none.test", "default")]
    public async Task Certificate_OfNameAskedFor_IsShown(string asked, string shown)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        keys.Make("default", ["other.test"]);
        keys.Make("wild", ["*.wild.test"], isRsa: true);
        keys.Make("a.test");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "tls = {}",
            More = keys.Toml("a.test") + keys.Toml("wild") + keys.Toml("default", "default = true"),
        });

        using RawClient client = await RawClient.ConnectTlsAsync(proxy.Port, keys, ask =>
        {
            ask.TargetHost = asked;
            ask.RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null;
        });

        Assert.Equal($"CN={shown}", client.Wire.Secure!.RemoteCertificate!.Subject);
    }

    [Fact]
    public async Task StrictSni_UnknownName_IsRefused_AndOtherHost_Is421()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        keys.Make("b.test");
        await using ProxyProcess proxy = await StartAsync(
            server, keys, "tls = { strict_sni = true }", "a.test", keys.Toml("b.test"));

        await Assert.ThrowsAnyAsync<Exception>(() => RawClient.ConnectTlsAsync(
            proxy.Port, keys, static ask => ask.TargetHost = "c.test"));
        using RawClient client = await RawClient.ConnectTlsAsync(proxy.Port, keys);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        Assert.Equal(421, (await client.RequestAsync("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n")).Status);

        await proxy.ExpectMetricAsync(1, "edgeproxy_tls_handshake_failures_total", "unknown_name");
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("none", false, true, false)]
    [InlineData("request", false, true, false)]
    [InlineData("request", true, true, true)]
    [InlineData("require", false, false, false)]
    [InlineData("require", true, true, true)]
    [InlineData("verify", false, false, false)]
    [InlineData("verify", true, true, true)]
    public async Task ClientCertificate_IsAskedForAsConfigured(
        string auth, bool shows, bool isServed, bool isTold)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        using X509Certificate2 own = keys.Make("client");
        string ca = auth == "none" ? "" : $", client_ca = \"{keys.AuthorityFile}\"";
        await using ProxyProcess proxy = await StartAsync(
            server, keys, $"tls = {{ client_auth = \"{auth}\"{ca} }}", "a.test");

        int status = await TryAsync(proxy, keys, shows ? own : null);

        Assert.Equal(isServed ? 200 : 0, status);
        if (isServed)
        {
            // The forged ones of the request are gone in each spelling.
            string[] told = [.. server.Requests.Single().Head.Fields.Where(static field =>
                field.Key.Contains("client", StringComparison.OrdinalIgnoreCase)).Select(static f => f.Key)];
            Assert.Equal(
                isTold ? ["X-Forwarded-Tls-Client-Cert", "X-Forwarded-Tls-Client-Cert-Info"] : [], told);
            if (isTold)
            {
                Assert.StartsWith("Verified=yes;Subject=\"CN=client\";Issuer=\"CN=Test Authority\";",
                    server.Requests.Single().Head.All("X-Forwarded-Tls-Client-Cert-Info").Single());
            }
        }
    }

    [Theory]
    [InlineData("", "client", 200)]
    [InlineData("", null, 403)]
    [InlineData("subjects = [\"CN=client\", \"CN=x\"]", "client", 200)]
    [InlineData("subjects = [\"CN=x\"]", "client", 403)]
    [InlineData("issuers = [\"CN=Test Authority\"]\nconsumers = [\"till\"]", "client", 200)]
    [InlineData("issuers = [\"CN=x\"]", "client", 403)]
    [InlineData("consumers = [\"till\"]", "other", 403)]
    [InlineData("", "stranger", 403)]
    public async Task ClientCert_PassesWhoseCertificateIsGood(string rules, string? shown, int expected)
    {
        using var keys = new TestKeys();
        using var strangers = new TestKeys();
        await using RawServer server = RawServer.Ok();
        using X509Certificate2 own = keys.Make("client");
        using X509Certificate2 other = keys.Make("other");
        using X509Certificate2 stranger = strangers.Make("client");
        string fingerprint = own.GetCertHashString(HashAlgorithmName.SHA256);
        keys.Make("a.test").Dispose();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = $"tls = {{ client_auth = \"request\", client_ca = \"{keys.AuthorityFile}\" }}",
            Router = "middlewares = [\"mtls\", \"tell\"]",
            More = keys.Toml("a.test") + $"\n[consumers.till]\ncertificates = [\"{fingerprint}\"]\n"
                + $"[middlewares.mtls.client_cert]\nconsumer_header = \"X-Consumer\"\n{rules}\n"
                + "[middlewares.tell.headers.request]\nset = { X-Who = \"{consumer}/{client_cert_subject}/"
                + "{client_cert_sha256}\", X-Id = \"{request_id}\" }\n",
        });

        int status = await TryAsync(
            proxy, keys, shown switch { "client" => own, "other" => other, "stranger" => stranger, _ => null });

        Assert.Equal(expected, status);
        Assert.Equal(
            expected == 200 ? ["till"] : [], server.Requests.Select(request => request.Head.One("X-Consumer")));
        Assert.All(server.Requests, request =>
        {
            Assert.Equal($"till/CN=client/{fingerprint.ToLowerInvariant()}", request.Head.One("X-Who"));
            Assert.Equal(request.Head.One("X-Request-Id"), request.Head.One("X-Id"));
        });
    }

    [Theory]
    [InlineData("require", 200)]
    [InlineData("verify", 0)]
    public async Task ClientCertificate_OfAnotherAuthority_IsToldOrRefused(string auth, int expected)
    {
        using var keys = new TestKeys();
        using var others = new TestKeys();
        await using RawServer server = RawServer.Ok();
        using X509Certificate2 foreign = others.Make("client");
        await using ProxyProcess proxy = await StartAsync(
            server, keys, $"tls = {{ client_auth = \"{auth}\", client_ca = \"{keys.AuthorityFile}\" }}", "a.test");

        Assert.Equal(expected, await TryAsync(proxy, keys, foreign));

        if (expected == 200)
        {
            Assert.StartsWith("Verified=no;",
                server.Requests.Single().Head.All("X-Forwarded-Tls-Client-Cert-Info").Single());
        }
        else
        {
            await proxy.ExpectMetricAsync(1, "edgeproxy_tls_handshake_failures_total", "\"certificate");
        }
    }

    [Fact]
    public async Task PlainHttp_OnTlsPort_IsToldSo()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, keys, "tls = {}", "a.test");

        RawResponse answer = await RawClient.GetAsync(proxy.Port);

        Assert.Equal(400, answer.Status);
        Assert.True(answer.IsWhole);
        Assert.Contains("HTTPS", answer.BodyText);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("00000000000000000000000000000000000000")]
    [InlineData("16030100050100000100")]
    [InlineData("1603010200ffffffffffffffffffffffffffffff")]
    [InlineData("80800100020000")]
    public async Task Garbage_InsteadOfClientHello_EndsTheConnectionOnly(string hex)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, keys, "tls = { handshake_timeout = \"4s\" }", "a.test");
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Convert.FromHexString(hex));

        await client.ReadToEndAsync();

        using RawClient next = await RawClient.ConnectTlsAsync(proxy.Port, keys);
        Assert.Equal(200, (await next.RequestAsync(Get)).Status);
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    [Fact]
    public async Task Handshake_ThatDoesNotComeOn_IsCut_AndOverItsLimitRefused()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, keys, "tls = { handshake_timeout = \"4s\", handshakes_per_address_max = 2 }", "a.test");
        using RawClient first = await proxy.ConnectAsync();
        using RawClient second = await proxy.ConnectAsync();
        await first.SendAsync(Convert.FromHexString("1603010200010001fc"));
        using RawClient third = await proxy.ConnectAsync();

        await third.ReadToEndAsync();
        await proxy.ExpectMetricAsync(1, "edgeproxy_tls_handshake_failures_total", "over_limit");
        await first.ReadToEndAsync();
        await second.ReadToEndAsync();

        await proxy.ExpectMetricAsync(2, "edgeproxy_tls_handshake_failures_total", "timeout");
        using RawClient next = await RawClient.ConnectTlsAsync(proxy.Port, keys);
        Assert.Equal(200, (await next.RequestAsync(Get)).Status);
    }

    [Fact]
    public async Task Certificate_Swapped_UnderLoad_FailsNoRequest()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        using X509Certificate2 before = keys.Make("a.test");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "tls = {}",
            More = keys.Toml("a.test"),
            WatchInterval = "100ms",
            Loops = 2,
        });
        using RawClient old = await RawClient.ConnectTlsAsync(proxy.Port, keys);
        using var ending = new CancellationTokenSource();
        Task<int>[] load = [.. Enumerable.Range(0, 4).Select(_ => LoadAsync(proxy, keys, ending.Token))];

        using X509Certificate2 after = keys.Make("a.test");
        await Eventually.TrueAsync(
            async () => await ShownAsync(proxy, keys) == after.SerialNumber, "the new certificate to be shown");
        await ending.CancelAsync();

        int[] answered = await Task.WhenAll(load);
        Assert.All(answered, static count => Assert.True(count > 0));
        Assert.Equal(200, (await old.RequestAsync(Get)).Status);
        Assert.NotEqual(before.SerialNumber, after.SerialNumber);
    }

    [Fact]
    public async Task Certificate_Bad_KeepsTheOneInUse()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        using X509Certificate2 good = keys.Make("a.test");
        await using ProxyProcess proxy = await StartAsync(server, keys, "tls = {}", "", keys.Toml("a.test"));

        await File.WriteAllTextAsync(
            keys.CertificateFile("a.test"), "nothing", TestContext.Current.CancellationToken);
        proxy.Hangup();

        await Eventually.TrueAsync(
            () => proxy.Stderr.Any(static line => line.Contains("has no certificate in PEM", StringComparison.Ordinal)),
            "the fault");
        Assert.Equal(good.SerialNumber, await ShownAsync(proxy, keys));
    }

    [Fact]
    public async Task LongBodies_BothWays_ArriveWhole()
    {
        using var keys = new TestKeys();
        byte[] body = new byte[3 * 1024 * 1024];
        new Random(1).NextBytes(body);
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {request.Body.Length}\r\n\r\n");
                await connection.SendAsync(request.Body);
            }
        });
        await using ProxyProcess proxy = await StartAsync(server, keys, "tls = {}", "a.test");
        using RawClient client = await RawClient.ConnectTlsAsync(proxy.Port, keys);

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {body.Length}\r\n\r\n");
        await client.SendAsync(body);
        RawResponse answer = await client.ReadResponseAsync();

        Assert.True(answer.IsWhole);
        Assert.True(body.AsSpan().SequenceEqual(answer.Body));
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Session_IsResumed_OnAnotherLoopAndAfterAReload(string version)
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, keys, "tls = {}", "a.test", loops: 2);
        string session = Path.Combine(keys.Folder, "session");
        Assert.Contains("New, TLSv1.", await OpenSslAsync(proxy.Port, version, "-sess_out", session));

        proxy.Hangup();
        await Eventually.TrueAsync(
            () => proxy.Stderr.Count(static line => line.Contains("in use", StringComparison.Ordinal)) > 1, "a reload");

        for (int i = 0; i < 4; i++)
        {
            Assert.Contains("Reused, TLSv1.", await OpenSslAsync(proxy.Port, version, "-sess_in", session));
        }
    }

    private static async Task<string> OpenSslAsync(int port, params string[] more)
    {
        // "Connection: close" ends it from our side, after the tickets.
        string request = "printf 'GET / HTTP/1.1\\r\\nHost: a.test\\r\\nConnection: close\\r\\n\\r\\n'";
        CommandResult result = await CommandResult.RunAsync("/bin/sh",
        [
            "-c",
            $"{request} | {External.Require("openssl")} s_client -connect 127.0.0.1:{port} -servername a.test -ign_eof "
                + string.Join(' ', more),
        ]);
        return result.Output;
    }

    private static async Task<int> LoadAsync(ProxyProcess proxy, TestKeys keys, CancellationToken ending)
    {
        int count = 0;
        while (!ending.IsCancellationRequested || count == 0)
        {
            using RawClient client = await RawClient.ConnectTlsAsync(proxy.Port, keys);
            for (int i = 0; i < 5; i++)
            {
                Assert.Equal(200, (await client.RequestAsync(Get)).Status);
                count++;
            }
        }

        return count;
    }

    private static async Task<string> ShownAsync(ProxyProcess proxy, TestKeys keys)
    {
        using RawClient client = await RawClient.ConnectTlsAsync(proxy.Port, keys);
        return client.Wire.Secure!.RemoteCertificate!.GetSerialNumberString();
    }

    // The status, or 0 if TLS refused it: with TLS 1.3 a client hears of that after its own handshake.
    private static async Task<int> TryAsync(ProxyProcess proxy, TestKeys keys, X509Certificate2? own)
    {
        try
        {
            using RawClient client = await RawClient.ConnectTlsAsync(proxy.Port, keys, ask =>
            {
                if (own is not null)
                {
                    ask.ClientCertificateContext = SslStreamCertificateContext.Create(own, null, offline: true);
                }
            });
            return (await client.RequestAsync(
                "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Tls-Client-Cert: forged\r\n"
                + "X_Forwarded_Tls_Client_Cert_Info: forged\r\nx-forwarded.tls-client-cert: forged\r\n\r\n")).Status;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return 0;
        }
    }

    private static Task<ProxyProcess> StartAsync(
        RawServer server, TestKeys keys, string entryPoint, string name, string more = "", int loops = 1)
    {
        if (name.Length > 0)
        {
            keys.Make(name).Dispose();
            more = keys.Toml(name) + more;
        }

        return ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = entryPoint, More = more, Loops = loops });
    }
}
