using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Everything changes under way, nothing is dropped, and a bad file changes nothing.</summary>
public sealed class ReloadTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task Router_AddedAndRemoved_TakesEffectOnAnOpenConnection()
    {
        await using RawServer server = RawServer.Ok();
        await using RawServer fresh = RawServer.Ok("fresh");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        const string request = "GET /new HTTP/1.1\r\nHost: a\r\n\r\n";
        RawResponse before = await client.RequestAsync(request);

        proxy.Config.More = $"""
            [routers.new]
            rule = "Path(`/new`)"
            service = "new"
            [services.new]
            {ProxyConfig.ServerList(fresh.Port)}
            """;
        await proxy.ReloadAsync();
        RawResponse between = await client.RequestAsync(request);
        proxy.Config.More = "";
        await proxy.ReloadAsync();
        RawResponse after = await client.RequestAsync(request);

        Assert.Equal(("ok", "fresh", "ok"), (before.BodyText, between.BodyText, after.BodyText));
    }

    [Fact]
    public async Task UnchangedService_KeepsItsServerConnections()
    {
        await using RawServer server = RawServer.Ok();
        await using RawServer other = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(Get);

        for (int i = 0; i < 3; i++)
        {
            proxy.Config.More = $"""
                [routers.new]
                rule = "Path(`/new{i}`)"
                service = "new"
                [services.new]
                {ProxyConfig.ServerList(other.Port)}
                """;
            await proxy.ReloadAsync();
            Assert.Equal(200, (await client.RequestAsync(Get)).Status);
        }

        Assert.Equal((4, 1), (server.Requests.Count, server.ConnectionCount));
    }

    [Fact]
    public async Task RemovedService_ItsIdleConnectionsAreClosed()
    {
        await using RawServer server = RawServer.Ok();
        await using RawServer other = RawServer.Ok("other");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        await RawClient.GetAsync(proxy.Port);

        proxy.Config.Servers[0] = other.Port;
        await proxy.ReloadAsync();

        Assert.Equal("other", (await RawClient.GetAsync(proxy.Port)).BodyText);
        await server.WaitForOpenAsync(0);
    }

    [Fact]
    public async Task ServerAddedAndRemoved_RequestsGoWhereTheyShould()
    {
        await using RawServer first = RawServer.Ok("1");
        await using RawServer second = RawServer.Ok("2");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(first));
        using RawClient client = await proxy.ConnectAsync();

        proxy.Config.Servers.Add(second.Port);
        await proxy.ReloadAsync();
        string[] both = [(await client.RequestAsync(Get)).BodyText, (await client.RequestAsync(Get)).BodyText];
        proxy.Config.Servers.Remove(first.Port);
        await proxy.ReloadAsync();
        string[] one = [(await client.RequestAsync(Get)).BodyText, (await client.RequestAsync(Get)).BodyText];

        Assert.Equal(["1", "2"], both.Order());
        Assert.Equal(["2", "2"], one);
    }

    [Fact]
    public async Task ExchangeInFlight_EndsUnderTheConfigurationItBeganWith()
    {
        var go = new Gate();
        await using RawServer old = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
            await go.PassAsync("the reload");
            await connection.SendAsync("-last");
            await connection.Wire.ReadToEndAsync();
        });
        await using RawServer fresh = RawServer.Ok("fresh");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(old));
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await old.WaitForRequestsAsync(1);

        proxy.Config.Servers[0] = fresh.Port;
        await proxy.ReloadAsync();
        go.Open();
        RawResponse response = await client.ReadResponseAsync();
        RawResponse next = await client.RequestAsync(Get);

        Assert.Equal(("first-last", true), (response.BodyText, response.IsWhole));
        Assert.Equal("fresh", next.BodyText);
    }

    [Fact]
    public async Task EntryPoint_AddedAndRemoved_OpensAndCloses()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        int port = Ports.Next();

        proxy.Config.More = $"[entrypoints.more]\naddress = \"127.0.0.1:{port}\"\n";
        await proxy.ReloadAsync();
        using RawClient client = await RawClient.ConnectAsync(port);
        RawResponse added = await client.RequestAsync(Get);

        proxy.Config.More = "";
        await proxy.ReloadAsync();
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(port), "the entrypoint to be closed");

        Assert.Equal(200, added.Status);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task EntryPoint_Moved_KeepsServing()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        int port = Ports.Next();
        string toml = proxy.Config.ToToml().Replace($"127.0.0.1:{proxy.Port}\"", $"127.0.0.1:{port}\"");

        await proxy.ReloadAsync(toml);

        Assert.Equal(200, (await RawClient.GetAsync(port)).Status);
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(proxy.Port), "the old address to be closed");
    }

    [Fact]
    public async Task AdminAddress_Moved_TheCommandReachesTheProxyWhereItStillIs()
    {
        using var state = new StateFolder();
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server) { Node = $"state_dir = \"{state.FullName}\"" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string note = Path.Combine(state.FullName, "admin-address");
        await Eventually.TrueAsync(() => File.Exists(note), "the end of the start");
        string toml = config.ToToml();
        string moved = Moved(toml, proxy.AdminPort, out int port);

        proxy.WriteConfig(moved);
        await ReloadCommandAsync(proxy, 0);

        // Moved again, with a fault elsewhere: it hears of it, and nothing changes.
        proxy.WriteConfig(Moved(moved, port, out _) + "\n[routers.wrong]\n");
        Assert.Contains("routers.wrong", (await ReloadCommandAsync(proxy, 78)).ToString());

        // Off: asked where it was, and then nowhere.
        proxy.WriteConfig(moved.Replace($"127.0.0.1:{port}\"", "off\"", StringComparison.Ordinal));
        await ReloadCommandAsync(proxy, 0);
        Assert.False(File.Exists(note));
        Assert.Contains("SIGHUP", (await ReloadCommandAsync(proxy, 1)).ToString());
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    private static string Moved(string toml, int from, out int to)
    {
        to = Ports.Next();
        return toml.Replace($"127.0.0.1:{from}\"", $"127.0.0.1:{to}\"", StringComparison.Ordinal);
    }

    private static async Task<CommandResult> ReloadCommandAsync(ProxyProcess proxy, int code)
    {
        CommandResult result = await ProxyProcess.RunAsync("reload", "--config", proxy.ConfigPath);
        Assert.True(result.ExitCode == code, result.ToString());
        return result;
    }

    [Fact]
    public async Task EntryPoint_AddressTaken_KeepsTheLastGoodConfiguration()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        int lines = proxy.Stderr.Count;

        proxy.WriteConfig($"{proxy.Config.ToToml()}\n[entrypoints.taken]\naddress = \"127.0.0.1:{server.Port}\"\n");
        proxy.Hangup();
        string line = await proxy.WaitForLineAsync($"{server.Port}", lines);

        Assert.NotEmpty(line);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task EntryPointSetting_Changed_TakesEffectWithoutClosingTheAddress()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient open = await proxy.ConnectAsync();
        await open.RequestAsync(Get);

        proxy.Config.EntryPoint = "target_bytes_max = 256";
        await proxy.ReloadAsync();
        RawResponse response = await RawClient.GetAsync(proxy.Port, "/" + new string('x', 300));

        Assert.Equal(414, response.Status);
        Assert.Equal(200, (await open.RequestAsync(Get)).Status);
    }

    [Fact]
    public async Task BadFile_KeepsTheLastGood_AndReportsEveryFault()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        int lines = proxy.Stderr.Count;
        string good = proxy.Config.ToToml();

        proxy.WriteConfig(good
            .Replace("service = \"app\"", "service = \"apq\"")
            .Replace("[services.app]", "[services.app]\nidle_timeout = \"5 parsecs\"\nconect_timeout = \"1s\""));
        proxy.Hangup();
        await proxy.WaitForLineAsync("apq", lines);
        await proxy.WaitForLineAsync("5 parsecs", lines);
        string unknown = await proxy.WaitForLineAsync("conect_timeout", lines);

        Assert.Contains("connect_timeout", unknown);
        Assert.Matches(@"edgeproxy\.toml:[0-9]+:[0-9]+: ", unknown);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(200, (await proxy.AdminAsync("/readyz")).Status);

        await proxy.ReloadAsync($"{good}\n# repaired\n");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task FileGone_KeepsTheLastGood()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        int lines = proxy.Stderr.Count;

        File.Delete(proxy.ConfigPath);
        proxy.Hangup();
        await proxy.WaitForLineAsync("edgeproxy.toml", lines);

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task FileWatch_NoticesAChangeByItself()
    {
        await using RawServer first = RawServer.Ok("first");
        await using RawServer second = RawServer.Ok("second");
        var config = new ProxyConfig(first);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.ReloadAsync(Watched(config));

        config.Servers[0] = second.Port;
        string toml = Watched(config);
        proxy.WriteConfig(toml);
        await proxy.WaitForHashAsync(ProxyProcess.HashOf(toml));

        Assert.Equal("second", (await RawClient.GetAsync(proxy.Port)).BodyText);
    }

    [Fact]
    public async Task Include_ChangedFile_IsReloaded()
    {
        await using RawServer first = RawServer.Ok("first");
        await using RawServer second = RawServer.Ok("second");
        var config = new ProxyConfig { IsBare = true };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string folder = Path.Combine(Path.GetDirectoryName(proxy.ConfigPath)!, "conf.d");
        Directory.CreateDirectory(folder);
        await WriteIncludedAsync(folder, first.Port);
        proxy.WriteConfig($"include = [\"conf.d/*.toml\"]\n{config.ToToml()}");

        proxy.Hangup();
        await Eventually.TrueAsync(
            async () => (await RawClient.GetAsync(proxy.Port)).Status == 200, "the included router");
        await WriteIncludedAsync(folder, second.Port);
        proxy.Hangup();

        await Eventually.TrueAsync(
            async () => (await RawClient.GetAsync(proxy.Port)).BodyText == "second", "the changed include");
        Assert.Single(second.Requests);
    }

    [Fact]
    public async Task ReloadsUnderTraffic_FailNoRequest()
    {
        await using RawServer first = RawServer.Ok("1");
        await using RawServer second = RawServer.Ok("1");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(first));
        var stop = new Gate();
        Task<int>[] clients = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(() => AskUntilAsync(proxy.Port, stop)))];

        for (int i = 0; i < 10; i++)
        {
            proxy.Config.Servers[0] = i % 2 == 0 ? second.Port : first.Port;
            proxy.Config.More = i % 3 == 0 ? $"[entrypoints.more]\naddress = \"127.0.0.1:{Ports.Next()}\"\n" : "";
            await proxy.ReloadAsync();
        }

        stop.Open();
        int[] counts = await Task.WhenAll(clients);

        Assert.All(counts, count => Assert.True(count > 0));
        Assert.Equal(counts.Sum(), first.WholeRequests.Count + second.WholeRequests.Count);
    }

    private static string Watched(ProxyConfig config) =>
        config.ToToml().Replace("watch_interval = \"0s\"", "watch_interval = \"100ms\"");

    private static Task WriteIncludedAsync(string folder, int port) => File.WriteAllTextAsync(
        Path.Combine(folder, "app.toml"),
        $"""
        [routers.all]
        rule = "PathPrefix(`/`)"
        service = "app"
        [services.app]
        {ProxyConfig.ServerList(port)}
        """);

    private static async Task<int> AskUntilAsync(int port, Gate stop)
    {
        using RawClient client = await RawClient.ConnectAsync(port);
        int count = 0;
        while (!stop.IsOpen || count == 0)
        {
            RawResponse response = await client.RequestAsync(Get);
            Assert.Equal((200, "1"), (response.Status, response.BodyText));
            count++;
        }

        return count;
    }
}
