using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.Host;

namespace EdgeProxy.Tests.Host.Commands;

/// <summary>A configuration file on disk and a command line run over it, in this process.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("edgeproxy-cli-").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public CommandRun(string toml)
    {
        ConfigPath = Path.Combine(_directory, "edgeproxy.toml");
        File.WriteAllText(ConfigPath, toml);
    }

    public string ConfigPath { get; }

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    /// <summary>Runs with --config set; the exit code.</summary>
    public Task<int> InvokeAsync(params IReadOnlyList<string> args) =>
        CommandLine.InvokeAsync([.. args, "--config", ConfigPath], new Shell { Output = _output, Error = _error });

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        _output.Dispose();
        _error.Dispose();
    }
}
