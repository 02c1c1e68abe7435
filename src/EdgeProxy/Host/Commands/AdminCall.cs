using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary>A request of a command to the running proxy, at the admin address its configuration names.</summary>
internal static class AdminCall
{
    /// <summary>Null, said on stderr, if nobody answers there.</summary>
    public static async Task<RawAnswer?> SendAsync(
        Shell shell, string? configPath, string method, string path, string? body = null)
    {
        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        (RawAnswer? answer, string reason) =
            await AdminAddress.AskAsync(loaded, method, path, body).ConfigureAwait(false);
        if (answer is null)
        {
            shell.Error.WriteLine($"edgeproxy: no proxy to ask: {reason}");
        }

        return answer;
    }

    /// <summary>Says what it was refused with; the exit code.</summary>
    public static int Refused(Shell shell, RawAnswer answer)
    {
        shell.Error.WriteLine(
            $"edgeproxy: refused with {answer.Status}: {Encoding.UTF8.GetString(answer.Body).TrimEnd()}");
        return ExitCodes.Failed;
    }
}
