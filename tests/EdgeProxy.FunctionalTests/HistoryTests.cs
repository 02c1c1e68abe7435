using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Plan, history and rollback: what may be, what was, and back to it, over restarts and under load.</summary>
public sealed class HistoryTests : IDisposable
{
    private const int SignalKill = 9;
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("edgeproxy-state-");

    private string HistoryFolder => Path.Combine(_state.FullName, "history");

    [Fact]
    public async Task Rollback_OutlivesASigkillUntilTheFileChanges()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        ProxyConfig config = Config(a);
        string first = config.ToToml();
        string second = Config(b, config).ToToml();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.ReloadAsync(second);
        Assert.Equal("b", await BodyAsync(proxy));
        CommandResult done = await RunAsync(proxy, "rollback");
        Assert.Contains($"configuration {ProxyProcess.HashOf(first)} in use", done.Output, StringComparison.Ordinal);
        Assert.Contains($"rolled back from {ProxyProcess.HashOf(second)}", done.Output, StringComparison.Ordinal);
        Assert.Equal("a", await BodyAsync(proxy));
        Assert.Equal(second, await File.ReadAllTextAsync(proxy.ConfigPath, TestContext.Current.CancellationToken));

        // The file is the one that was left: another reload of it changes nothing.
        Assert.Contains("rolled back from", (await RunAsync(proxy, "reload")).Output, StringComparison.Ordinal);
        Assert.Equal("a", await BodyAsync(proxy));
        Assert.Equal(1, await proxy.MetricAsync("edgeproxy_config_rolled_back"));
        proxy.Signal(SignalKill);
        await proxy.ExitCodeAsync();
        await using ProxyProcess again = await ProxyProcess.StartAgainAsync(proxy);
        await again.WaitForLineAsync("rolled back");
        Assert.Equal("a", await BodyAsync(again));
        string[] lines = (await RunAsync(again, "history")).Output.Split('\n');
        Assert.StartsWith($"! {ProxyProcess.HashOf(second)}", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"* {ProxyProcess.HashOf(first)}", lines[1], StringComparison.Ordinal);

