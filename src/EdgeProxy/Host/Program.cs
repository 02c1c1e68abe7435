using System;
using EdgeProxy.Host.Commands;

namespace EdgeProxy.Host;

/// <summary>Start of the process.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        Shell shell = Shell.OfProcess();
        try
        {
            // What systemd starts is read here, the rest by System.CommandLine, which <see cref="RunArguments"/>
            // weighs.
            return RunArguments.TryRead(args, out string? configPath)
                ? RunCommand.Run(shell, configPath)
                : CommandLine.Invoke(args, shell);
        }
#pragma warning disable CA1031 // The barrier of the process: a bug of ours ends with code 1, not with a core dump.
        catch (Exception e)
#pragma warning restore CA1031
        {
            shell.Error.WriteLine($"edgeproxy: failed: {e}");
            return ExitCodes.Failed;
        }
    }
}
