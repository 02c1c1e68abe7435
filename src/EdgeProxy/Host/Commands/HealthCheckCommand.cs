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
        (RawAnswer? answer, string reason) =
            await AdminAddress.AskAsync(loaded, "GET", "/readyz", withToken: false).ConfigureAwait(false);
        if (answer is { Status: 200 })
        {
            shell.Output.WriteLine("ready");
            return ExitCodes.Ok;
        }

        string why = answer is null ? reason : Encoding.UTF8.GetString(answer.Body).TrimEnd();
        shell.Error.WriteLine($"edgeproxy: not ready: {why}");
        return ExitCodes.Failed;
    }
}
