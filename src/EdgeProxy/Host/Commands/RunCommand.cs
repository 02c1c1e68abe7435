using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Host.Logging;

namespace EdgeProxy.Host.Commands;

/// <summary><c>run</c>: serves until told to stop.</summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(Shell shell, string? configPath)
    {
        using StderrLog log = StderrLog.Open(shell);
        return await RunAsync(shell, log, shell.ConfigPath(configPath)).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(Shell shell, StderrLog log, string path)
    {
        var source = ConfigSource.OfFile(path, ConfigEnvironment.OfProcess);
        await using var host = new ProxyHost(
            shell, log, source, static settings => new ConfigWatch(settings).HasChanged);
        ReloadOutcome outcome = host.Start();
        if (!outcome.Ok)
        {
            return ExitCodes.Of(outcome);
        }

        // After the start, whose few milliseconds the thread that takes signals would lengthen; until then they end us.
        using var signals = new Signals(() => host.Reload("SIGHUP"), host.Stop, host.ReopenLogs);
        StartCode.GiveBack();
        host.AnnounceReady();
        return await host.ServeAsync().ConfigureAwait(false);
    }
}
