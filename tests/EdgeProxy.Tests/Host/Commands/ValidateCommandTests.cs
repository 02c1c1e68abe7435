using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace EdgeProxy.Tests.Host.Commands;

public sealed class ValidateCommandTests
{
    private const string Good = """
        [entrypoints.web]
        address = "127.0.0.1:8080"
        [routers.all]
        rule = "PathPrefix(`/`)"
        service = "one"
        [services.one]
        servers = [{ url = "http://127.0.0.1:9000" }]
        """;

    private const string Bad = """
        [entrypoints.web]
        adress = "127.0.0.1:8080"
        [routers.all]
        rule = "PathPrefix(`/`)"
        service = "two"
        """;

    [Fact]
    public async Task Validate_GoodFile_SaysSoOnStdout()
    {
        using var run = new CommandRun(Good);

        Assert.Equal(0, await run.InvokeAsync("validate"));
        Assert.StartsWith($"{run.ConfigPath}: ok: 1 entrypoints, 1 routers, 1 services, configuration ", run.Output);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Validate_BadFile_Is78WithEveryFaultOnStderr()
    {
        using var run = new CommandRun(Bad);

        Assert.Equal(78, await run.InvokeAsync("validate"));
        Assert.Empty(run.Output);
        Assert.Contains($"{run.ConfigPath}:2:1: entrypoints.web.adress: ", run.Error);
        Assert.Contains($"{run.ConfigPath}:5:", run.Error);
    }

    [Fact]
    public async Task Validate_BadFileAsJson_AnswersTheFaults()
    {
        using var run = new CommandRun(Bad);

        Assert.Equal(78, await run.InvokeAsync("validate", "--format", "json"));
        using JsonDocument answer = JsonDocument.Parse(run.Output);
        Assert.False(answer.RootElement.GetProperty("ok").GetBoolean());
        Assert.Contains(answer.RootElement.GetProperty("faults").EnumerateArray(), fault =>
            fault.GetProperty("key").GetString() == "entrypoints.web.adress"
            && fault.GetProperty("line").GetInt32() == 2);
    }

    [Fact]
    public async Task Validate_GoodFileAsJson_AnswersTheHash()
    {
        using var run = new CommandRun(Good);

        Assert.Equal(0, await run.InvokeAsync("validate", "--format", "json"));
        using JsonDocument answer = JsonDocument.Parse(run.Output);
        Assert.True(answer.RootElement.GetProperty("ok").GetBoolean());
        Assert.Equal(16, answer.RootElement.GetProperty("hash").GetString()!.Length);
    }

    [Fact]
    public async Task Validate_NoSuchFile_Is78()
    {
        using var run = new CommandRun(Good);
        File.Delete(run.ConfigPath);

        Assert.Equal(78, await run.InvokeAsync("validate"));
        Assert.Contains(run.ConfigPath, run.Error);
    }

    [Fact]
    public async Task Validate_ADirectory_Is78()
    {
        using var run = new CommandRun(Good);
        File.Delete(run.ConfigPath);
        Directory.CreateDirectory(run.ConfigPath);

        Assert.Equal(78, await run.InvokeAsync("validate"));
    }
}
