using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Host;
using Xunit;

namespace EdgeProxy.Tests.Host;

public sealed class CommandLineTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Theory]
    [InlineData]
    [InlineData("bogus")]
    [InlineData("run", "--wat")]
    [InlineData("run", "more")]
    [InlineData("validate", "-c")]
    [InlineData("validate", "--format", "xml")]
    [InlineData("version", "--format")]
    [InlineData("demo", "--duration", "soon")]
    [InlineData("demo", "--duration", "0s")]
    [InlineData("@file")]
    public async Task Invoke_WrongUsage_Is2AndSaysSoOnStderr(params string[] args)
    {
        Assert.Equal(2, await InvokeAsync(args));
        Assert.Empty(_output.ToString());
        Assert.Contains("edgeproxy: try: edgeproxy", _error.ToString());
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--help")]
    [InlineData("-h")]
    public async Task Invoke_Help_IsAnAnswer(params string[] args)
    {
        Assert.Equal(0, await InvokeAsync(args));
        Assert.Contains("Usage:", _output.ToString());
        Assert.Empty(_error.ToString());
    }

    [Theory]
    [InlineData("run")]
    [InlineData("validate")]
    [InlineData("reload")]
    [InlineData("config")]
    [InlineData("demo")]
    [InlineData("healthcheck")]
    [InlineData("version")]
    public async Task Invoke_Help_NamesEveryVerb(string verb)
    {
        await InvokeAsync("--help");

        Assert.Contains($"\n  {verb} ", _output.ToString());
    }

    [Fact]
    public async Task Invoke_VersionText_IsOneLine()
    {
        Assert.Equal(0, await InvokeAsync("version"));
        Assert.Matches(@"^edgeproxy \d+\.\d+\.\d+.* \(commit \w+, \.NET 10\..*\)\r?\n$", _output.ToString());
    }

    [Fact]
    public async Task Invoke_VersionJson_HasEveryPart()
    {
        Assert.Equal(0, await InvokeAsync("version", "--format", "json"));
        using JsonDocument answer = JsonDocument.Parse(_output.ToString());
        foreach (string part in new[] { "version", "commit", "runtime", "platform", "system" })
        {
            Assert.NotEmpty(answer.RootElement.GetProperty(part).GetString()!);
        }
    }

    [Theory]
    [InlineData(null, null, "/etc/edgeproxy/edgeproxy.toml")]
    [InlineData(null, "/env.toml", "/env.toml")]
    [InlineData("/option.toml", "/env.toml", "/option.toml")]
    [InlineData(null, "", "/etc/edgeproxy/edgeproxy.toml")]
    public void ConfigPath_OptionBeforeVariableBeforeDefault(string? option, string? variable, string expected)
    {
        var shell = new Shell { Variable = name => name == "EDGEPROXY_CONFIG" ? variable : null };

        Assert.Equal(expected, shell.ConfigPath(option));
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private Task<int> InvokeAsync(params IReadOnlyList<string> args) =>
        CommandLine.InvokeAsync(args, new Shell { Output = _output, Error = _error });
}
