using System;
using System.Threading.Tasks;

namespace EdgeProxy.Host;

/// <summary>Start of the process.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        Shell shell = Shell.OfProcess();
        try
        {
            return await CommandLine.InvokeAsync(args, shell).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The barrier of the process: a bug of ours ends with code 1, not with a core dump.
        catch (Exception e)
#pragma warning restore CA1031
        {
            await shell.Error.WriteLineAsync($"edgeproxy: failed: {e}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
    }
}
