using System;

namespace EdgeProxy.Host;

/// <summary>Start of the process.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        Shell shell = Shell.OfProcess();
        try
        {
            return CommandLine.Invoke(args, shell);
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
