using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Unix sockets: clients that come by one, servers that listen on one, and the file's life.</summary>
public sealed class UnixSocketTests : IDisposable
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-unix-");

    private string Web => Path.Combine(_folder.FullName, "web.sock");

    private string App => Path.Combine(_folder.FullName, "app.sock");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Client_ByUnixSocket_IsServed_AndCountsAsThisMachine()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "unix_mode = \"0600\"");

        using RawClient client = await RawClient.ConnectUnixAsync(Web);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);

        Assert.Equal("127.0.0.1", server.Requests[0].Head.One("X-Forwarded-For"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Web));
    }

    [Fact]
    public async Task Socket_HasTheOwnerWritten()
    {
        // To give a file away takes root; anybody else can only say what it is already.
        CommandResult own = await CommandResult.RunAsync("stat", ["-c", "%U:%G", _folder.FullName]);
        string owner = Environment.IsPrivilegedProcess ? "nobody:nogroup" : own.Output.Trim();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, $"unix_mode = \"0640\"\nunix_owner = \"{owner}\"");

        CommandResult of = await CommandResult.RunAsync("stat", ["-c", "%U:%G %a", Web]);

        Assert.Equal($"{owner} 640", of.Output.Trim());
        using RawClient client = await RawClient.ConnectUnixAsync(Web);
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
    }

    [Fact]
    public async Task Server_OnUnixSocket_IsAsked_AndItsConnectionsAreKept()
    {
        await using RawServer server = RawServer.At(App);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [{ url = "unix:{{App}}" }]
                """,
        });

        RawResponse first = await RawClient.GetAsync(proxy.Port);
        RawResponse second = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((200, App), (first.Status, first.BodyText));
        Assert.Equal(200, second.Status);
        Assert.Equal(server.Requests[0].Connection, server.Requests[1].Connection);
    }

    [Fact]
    public async Task Server_OnUnixSocket_IsProbed()
    {
        await using RawServer server = RawServer.At(App);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [{ url = "unix:{{App}}" }]
                health_check = { path = "/health" }
                """,
        });

        await Eventually.TrueAsync(() => server.Requests.Any(static r => r.Target == "/health"), "a probe");
        await Eventually.TrueAsync(async () => (await RawClient.GetAsync(proxy.Port)).Status == 200, "an answer");
        Assert.NotEmpty(server.WholeRequests);
    }

    [Theory]
    [InlineData("", "localhost", 200)]
    [InlineData("", "a.test", 502)]
    [InlineData("server_name = \"a.test\"", "a.test", 200)]
    [InlineData("server_name = \"a.test\"", "localhost", 502)]
    public async Task Server_OfTls_OnUnixSocket_IsVerified(string tls, string name, int status)
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", [name]);
        await using RawServer server = RawServer.StartTls(
            static async connection =>
            {
                while (await connection.ReadRequestAsync() is not null)
                {
                    await connection.AnswerAsync("secure");
                }
            },
            TestKeys.Server(own), App);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [{ url = "https://unix:{{App}}" }]
                [services.app.tls]
                ca = "{{keys.AuthorityFile}}"
                {{tls}}
                """,
        });

        RawResponse answer = await RawClient.GetAsync(proxy.Port);

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 200 ? "secure" : "", status == 200 ? answer.BodyText : "");
        Assert.Equal(status == 200 ? 1 : 0, server.Requests.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GrpcServer_OnUnixSocket_AnswersCalls_AndProbes(bool isSecure)
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["localhost"]);
        await using GrpcServer server = await GrpcServer.StartAsync(isSecure ? own : null, App);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            EntryPoint = "h2c = true",
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/test.Echo/`)"
                service = "app"
                [services.app]
                servers = [{ url = "{{(isSecure ? "h2" : "h2c")}}://unix:{{App}}" }]
                health_check = { path = "/", statuses = ["404"] }
                {{(isSecure ? $"tls = {{ ca = \"{keys.AuthorityFile}\" }}" : "")}}
                """,
        });
        using HttpClient http = Http2Tests.Client();
        using var channel = GrpcChannel.ForAddress(
            $"http://127.0.0.1:{proxy.Port}", new GrpcChannelOptions { HttpClient = http });
        CallInvoker calls = channel.CreateCallInvoker();

        Assert.Equal("hello you", await calls.AsyncUnaryCall(Echo.Unary, null, default, "you"));
        using AsyncDuplexStreamingCall<string, string> both = calls.AsyncDuplexStreamingCall(Echo.Both, null, default);
        for (int i = 0; i < 20; i++)
        {
            await both.RequestStream.WriteAsync($"{i}", TestContext.Current.CancellationToken);
            Assert.True(await both.ResponseStream.MoveNext(TestContext.Current.CancellationToken).Within("an answer"));
            Assert.Equal($"{i}!", both.ResponseStream.Current);
        }

        await both.RequestStream.CompleteAsync();
        Assert.False(await both.ResponseStream.MoveNext(TestContext.Current.CancellationToken).Within("the end"));
        Assert.Equal(StatusCode.OK, both.GetStatus().StatusCode);
        await Eventually.GetAsync(
            async () => await proxy.MetricAsync("edgeproxy_probes_total", "result=\"good\""),
            static count => count > 0, "a good probe");
    }

    [Fact]
    public async Task Server_OnUnixSocketThatIsNotThere_Is502()
    {
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [{ url = "unix:{{App}}" }]
                """,
        });

        Assert.Equal(502, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task SocketLeftBehind_IsReplaced()
    {
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(App));
            File.Move(App, Web); // or closing it would take it away
        }

        Assert.True(File.Exists(Web));
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await RawClient.ConnectUnixAsync(Web);

        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
    }

    [Fact]
    public async Task FileThatIsNoSocket_AndSocketInUse_AreLeftAlone()
    {
        await using RawServer server = RawServer.Ok();
        await File.WriteAllTextAsync(Web, "mine", TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(server));
        Assert.Equal("mine", await File.ReadAllTextAsync(Web, TestContext.Current.CancellationToken));
        File.Delete(Web);

        await using RawServer taken = RawServer.At(Web);
        await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(server));
        using RawClient client = await RawClient.ConnectUnixAsync(Web);
        Assert.Equal(Web, (await client.RequestAsync(Get)).BodyText);
    }

    [Fact]
    public async Task EntryPointThatLeaves_TakesItsFileAlong()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        Assert.True(File.Exists(Web));

        proxy.Config.More = "";
        await proxy.ReloadAsync();

        Assert.False(File.Exists(Web));
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    private Task<ProxyProcess> StartAsync(RawServer server, string more = "") =>
        ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"[entrypoints.local]\naddress = \"unix:{Web}\"\n{more}\n",
        });
}
