using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// <c>healthcheck</c>: 0 if the proxy of this configuration is ready, 1 if not. For images without curl.
/// </summary>
internal static class HealthCheckCommand
{
    public static async Task<int> RunAsync(Shell shell, string? configPath)
    {
        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        if (AdminAddress.Find(loaded, out string why) is not { } address)
        {
            shell.Error.WriteLine($"edgeproxy: {why}");
            return ExitCodes.Failed;
        }

        (RawAnswer? answer, string? reason) =
            await OneRequest.SendAsync(address, "GET", "/readyz").ConfigureAwait(false);
        if (answer is { Status: 200 })
        {
            shell.Output.WriteLine("ready");
            return ExitCodes.Ok;
        }

        shell.Error.WriteLine($"edgeproxy: not ready: {reason ?? Encoding.UTF8.GetString(answer!.Body).TrimEnd()}");
        return ExitCodes.Failed;
    }
}
