using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>The admin surface on a Unix socket, and the commands that talk to it there.</summary>
public sealed class AdminSocketTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerAndGroup = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-admin-");

    private string Admin => Path.Combine(_folder.FullName, "admin.sock");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("", OwnerAndGroup)]
    [InlineData("unix_mode = \"0600\"", OwnerOnly)]
    public async Task Socket_HasItsMode_AndNeedsNoToken(string rights, UnixFileMode mode)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, rights);

        Assert.Equal(mode, File.GetUnixFileMode(Admin));
        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/overview")).Status);
        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/reload", "POST")).Status);
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("localhost:8443", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("store-0042.example.com", 200)]
    [InlineData("evil.example", 403)]
    [InlineData("255.255.255.255", 403)]
    public async Task Host_IsAsStrictAsElsewhere_WithWhateverPort(string host, int status)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "hosts = [\"store-0042.example.com\"]");
        using RawClient client = await RawClient.ConnectUnixAsync(Admin);

        Assert.Equal(
            status, (await client.RequestAsync($"GET /api/v1/overview HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Token_WhereThereIsOne_IsAskedForHereToo()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "token = \"a token of this test\"");

        Assert.Equal(200, (await proxy.AdminAsync("/readyz")).Status);
        Assert.Equal(401, (await proxy.AdminAsync("/api/v1/overview")).Status);
        await CommandAsync(proxy, "ready", "healthcheck");
        await CommandAsync(proxy, "all is halted", "halt", "--all");
    }

    [Fact]
    public async Task EveryCommand_FindsTheProxyThere()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        string first = ProxyProcess.HashOf(proxy.Config.ToToml());

        await CommandAsync(proxy, "ready", "healthcheck");
        await CommandAsync(proxy, "connections", "top", "--once", "--interval", "100ms");
        await CommandAsync(proxy, "", "deploy", "mark", "--service", "app", "--version", "2.0");
        await CommandAsync(proxy, "2.0", "deploy", "list");
        await CommandAsync(proxy, "router all", "halt", "--router", "all");
        Assert.Equal(503, (await RawClient.GetAsync(proxy.Port)).Status);
        await CommandAsync(proxy, "router all", "release", "--router", "all");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);

        proxy.WriteConfig(proxy.Config.ToToml() + "# second\n");
        await CommandAsync(proxy, first, "history");
        await CommandAsync(proxy, "", "plan", proxy.ConfigPath);
        await CommandAsync(proxy, "ok: configuration", "reload");
        await CommandAsync(proxy, first, "rollback");
    }

    [Fact]
    public async Task Tail_ShowsRequests()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);

        Task<CommandResult> tail = ProxyProcess.RunAsync("tail", "--count", "1", "-c", proxy.ConfigPath);
        await Eventually.TrueAsync(
            async () =>
            {
                await RawClient.GetAsync(proxy.Port, "/seen");
                return tail.IsCompleted;
            },
            "a request to be shown");

        Assert.Contains("GET a.test/seen", (await tail).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_FileAtFaultElsewhere_StillFindIt()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        proxy.WriteConfig(proxy.Config.ToToml().Replace("service = \"app\"", "service = \"apq\"", StringComparison.Ordinal));

        await CommandAsync(proxy, "all is halted", "halt", "--all");
        CommandResult reload = await ProxyProcess.RunAsync("reload", "-c", proxy.ConfigPath);

        Assert.Equal(78, reload.ExitCode);
        Assert.Contains("in use stays", reload.Errors, StringComparison.Ordinal);
        Assert.Equal(503, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task NobodyThere_IsSaidWithThePath()
    {
        using var file = new ConfigOnDisk(new ProxyConfig { IsBare = true, AdminSocket = Admin }.ToToml());

        CommandResult result = await ProxyProcess.RunAsync("healthcheck", "-c", file.Path);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"unix:{Admin}: ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_FromPortToSocketAndBack_WhoCameByTheOtherIsLetInNoMore()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient before = await RawClient.ConnectAsync(proxy.AdminPort);
        await before.SendAsync($"GET /api/v1/config HTTP/1.1\r\nHost: 127.0.0.1:{proxy.AdminPort}\r\n");
        await proxy.ExpectMetricAsync(1, "edgeproxy_config_reloads_total", "outcome=\"ok\"");

        await MoveAsync(proxy, Admin);
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(proxy.AdminPort), "the port to be closed");
        await before.SendAsync("\r\n");
        byte[] late = await before.ReadToEndAsync();
        string answer = System.Text.Encoding.Latin1.GetString(late);

        // It may have been closed already, which is as good.
        Assert.True(late.Length == 0 || answer.StartsWith("HTTP/1.1 403 ", StringComparison.Ordinal), answer);
        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/overview")).Status);

        await MoveAsync(proxy, null);
        Assert.False(File.Exists(Admin));
        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/overview")).Status);
    }

    [Fact]
    public async Task Actions_AreRecordedWithTheSocketTheyCameBy()
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = chain.Config("", server);
        config.AdminSocket = Admin;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/halt?all", "POST")).Status);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        JsonObject action = chain.Verified("admin")
            .Single(record => record.ToJsonString().Contains("/api/v1/halt", StringComparison.Ordinal));
        Assert.Contains($"unix:{Admin}", action.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AfterSigkill_TheSocketLeftBehindIsReplaced()
    {
        const int kill = 9;
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        proxy.Signal(kill);
        await proxy.ExitCodeAsync();
        Assert.True(File.Exists(Admin));

        await using ProxyProcess again = await ProxyProcess.StartAgainAsync(proxy);

        Assert.Equal(200, (await again.AdminAsync("/api/v1/overview")).Status);
    }

    private static async Task MoveAsync(ProxyProcess proxy, string? socket)
    {
        proxy.Config.AdminSocket = socket;
        string toml = proxy.Config.ToToml();
        proxy.WriteConfig(toml);
        proxy.Hangup();
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return ProxyProcess.MetricIn(
                        (await proxy.AdminAsync("/metrics")).BodyText, "edgeproxy_config_info", ProxyProcess.HashOf(toml)) == 1;
                }
                catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException)
                {
                    return false; // not there yet
                }
            },
            "the new admin address to answer");
    }

    private static async Task CommandAsync(ProxyProcess proxy, string says, params string[] arguments)
    {
        CommandResult result = await ProxyProcess.RunAsync([.. arguments, "-c", proxy.ConfigPath]);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result}");
        Assert.Contains(says, result.Output, StringComparison.Ordinal);
    }

    private Task<ProxyProcess> StartAsync(RawServer server, string more = "") =>
        ProxyProcess.StartAsync(new ProxyConfig(server) { AdminSocket = Admin, Admin = more });
}
