using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// What an appliance does to its proxy: a disk that is full, a root that is read-only, a clock that jumps. Requests are
/// served, a reload works, what could not be kept is said. (Names that nobody can look up at the start: NameTests.
/// State that is torn: HistoryTests, HaltTests, and the chain's and the spool's own.)
/// </summary>
public sealed class HostFaultTests : IDisposable
{
    private const string Faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-fault-");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FullDisk_ServesReloadsAndSaysWhatIsNotKept(bool mayMount)
    {
        await using FullDisk disk = await FullDisk.MakeAsync(mayMount);
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server) { StateFolder = disk.Folder };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config, disk.Wrap);
        string first = config.ToToml();
        await KeptAsync(proxy, 1);
        await disk.FillAsync(proxy);

        await proxy.ReloadAsync(first + "# second\n");
        await proxy.WaitForLineAsync("is in use and not kept for a rollback");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(1, await proxy.MetricAsync("edgeproxy_config_history_failures_total"));

        // It is done, and said that a restart would undo it.
        CommandResult rollback = await ProxyProcess.RunAsync("rollback", "-c", proxy.ConfigPath);
        Assert.Equal(0, rollback.ExitCode);
        Assert.Contains("a restart would undo it", rollback.Errors, StringComparison.Ordinal);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        CommandResult halt = await ProxyProcess.RunAsync("halt", "--all", "-c", proxy.ConfigPath);
        Assert.Contains("is halted, but a restart would release it", halt.Errors, StringComparison.Ordinal);
        Assert.Equal(503, (await RawClient.GetAsync(proxy.Port)).Status);

        await disk.FreeAsync(proxy);
        await proxy.ReloadAsync(first + "# third\n");
        await KeptAsync(proxy, 2);
        Assert.DoesNotContain(
            Directory.GetFiles(disk.Folder, "*", SearchOption.AllDirectories),
            static path => path.EndsWith(".new", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/proc/edgeproxy-state")]
    [InlineData("/dev/null/state")]
    public async Task ReadOnlyRoot_ServesReloadsAndSaysWhatIsNotKept(string state)
    {
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server) { StateFolder = state };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForLineAsync("is in use and not kept for a rollback");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);

        await proxy.ReloadAsync(config.ToToml() + "# second\n");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        await KeptAsync(proxy, 0);
        CommandResult rollback = await ProxyProcess.RunAsync("rollback", "-c", proxy.ConfigPath);
        Assert.Contains("no configuration before the one in use is kept", rollback.Errors, StringComparison.Ordinal);
        CommandResult halt = await ProxyProcess.RunAsync("halt", "--all", "-c", proxy.ConfigPath);
        Assert.Contains("is halted, but a restart would release it", halt.Errors, StringComparison.Ordinal);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    [Theory]
    [InlineData("+3650d")]
    [InlineData("-3650d")]
    [InlineData("+61s")]
    public async Task ClockJumps_NoConnectionNoServerAndNoLimitNoticesIt(string jump)
    {
        External.RequireFile(Faketime, "on Debian: apt-get install faketime");
        string clock = Path.Combine(_folder.FullName, "clock");
        await File.WriteAllTextAsync(clock, "+0s", TestContext.Current.CancellationToken);
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server)
        {
            StateFolder = _folder.FullName,
            Service = "health_check = { path = \"/healthz\", interval = \"1h\" }",
            Router = "middlewares = [\"limit\"]",
            More = "[middlewares.limit.rate_limit]\naverage = 1\nperiod = \"1h\"\nburst = 3\n",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            config,
            [
                "env", $"LD_PRELOAD={Faketime}", $"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_NO_CACHE=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1",
            ]);
        using RawClient client = await proxy.ConnectAsync();
        DateTimeOffset before = DateTimeOffset.UtcNow;
        await AskAsync(client, 200);

        await File.WriteAllTextAsync(clock, jump, TestContext.Current.CancellationToken);

        // The connection is the same, the limit goes on by its own clock, and only dates tell.
        await AskAsync(client, 200);
        await Eventually.TrueAsync(
            async () => Math.Abs(((await AdminDateAsync(proxy)) - before).TotalSeconds) > 30, "the date to have jumped");
        await AskAsync(client, 200);
        await AskAsync(client, 429);
        string services = (await proxy.AdminAsync("/api/v1/services")).BodyText;
        Assert.Contains("\"state\":\"up\"", services, StringComparison.Ordinal);
        await proxy.ReloadAsync(config.ToToml() + "# second\n");
        await KeptAsync(proxy, 2);
        Assert.Equal(0, await proxy.MetricAsync("edgeproxy_loop_exceptions_total"));
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task AskAsync(RawClient client, int status) =>
        Assert.Equal(status, (await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);

    private static async Task<DateTimeOffset> AdminDateAsync(ProxyProcess proxy) => DateTimeOffset.ParseExact(
        (await proxy.AdminAsync("/livez")).Header("Date")!, "r", CultureInfo.InvariantCulture);

    // The first is kept once the proxy is ready, which may be a moment after it says so.
    private static Task KeptAsync(ProxyProcess proxy, int count) => Eventually.TrueAsync(
        async () => (await ProxyProcess.RunAsync("history", "-c", proxy.ConfigPath)).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.Length > 0) == count,
        $"{count} configurations to be kept");
}
