using System.Threading.Tasks;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary><c>rollback</c>: has the running proxy use a configuration it kept, until the file changes.</summary>
internal static class RollbackCommand
{
    public static async Task<int> RunAsync(Shell shell, string? configPath, string? hash, AnswerFormat format)
    {
        if (hash is not null && !IsHash(hash))
        {
            shell.Error.WriteLine(
                $"edgeproxy: HASH is {ConfigFile.HashChars} hex digits, as edgeproxy history lists them");
            return ExitCodes.Usage;
        }

        string path = hash is null ? "/api/v1/rollback" : $"/api/v1/rollback?hash={hash}";
        RawAnswer? answer = await AdminCall.SendAsync(shell, configPath, "POST", path).ConfigureAwait(false);
        return answer is null ? ExitCodes.Failed : ReloadCommand.Report(shell, format, answer);
    }

    private static bool IsHash(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }

        return text.Length == ConfigFile.HashChars;
    }
}