        // Another file ends it.
        await again.ReloadAsync(second + "# mended\n");
        Assert.Equal("b", await BodyAsync(again));
        await RollbackIsOverAsync(again);
        Assert.DoesNotContain("!", (await RunAsync(again, "history")).Output, StringComparison.Ordinal);
    }

    // Whoever lost the kept ones did not ask for the file that was left.
    [Fact]
    public async Task Rollback_ToWhatIsNoLongerKept_StaysOverAReload()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        ProxyConfig config = Config(a);
        string second = Config(b, config).ToToml();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.ReloadAsync(second);
        await RunAsync(proxy, "rollback");
        Directory.Delete(HistoryFolder, recursive: true);
        Assert.Contains("rolled back from", (await RunAsync(proxy, "reload")).Output, StringComparison.Ordinal);
        await proxy.WaitForLineAsync("no longer kept");
        Assert.Equal("a", await BodyAsync(proxy));
        await proxy.ReloadAsync(second + "# mended\n");
        Assert.Equal("b", await BodyAsync(proxy));
    }

    [Fact]
    public async Task Rollback_ToTheFilesOwn_EndsTheRollback()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        ProxyConfig config = Config(a);
        string second = Config(b, config).ToToml();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.ReloadAsync(second);
        await RunAsync(proxy, "rollback");

        CommandResult back = await RunAsync(proxy, "rollback", ProxyProcess.HashOf(second));

        Assert.DoesNotContain("rolled back from", back.Output, StringComparison.Ordinal);
        Assert.Equal("b", await BodyAsync(proxy));
        Assert.Equal(0, await proxy.MetricAsync("edgeproxy_config_rolled_back"));
    }

    [Fact]
    public async Task Rollback_WithAWatchedFile_StaysUntilThatIsWritten()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        ProxyConfig config = Config(a);
        config.WatchInterval = "100ms";
        string second = Config(b, config).ToToml();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        proxy.WriteConfig(second);
        await proxy.WaitForHashAsync(ProxyProcess.HashOf(second));
        await RunAsync(proxy, "rollback");
        Assert.Equal("a", await BodyAsync(proxy));

        string third = second + "# mended\n";
        proxy.WriteConfig(third);
        await proxy.WaitForHashAsync(ProxyProcess.HashOf(third));

        Assert.Equal("b", await BodyAsync(proxy));
        await RollbackIsOverAsync(proxy);
    }

    [Fact]
    public async Task Rollback_NowhereToGo_IsRefusedAndChangesNothing()
    {
        await using RawServer a = RawServer.Ok("a");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(a));

        CommandResult none = await ProxyProcess.RunAsync("rollback", "-c", proxy.ConfigPath);
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("no configuration before the one in use is kept", none.Errors, StringComparison.Ordinal);
        CommandResult unknown = await ProxyProcess.RunAsync("rollback", "0123456789abcdef", "-c", proxy.ConfigPath);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("no configuration 0123456789abcdef is kept", unknown.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await ProxyProcess.RunAsync("rollback", "nonsense", "-c", proxy.ConfigPath)).ExitCode);
        Assert.Equal(400, (await proxy.AdminAsync("/api/v1/rollback?hash=../../etc/passwd", "POST")).Status);
        Assert.Equal(405, (await proxy.AdminAsync("/api/v1/rollback")).Status);
        Assert.Equal("a", await BodyAsync(proxy));
    }

    [Fact]
    public async Task Rollback_IsRecordedInTheAuditChain()
    {
        using var chain = new AuditChain();
        await using RawServer a = RawServer.Ok("a");
        ProxyConfig config = chain.Config("", a);
        config.StateFolder = _state.FullName;
        string first = config.ToToml();
        string second = first + "# second\n";
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            await proxy.ReloadAsync(second);
            await RunAsync(proxy, "rollback");
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        Assert.Equal(
            [("start", ProxyProcess.HashOf(first)), ("SIGHUP", ProxyProcess.HashOf(second)),
             ("rollback", ProxyProcess.HashOf(first))],
            chain.Verified("config").Select(record => ($"{record["cause"]}", $"{record["config_hash"]}")));
    }

    [Fact]
    public async Task History_TornFiles_AreLeftOutAndTheRestIsUsed()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        ProxyConfig config = Config(a);
        string second = Config(b, config).ToToml();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.ReloadAsync(second);
        await proxy.ReloadAsync(second + "# third\n");
        string[] files = [.. Directory.GetFiles(HistoryFolder).Order(StringComparer.Ordinal)];
        Assert.Equal(3, files.Length);
        byte[] whole = await File.ReadAllBytesAsync(files[1], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(files[1], whole[..40], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(HistoryFolder, "rollback"), "torn", TestContext.Current.CancellationToken);

        await RunAsync(proxy, "rollback");
        await proxy.WaitForLineAsync($"{files[1]} is damaged");
        Assert.Equal("a", await BodyAsync(proxy));

        // A torn note is not a rollback: the file is in use.
        await File.WriteAllTextAsync(
            Path.Combine(HistoryFolder, "rollback"), "torn", TestContext.Current.CancellationToken);
        await using ProxyProcess again = await ProxyProcess.StartAgainAsync(proxy);
        await again.WaitForLineAsync("rollback is damaged");
        Assert.Equal("b", await BodyAsync(again));
    }

    [Fact]
    public async Task Plan_SaysWhatWouldChangeAndChangesNothing()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        ProxyConfig config = Config(a);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string next = Path.Combine(_state.FullName, "next.toml");
        await File.WriteAllTextAsync(next, Config(b, config).ToToml() + """
            [routers.new]
            rule = "Path(`/new`)"
            service = "app"
            [consumers.alice]
            keys = [{ sha256 = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90" }]

            """, TestContext.Current.CancellationToken);

        CommandResult plan = await RunAsync(proxy, "plan", next);
        foreach (string line in (string[])
            [
                "+ router new", "    rule = \"Path(`/new`)\"", "+ consumer alice", "    keys = [{ sha256 = \"***\" }]",
                "~ service app", $"    servers: [{{ url = \"http://127.0.0.1:{a.Port}\" }}] -> [{{ url = \"http://127.0.0.1:{b.Port}\" }}]",
                $"in the place of {ProxyProcess.HashOf(config.ToToml())}: 2 to add, 1 to change, 0 to remove",
            ])
        {
            Assert.Contains(line, plan.Output, StringComparison.Ordinal);
        }

        Assert.Equal(3, (await ProxyProcess.RunAsync("plan", next, "--exit-code", "-c", proxy.ConfigPath)).ExitCode);
        CommandResult same = await RunAsync(proxy, "plan", proxy.ConfigPath, "--exit-code");
        Assert.Contains("nothing would change", same.Output, StringComparison.Ordinal);
        using (JsonDocument json = JsonDocument.Parse((await RunAsync(proxy, "plan", next, "--format", "json")).Output))
        {
            Assert.Equal(3, json.RootElement.GetProperty("changes").GetArrayLength());
        }

        CommandResult against = await ProxyProcess.RunAsync("plan", next, "--against", proxy.ConfigPath, "--exit-code");
        Assert.Equal((3, plan.Output), (against.ExitCode, against.Output));
        Assert.Equal("a", await BodyAsync(proxy));
        Assert.Equal(1, await proxy.MetricAsync("edgeproxy_config_reloads_total"));

        await File.WriteAllTextAsync(next, config.ToToml() + "[routers.x]\nrul = 1\n", TestContext.Current.CancellationToken);
        CommandResult faulty = await ProxyProcess.RunAsync("plan", next, "-c", proxy.ConfigPath);
        Assert.Equal(78, faulty.ExitCode);
        Assert.Contains($"{next}:", faulty.Errors, StringComparison.Ordinal);
        Assert.Contains("did you mean 'rule'?", faulty.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlanHistoryRollback_UnderLoad_LoseNothing()
    {
        await using RawServer a = RawServer.Ok("a");
        await using RawServer b = RawServer.Ok("b");
        ProxyConfig config = Config(a);
        config.Loops = 2;
        string first = config.ToToml();
        string second = Config(b, config).ToToml();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using var stop = new CancellationTokenSource();
        Task<int>[] clients = [.. Enumerable.Range(0, 8).Select(_ => LoadAsync(proxy, stop.Token))];
        string next = Path.Combine(_state.FullName, "next.toml");
        await File.WriteAllTextAsync(next, second, TestContext.Current.CancellationToken);

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(3, (await ProxyProcess.RunAsync("plan", next, "--exit-code", "-c", proxy.ConfigPath)).ExitCode);
            await proxy.ReloadAsync(second);
            await RunAsync(proxy, "history");
            await RunAsync(proxy, "rollback");
            Assert.Equal("a", await BodyAsync(proxy));
            await proxy.ReloadAsync(first);
        }

        await stop.CancelAsync();
        int[] counts = await Task.WhenAll(clients);
        Assert.All(counts, count => Assert.True(count > 10, $"{count} requests"));
        await proxy.ExpectNoErrorsAsync();
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    public void Dispose() => _state.Delete(recursive: true);

    // The note of a rollback goes after the configuration that ends it is in use, once its record is written.
    private static Task RollbackIsOverAsync(ProxyProcess proxy) => Eventually.TrueAsync(
        async () => await proxy.MetricAsync("edgeproxy_config_rolled_back") == 0, "the rollback to be over");

    // Each answer is whole, and of one of the two servers.
    private static async Task<int> LoadAsync(ProxyProcess proxy, CancellationToken stop)
    {
        using RawClient client = await proxy.ConnectAsync();
        int count = 0;
        while (!stop.IsCancellationRequested)
        {
            RawResponse response = await client.RequestAsync("GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal((200, true), (response.Status, response.IsWhole));
            Assert.Contains(response.BodyText, (string[])["a", "b"]);
            count++;
        }

        return count;
    }

    private static async Task<string> BodyAsync(ProxyProcess proxy) => (await RawClient.GetAsync(proxy.Port)).BodyText;

    private static async Task<CommandResult> RunAsync(ProxyProcess proxy, params string[] arguments)
    {
        CommandResult result = await ProxyProcess.RunAsync([.. arguments, "-c", proxy.ConfigPath]);
        Assert.True(result.ExitCode == 0, $"{result}");
        return result;
    }

    private ProxyConfig Config(RawServer server) => new(server) { StateFolder = _state.FullName };

    // Another server on the ports of a configuration.
    private static ProxyConfig Config(RawServer server, ProxyConfig like) => like.With(server.Port);
}
