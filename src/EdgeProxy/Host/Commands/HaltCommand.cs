using System;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary><c>halt</c> and <c>release</c>: the kill switch of the running proxy.</summary>
internal static class HaltCommand
{
    public static async Task<int> RunAsync(
        Shell shell, string? configPath, bool isHalt, string? router, string? consumer, string? model, bool isAll)
    {
        int count = (router is null ? 0 : 1) + (consumer is null ? 0 : 1) + (model is null ? 0 : 1) + (isAll ? 1 : 0);
        if (count != 1)
        {
            shell.Error.WriteLine("edgeproxy: one of --all, --router, --consumer, --model");
            return ExitCodes.Usage;
        }

        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        string query = isAll ? "all" : router is not null ? $"router={Uri.EscapeDataString(router)}"
            : consumer is not null ? $"consumer={Uri.EscapeDataString(consumer)}"
            : $"model={Uri.EscapeDataString(model!)}";
        (RawAnswer? answer, string reason) = await AdminAddress
            .AskAsync(loaded, "POST", $"/api/v1/{(isHalt ? "halt" : "release")}?{query}").ConfigureAwait(false);
        if (answer is null)
        {
            shell.Error.WriteLine($"edgeproxy: no proxy to tell: {reason}");
            return ExitCodes.Failed;
        }

        bool isOk = answer.Status == 200;
        (isOk ? shell.Output : shell.Error).Write(
            $"{(isOk ? "" : "edgeproxy: ")}{Encoding.UTF8.GetString(answer.Body).TrimEnd()}\n");
        return isOk ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
