using System;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Tests.Config;
using Xunit;

namespace EdgeProxy.Tests.Host.Commands;

public sealed class ConfigCommandTests : IDisposable
{
    // What a file says has no part in what files may say.
    private readonly CommandRun _run = new("this is no configuration");

    [Fact]
    public async Task Invoke_Default_PrintsTheFileThatIsPackaged()
    {
        Assert.Equal(0, await _run.InvokeAsync("config", "default"));
        Assert.Empty(ConfigCorpus.Faults(_run.Output));
        Assert.Equal(ConfigReference.DefaultToml(), _run.Output);
        Assert.Empty(_run.Error);
    }

    [Fact]
    public async Task Invoke_Reference_PrintsMarkdown()
    {
        Assert.Equal(0, await _run.InvokeAsync("config", "reference"));
        Assert.StartsWith("# Configuration reference\n", _run.Output, StringComparison.Ordinal);
        Assert.Contains("\n## [middlewares.NAME.rate_limit]\n", _run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_Schema_PrintsJsonThatNamesItsDialect()
    {
        Assert.Equal(0, await _run.InvokeAsync("config", "schema"));
        using JsonDocument schema = JsonDocument.Parse(_run.Output);
        Assert.Equal(
            "https://json-schema.org/draft/2020-12/schema", schema.RootElement.GetProperty("$schema").GetString());
    }

    [Theory]
    [InlineData("config --help", "config")]
    [InlineData("config --help", "config", "manual")]
    [InlineData("config schema --help", "config", "schema", "--format", "json")]
    public async Task Invoke_Otherwise_IsWrongUsage(string hint, params string[] args)
    {
        Assert.Equal(2, await _run.InvokeAsync(args));
        Assert.Empty(_run.Output);
        Assert.Contains($"edgeproxy: try: edgeproxy {hint}", _run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _run.Dispose();
}
