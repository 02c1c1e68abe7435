using System;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>The command line: answers on stdout, diagnostics on stderr, exit codes of design section 6.</summary>
public sealed class CliTests
{
    [Fact]
    public async Task Version_SaysNameAndNumber()
    {
        CommandResult result = await ProxyProcess.RunAsync("version");

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Matches(@"edgeproxy [0-9]+\.[0-9]+\.[0-9]+", result.Output);
    }

    [Fact]
    public async Task Validate_GoodFile_ExitsWithZero()
    {
        using var file = new ConfigOnDisk(Good());

        CommandResult result = await ProxyProcess.RunAsync("validate", "-c", file.Path);

        Assert.True(result.ExitCode == 0, $"{result}");
    }

    [Fact]
    public async Task Validate_BadFile_Is78AndNamesEveryFault()
    {
        string toml = Good()
            .Replace("service = \"app\"", "service = \"apq\"")
            .Replace("[services.app]", "[services.app]\nidle_timeout = \"5 parsecs\"\nconect_timeout = \"1s\"")
            .Replace("PathPrefix(`/`)", "PathPrefx(`/`)");
        using var file = new ConfigOnDisk(toml);

        CommandResult result = await ProxyProcess.RunAsync("validate", "-c", file.Path);

        Assert.True(result.ExitCode == 78, $"{result}");
        string[] faults = [.. result.Errors.Split('\n').Where(l => l.Contains(file.Path, StringComparison.Ordinal))];
        Assert.All(faults, line => Assert.Matches(@"edgeproxy\.toml:[0-9]+:[0-9]+: [^:]+: .+", line));
        Assert.Contains(faults, line => line.Contains("apq", StringComparison.Ordinal));
        Assert.Contains(faults, line => line.Contains("5 parsecs", StringComparison.Ordinal));
        Assert.Contains(faults, line => line.Contains("conect_timeout", StringComparison.Ordinal)
            && line.Contains("connect_timeout", StringComparison.Ordinal));
        Assert.Contains(faults, line => line.Contains("PathPrefx", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("validate")]
    [InlineData("run")]
    [InlineData("routes")]
    public async Task Command_FileMissing_Is78(string command)
    {
        CommandResult result = await ProxyProcess.RunAsync(command, "-c", "/nonexistent/edgeproxy.toml");

        Assert.True(result.ExitCode == 78, $"{result}");
        Assert.Contains("/nonexistent/edgeproxy.toml", result.Errors);
    }

    [Fact]
    public async Task Run_BadFile_Is78()
    {
        using var file = new ConfigOnDisk("[entrypoints.web]\naddress = \"nonsense\"\n");

        CommandResult result = await ProxyProcess.RunAsync("run", "-c", file.Path);

        Assert.True(result.ExitCode == 78, $"{result}");
        Assert.Contains("entrypoints.web.address", result.Errors);
    }

    [Fact]
    public async Task Run_AddressTaken_IsOne()
    {
        await using RawServer server = RawServer.Ok();
        using var file = new ConfigOnDisk(
            Good() + $"\n[entrypoints.taken]\naddress = \"127.0.0.1:{server.Port}\"\n");

        CommandResult result = await ProxyProcess.RunAsync("run", "-c", file.Path);

        Assert.True(result.ExitCode == 1, $"{result}");
        Assert.Contains($"{server.Port}", result.Errors);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("validate", "--nonsense")]
    [InlineData("explain")]
    [InlineData("explain", "GET")]
    public async Task WrongUsage_IsTwo(params string[] arguments)
    {
        CommandResult result = await ProxyProcess.RunAsync(arguments);

        Assert.True(result.ExitCode == 2, $"{result}");
        Assert.NotEmpty(result.Errors);
    }

    [Fact]
    public async Task Routes_ListsEachRouter()
    {
        using var file = new ConfigOnDisk(Good());

        CommandResult result = await ProxyProcess.RunAsync("routes", "-c", file.Path);

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Contains("all", result.Output);
        Assert.Contains("PathPrefix(`/`)", result.Output);
        Assert.Contains("orders", result.Output);
        Assert.Contains("app", result.Output);
    }

    [Theory]
    [InlineData("http://a.test/orders/1", "orders")]
    [InlineData("http://a.test/x/../orders/1", "orders")]
    [InlineData("http://a.test/", "all")]
    public async Task Explain_NamesTheRouter(string url, string router)
    {
        using var file = new ConfigOnDisk(Good());

        CommandResult result = await ProxyProcess.RunAsync("explain", "GET", url, "-c", file.Path);

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Contains(router, result.Output);
    }

    [Theory]
    [InlineData("routes")]
    [InlineData("explain", "GET", "http://a.test/orders")]
    [InlineData("validate")]
    [InlineData("version")]
    public async Task FormatJson_IsJson(params string[] arguments)
    {
        using var file = new ConfigOnDisk(Good());
        string[] line = arguments[0] == "version"
            ? [.. arguments, "--format", "json"]
            : [.. arguments, "-c", file.Path, "--format", "json"];

        CommandResult result = await ProxyProcess.RunAsync(line);

        Assert.True(result.ExitCode == 0, $"{result}");
        using JsonDocument document = JsonDocument.Parse(result.Output);
        Assert.NotEqual(JsonValueKind.Undefined, document.RootElement.ValueKind);
    }

    [Fact]
    public async Task Help_NamesTheCommands()
    {
        CommandResult result = await ProxyProcess.RunAsync("--help");

        Assert.Equal(0, result.ExitCode);
        Assert.All(
            (string[])["run", "validate", "reload", "routes", "explain", "demo", "healthcheck", "version"],
            command => Assert.Contains(command, result.Output));
    }

    private static string Good()
    {
        var config = new ProxyConfig
        {
            More = "[routers.orders]\nrule = \"PathPrefix(`/orders`)\"\nservice = \"app\"\n",
        };
        config.Servers.Add(Ports.Next());
        return config.ToToml();
    }
}
