using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>The admin address, and the commands that talk to it.</summary>
public sealed class AdminTests
{
    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    public async Task Health_Running_Is200(string path)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        Assert.Equal(200, (await proxy.AdminAsync(path)).Status);
    }

    [Fact]
    public async Task Metrics_ArePrometheusText()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await proxy.AdminAsync("/metrics");

        Assert.Equal(200, response.Status);
        Assert.StartsWith("text/plain", response.Header("Content-Type"));
        string[] lines = response.BodyText.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches(@"^(#.*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+.eE0-9NaInf]+)$", line));
        Assert.Contains(lines, line => line.StartsWith("edgeproxy_", StringComparison.Ordinal));
        Assert.NotNull(ProxyProcess.MetricIn(response.BodyText, "edgeproxy_process_allocated_bytes_total"));
    }

    [Fact]
    public async Task UnknownPath_Is404()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        Assert.Equal(404, (await proxy.AdminAsync("/nothing")).Status);
    }

    [Theory]
    [InlineData("GARBAGE\r\n\r\n")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n")]
    public async Task Admin_MalformedRequest_IsRefusedAndAdminLives(string request)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(proxy.AdminPort, request);

        Assert.InRange(response.Status, 400, 499);
        Assert.Equal(200, (await proxy.AdminAsync("/livez")).Status);
    }

    [Fact]
    public async Task Healthcheck_Running_ExitsWithZero()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        CommandResult result = await ProxyProcess.RunAsync("healthcheck", "-c", proxy.ConfigPath);

        Assert.True(result.ExitCode == 0, $"{result}");
    }

    [Fact]
    public async Task Healthcheck_NotRunning_ExitsWithOne()
    {
        using var file = new ConfigOnDisk(new ProxyConfig { IsBare = true }.ToToml());

        CommandResult result = await ProxyProcess.RunAsync("healthcheck", "-c", file.Path);

        Assert.True(result.ExitCode == 1, $"{result}");
        Assert.NotEmpty(result.Errors);
    }

    [Fact]
    public async Task Reload_Command_PutsTheFileIntoUse()
    {
        await using RawServer first = RawServer.Ok("first");
        await using RawServer second = RawServer.Ok("second");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(first));
        proxy.Config.Servers[0] = second.Port;
        proxy.WriteConfig(proxy.Config.ToToml());

        CommandResult result = await ProxyProcess.RunAsync("reload", "-c", proxy.ConfigPath);

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Equal("second", (await RawClient.GetAsync(proxy.Port)).BodyText);
    }

    [Fact]
    public async Task Reload_CommandOnABadFile_Is78AndChangesNothing()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        proxy.WriteConfig(proxy.Config.ToToml().Replace("service = \"app\"", "service = \"apq\""));

        CommandResult result = await ProxyProcess.RunAsync("reload", "-c", proxy.ConfigPath);

        Assert.True(result.ExitCode == 78, $"{result}");
        Assert.Contains("apq", result.Errors);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task Change_ByGet_IsRefused()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await proxy.AdminAsync("/api/v1/reload");

        Assert.True(response.Status is 404 or 405, $"{response}");
    }

    [Fact]
    public async Task Log_OnStderr_IsJsonWhenAskedFor()
    {
        await using RawServer server = RawServer.Ok();
        string toml = new ProxyConfig(server).ToToml();
        Assert.Contains("format = \"text\"", toml);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        string json = proxy.Config.ToToml().Replace("format = \"text\"", "format = \"json\"");
        await proxy.ReloadAsync(json);
        await proxy.WaitForLineAsync(ProxyProcess.HashOf(json)); // the last of the reload
        int lines = proxy.Stderr.Count;

        proxy.Terminate();
        await proxy.ExitCodeAsync();

        Assert.All(
            proxy.Stderr.Skip(lines),
            line => Assert.Equal(System.Text.Json.JsonValueKind.Object, Json(line).ValueKind));
        Assert.True(proxy.Stderr.Count > lines);
    }

    private static System.Text.Json.JsonElement Json(string line)
    {
        using var document = System.Text.Json.JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}

/// <summary>A configuration file that goes with the test.</summary>
internal sealed class ConfigOnDisk : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-test-");

    public ConfigOnDisk(string toml) => File.WriteAllText(Path, toml);

    public string Path => System.IO.Path.Combine(_folder.FullName, "edgeproxy.toml");

    public void Dispose() => _folder.Delete(recursive: true);
}
