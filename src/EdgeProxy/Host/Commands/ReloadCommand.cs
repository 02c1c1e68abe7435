using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary><c>reload</c>: has the running proxy read its configuration again and says what came of it.</summary>
internal static class ReloadCommand
{
    public static async Task<int> RunAsync(Shell shell, string? configPath, AnswerFormat format)
    {
        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        (RawAnswer? answer, string reason) =
            await AdminAddress.AskAsync(loaded, "POST", "/api/v1/reload").ConfigureAwait(false);
        if (answer is null)
        {
            if (loaded.Settings is null)
            {
                // The address was a guess; the faults are what the caller has to know.
                return ValidateCommand.Refuse(shell, loaded);
            }

            shell.Error.WriteLine($"edgeproxy: no proxy to reload: {reason}");
            return ExitCodes.Failed;
        }

        return Report(shell, format, answer);
    }

    /// <summary>Says what came of a reload or a rollback; the exit code.</summary>
    public static int Report(Shell shell, AnswerFormat format, RawAnswer answer)
    {
        bool isOutcome = answer.Status is 200 or 422 or 500
            || (answer.Status == 404 && answer.Body is [(byte)'{', ..]); // rollback: there is none
        if (!isOutcome)
        {
            shell.Error.WriteLine(
                $"edgeproxy: refused with {answer.Status}: {Encoding.UTF8.GetString(answer.Body).TrimEnd()}");
            return ExitCodes.Failed;
        }

        if (format == AnswerFormat.Json)
        {
            shell.Output.WriteLine(Encoding.UTF8.GetString(answer.Body));
        }

        using JsonDocument outcome = JsonDocument.Parse(answer.Body);
        JsonElement root = outcome.RootElement;
        if (root.TryGetProperty("warning", out JsonElement warning))
        {
            shell.Error.WriteLine($"edgeproxy: {warning.GetString()}");
        }

        if (answer.Status == 200)
        {
            if (format == AnswerFormat.Text)
            {
                WriteDone(shell, root);
            }

            return ExitCodes.Ok;
        }

        ValidateCommand.WriteFaults(shell, Faults(root));
        if (root.TryGetProperty("reason", out JsonElement reason))
        {
            shell.Error.WriteLine($"edgeproxy: {reason.GetString()}");
        }

        shell.Error.WriteLine($"edgeproxy: nothing changed; in use stays '{root.GetProperty("hash").GetString()}'");
        return answer.Status == 422 ? ExitCodes.ConfigFault : ExitCodes.Failed;
    }

    private static void WriteDone(Shell shell, JsonElement outcome)
    {
        shell.Output.WriteLine($"ok: configuration {outcome.GetProperty("hash").GetString()} in use: "
            + outcome.GetProperty("changes").GetString());
        if (outcome.TryGetProperty("rolled_back_from", out JsonElement left))
        {
            string? hash = left.GetString();
            shell.Output.WriteLine($"rolled back from {(hash is "" or null ? "a file at fault" : hash)}: "
                + "until the file changes, or edgeproxy rollback names it");
        }
    }

    /// <summary>The faults of an answer of the admin surface.</summary>
    public static ConfigFault[] Faults(JsonElement root)
    {
        JsonElement list = root.GetProperty("faults");
        var faults = new ConfigFault[list.GetArrayLength()];
        int count = 0;
        foreach (JsonElement fault in list.EnumerateArray())
        {
            faults[count++] = new ConfigFault(
                fault.GetProperty("file").GetString() ?? "",
                fault.GetProperty("line").GetInt32(),
                fault.GetProperty("column").GetInt32(),
                fault.GetProperty("key").GetString() ?? "",
                fault.GetProperty("message").GetString() ?? "");
        }

        return faults;
    }
}
