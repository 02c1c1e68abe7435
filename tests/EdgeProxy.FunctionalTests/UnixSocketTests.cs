using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
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
