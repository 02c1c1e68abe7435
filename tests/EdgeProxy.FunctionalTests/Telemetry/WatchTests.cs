using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>top and tail of a running proxy, with nothing configured for them.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task Tail_TellsWhatItsFiltersLetPass()
    {
        await using RawServer good = RawServer.Ok();
        await using RawServer bad = RawServer.Answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(good, bad));

        Task<CommandResult> tail = ProxyProcess.RunAsync(
            "tail", "--router", "bad", "--status", "500-599", "--count", "3", "-c", proxy.ConfigPath);
        await AskUntilAsync(proxy, tail);
        CommandResult text = await tail;
        tail = ProxyProcess.RunAsync(
            "tail", "--service", "app", "--format", "json", "--count", "2", "-c", proxy.ConfigPath);
        await AskUntilAsync(proxy, tail);
        CommandResult json = await tail;

        Assert.Equal((0, 0), (text.ExitCode, json.ExitCode));
        string[] lines = text.Output.TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Matches(
            $@"^\d\d:\d\d:\d\d\.\d{{3}}  503  GET a\.test/bad\?k=REDACTED  \d+\.\d{{3}} ms  router=bad  service=bad  "
                + $"server=127.0.0.1:{bad.Port}$", line));
        Assert.All(json.Output.TrimEnd().Split('\n'), static line =>
            Assert.Equal("app", JsonDocument.Parse(line).RootElement.GetProperty("service").GetString()));
    }

    [Fact]
    public async Task Tail_WithAFilterThatIsNone_SaysWhy()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        CommandResult result = await ProxyProcess.RunAsync("tail", "--status", "2xx", "-c", proxy.ConfigPath);

        Assert.Equal(
            (1, "edgeproxy: status is 404, 500-599 or several of those with commas, not '2xx'\n"),
            (result.ExitCode, result.Errors));
    }

    [Fact]
    public async Task TailApi_IsNotForPages()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        Assert.Equal(405, (await proxy.AdminAsync("/api/v1/tail?viewer=a")).Status);
        RawResponse page = await RawClient.OnceAsync(proxy.AdminPort,
            $"POST /api/v1/tail?viewer=a HTTP/1.1\r\nHost: 127.0.0.1:{proxy.AdminPort}\r\nOrigin: http://x.test\r\n"
                + "Connection: close\r\nContent-Length: 0\r\n\r\n",
            "POST");
        Assert.Equal(403, page.Status);
        Assert.Equal("{\"dropped\":0}\n", (await proxy.AdminAsync("/api/v1/tail?viewer=a", "POST")).BodyText);
    }

    [Fact]
    public async Task Top_Once_IsATableOfRoutersServicesAndServers()
    {
        await using RawServer good = RawServer.Ok();
        await using RawServer bad = RawServer.Answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(good, bad));
        await RawClient.GetAsync(proxy.Port);
        await RawClient.GetAsync(proxy.Port, "/bad");

        Task<CommandResult> top = ProxyProcess.RunAsync("top", "--once", "--interval", "500ms", "-c", proxy.ConfigPath);
        await AskUntilAsync(proxy, top);
        CommandResult result = await top;

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.DoesNotContain('\u001b', result.Output);
        Assert.Equal(["ROUTER", "SERVICE", "SERVER"],
            lines.Where(static l => l.Contains("REQ/S")).Select(static l => l.Split(' ')[0]));
        foreach (string name in (string[])["all", "app", $"app 127.0.0.1:{good.Port}", $"bad 127.0.0.1:{bad.Port}"])
        {
            Assert.Contains(lines, line => line.StartsWith(name + "  ", System.StringComparison.Ordinal));
        }
    }

    private static ProxyConfig Config(RawServer good, RawServer bad) => new(good)
    {
        More = $"""
            [routers.bad]
            rule = "PathPrefix(`/bad`)"
            service = "bad"
            [services.bad]
            {ProxyConfig.ServerList(bad.Port)}

            """,
    };

    // A viewer hears of what ends after it came: requests go on until it has seen enough.
    private static async Task AskUntilAsync(ProxyProcess proxy, Task end)
    {
        while (!end.IsCompleted)
        {
            await RawClient.GetAsync(proxy.Port);
            await RawClient.GetAsync(proxy.Port, "/bad?k=v");
        }
    }
}
