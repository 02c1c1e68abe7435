using System;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>TLS towards servers: who is believed to be the server, and what is said if nobody is.</summary>
public sealed class TlsServiceTests
{
    [Theory]
    [InlineData("127.0.0.1", "", false, 200)]
    [InlineData("a.test", "server_name = \"a.test\"", false, 200)]
    [InlineData("*.w.test", "server_name = \"a.w.test\"", false, 200)]
    [InlineData("a.test", "", false, 502, "mismatch")]
    [InlineData("a.test", "server_name = \"b.test\"", false, 502, "mismatch")]
    [InlineData("127.0.0.1", "", true, 502, "certificate has expired")]
    [InlineData("a.test", "insecure_skip_verify = true", true, 200)]
    public async Task Server_IsVerified_AgainstTheNameDialled(
        string name, string tls, bool isExpired, int status, string why = "")
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", [name], isExpired: isExpired);
        await using RawServer server = Tls(own);
        string ca = tls.Contains("skip", StringComparison.Ordinal) ? "" : $"ca = \"{keys.AuthorityFile}\"";
        await using ProxyProcess proxy = await StartAsync(server, $"{ca}\n{tls}");

        RawResponse answer = await RawClient.GetAsync(proxy.Port);

        Assert.Equal(status, answer.Status);
        if (why.Length > 0)
        {
            await proxy.WaitForLineAsync(why);
        }

        Assert.Equal(status == 200 ? 1 : 0, server.Requests.Count);
        Assert.Equal(tls.Contains("skip", StringComparison.Ordinal),
            proxy.Stderr.Any(static line => line.Contains("NOT VERIFIED", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Server_WhoseAuthorityTheSystemDoesNotKnow_IsRefused()
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        await using RawServer server = Tls(own);
        await using ProxyProcess proxy = await StartAsync(server, null);

        Assert.Equal(502, (await RawClient.GetAsync(proxy.Port)).Status);
        await proxy.WaitForLineAsync("unable to get local issuer");
        await Eventually.TrueAsync(() => server.FailedHandshakes > 0, "the server to see the handshake fail");
    }

    [Theory]
    [InlineData(true, 200)]
    [InlineData(false, 502)]
    public async Task Pin_DecidesEvenWithoutVerification(bool isRight, int status)
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        byte[] spki = own.PublicKey.ExportSubjectPublicKeyInfo();
        string pin = Convert.ToBase64String(SHA256.HashData(isRight ? spki : [0]));
        await using RawServer server = Tls(own);
        await using ProxyProcess proxy = await StartAsync(
            server, $"insecure_skip_verify = true\npins = [\"sha256/{pin}\"]");

        Assert.Equal(status, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(status == 200 ? 1 : 0, server.Requests.Count);
    }

    [Fact]
    public async Task ClientCertificate_IsShownToTheServer()
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        keys.Make("proxy").Dispose();
        SslServerAuthenticationOptions options = TestKeys.Server(own);
        options.ClientCertificateRequired = true;
        options.CertificateChainPolicy = keys.Trust();
        await using RawServer server = RawServer.StartTls(AnswerAsync, options);
        await using ProxyProcess proxy = await StartAsync(server, $"""
            ca = "{keys.AuthorityFile}"
            cert = "{keys.CertificateFile("proxy")}"
            key = "{keys.KeyFile("proxy")}"
            """);

        Assert.Equal("CN=proxy", (await RawClient.GetAsync(proxy.Port)).BodyText);
    }

    [Fact]
    public async Task Connections_AreKept_AndSessionsResumed()
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        await using RawServer server = Tls(own);
        await using ProxyProcess proxy = await StartAsync(server, $"ca = \"{keys.AuthorityFile}\"");
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        }

        Assert.Equal(1, server.ConnectionCount);
        server.CloseAll();
        await server.WaitForOpenAsync(0);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(2, server.ConnectionCount);
    }

    [Fact]
    public async Task Probe_GoesThroughTls_AndSaysWhatFailed()
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        await using RawServer server = Tls(own);
        const string Check = "health_check = { path = \"/\", interval = \"1s\", timeout = \"1m\" }";
        await using ProxyProcess proxy = await StartAsync(server, $"ca = \"{keys.AuthorityFile}\"", Check);
        await proxy.WaitForServersAsync("up", server.Port);
        Assert.NotEmpty(server.Requests);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);

        await using ProxyProcess wary = await StartAsync(server, null, Check);
        await Eventually.TrueAsync(
            () => wary.Stderr.Any(static line =>
                line.Contains("is down (probe: certificate: unable to get", StringComparison.Ordinal)),
            "the probe to fail");
    }

    [Fact]
    public async Task HandshakeThatHangs_IsAConnectTimeout()
    {
        await using RawServer server = RawServer.Start(static connection => connection.Wire.ReadToEndAsync());
        await using ProxyProcess proxy = await StartAsync(server, null, "connect_timeout = \"300ms\"");

        Assert.Equal(504, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task AnswerCutShort_WithoutCloseNotify_IsNotWhole()
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        await using RawServer server = RawServer.StartTls(
            static async connection =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it");
                connection.Wire.HalfClose();
                await connection.Wire.ReadToEndAsync();
            },
            TestKeys.Server(own));
        await using ProxyProcess proxy = await StartAsync(server, $"ca = \"{keys.AuthorityFile}\"");

        RawResponse answer = await RawClient.GetAsync(proxy.Port);

        Assert.False(answer.IsWhole);
    }

    private static RawServer Tls(X509Certificate2 certificate) =>
        RawServer.StartTls(AnswerAsync, TestKeys.Server(certificate));

    private static async Task AnswerAsync(RawConnection connection)
    {
        while (await connection.ReadRequestAsync() is not null)
        {
            await connection.AnswerAsync(connection.Wire.Secure!.RemoteCertificate?.Subject ?? "ok");
        }
    }

    private static Task<ProxyProcess> StartAsync(RawServer server, string? tls, string service = "") =>
        ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [{ url = "https://127.0.0.1:{{server.Port}}" }]
                {{service}}
                {{(tls is null ? "" : "[services.app.tls]")}}
                {{tls}}
                """,
        });
}
