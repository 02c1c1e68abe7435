using System;
using System.IO;

namespace EdgeProxy.Host;

/// <summary>
/// What a command sees of the process around it, handed in so that tests run commands without a process.
/// </summary>
internal sealed record Shell
{
    public const string ConfigPathDefault = "/etc/edgeproxy/edgeproxy.toml";
    public const string ConfigVariable = "EDGEPROXY_CONFIG";

    private readonly TextWriter? _output;
    private readonly TextWriter? _error;

    /// <summary>Answers. Console.Out is made at first use only: <c>run</c> never needs it.</summary>
    public TextWriter Output
    {
        get => _output ?? Console.Out;
        init => _output = value;
    }

    /// <summary>Diagnostics.</summary>
    public TextWriter Error
    {
        get => _error ?? Console.Error;
        init => _error = value;
    }

    /// <summary>Where the log goes, opened once by <c>run</c> and <c>demo</c>.</summary>
    public Func<Stream> OpenLog { get; init; } = Console.OpenStandardError;

    /// <summary>One line, not shown while it is typed; null at the end of the input.</summary>
    public Func<string, string?> ReadSecret { get; init; } = SecretLine.Read;

    public bool LogIsTerminal { get; init; }

    public bool OutputIsTerminal { get; init; }

    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public DataPathFactory DataPath { get; init; } = Wiring.CreateDataPath;

    public static Shell OfProcess() => new()
    {
        LogIsTerminal = !Console.IsErrorRedirected,
        OutputIsTerminal = !Console.IsOutputRedirected,
    };

    /// <summary>The option, else EDGEPROXY_CONFIG, else the packaged path.</summary>
    public string ConfigPath(string? option) => option switch
    {
        { Length: > 0 } => option,
        _ => Variable(ConfigVariable) is { Length: > 0 } path ? path : ConfigPathDefault,
    };
}
