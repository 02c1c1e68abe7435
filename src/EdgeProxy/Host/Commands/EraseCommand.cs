using System;
using System.Globalization;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Config;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// <c>audit erase</c>: a running proxy is asked; where none runs, the chain is opened here, and the user must be the
/// one the proxy runs as.
/// </summary>
internal static class EraseCommand
{
    // A chain may be long to read, and the proxy has other things to do.
    private static readonly TimeSpan s_answerWait = TimeSpan.FromMinutes(10);

    public static async Task<int> RunAsync(
        Shell shell, string? configPath, string consumer, string requestId, DateTimeOffset? before)
    {
        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        if (loaded.Settings is not { } settings)
        {
            return ValidateCommand.Refuse(shell, loaded);
        }

        string? problem = consumer == PayloadEraser.Anonymous ? null : PayloadEraser.ProblemOf(consumer);
        if (settings.Audit is null || problem is not null)
        {
            shell.Error.WriteLine(settings.Audit is null
                ? "edgeproxy: the configuration has no [audit]"
                : $"edgeproxy: '{consumer}' {problem}");
            return settings.Audit is null ? ExitCodes.Failed : ExitCodes.Usage;
        }

        AskOutcome asked = await AskAsync(loaded, consumer, requestId, before).ConfigureAwait(false);
        if (asked is { Answer: null, IsReached: true })
        {
            shell.Error.WriteLine(
                $"edgeproxy: {asked.Reason}; the proxy may go on with it, and the chain tells what it erased");
            return ExitCodes.Failed;
        }

        EraseOutcome? outcome = asked.Answer is { } answer
            ? new EraseOutcome(answer.Status, Encoding.UTF8.GetString(answer.Body).TrimEnd())
            : await EraseHereAsync(shell, settings, consumer, requestId, before).ConfigureAwait(false);
        if (outcome is not { } known)
        {
            return ExitCodes.Failed;
        }

        bool isOk = known.Status == 200;
        (isOk ? shell.Output : shell.Error).Write($"{(isOk ? "" : "edgeproxy: ")}{known.Text}\n");
        return isOk ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static Task<AskOutcome> AskAsync(
        LoadedConfig loaded, string consumer, string requestId, DateTimeOffset? before)
    {
        string whose = requestId.Length > 0 ? $"request={Uri.EscapeDataString(requestId)}"
            : consumer == PayloadEraser.Anonymous ? "anonymous"
            : $"consumer={Uri.EscapeDataString(consumer)}";
        string query = whose + (before is { } time
            ? $"&before={Uri.EscapeDataString(time.ToString("O", CultureInfo.InvariantCulture))}" : "");
        return AdminAddress.AskAsync(loaded, "POST", $"/api/v1/audit/erase?{query}", limit: s_answerWait);
    }

    private static async Task<EraseOutcome?> EraseHereAsync(
        Shell shell, ProxySettings settings, string consumer, string requestId, DateTimeOffset? before)
    {
        using AuditLog? log = AuditOpening.Open(
            new AuditOpeningParts
            {
                Settings = settings.Audit!,
                Node = settings.Node.Name,
                Version = BuildStamp.Version,
                Cause = "audit erase",
                Lanes = 0,
                Time = shell.Time,
                Logger = NullLogger.Instance,
            },
            out string problem, out _);
        if (log is null)
        {
            shell.Error.WriteLine(
                $"edgeproxy: no proxy answers at its admin address, and the chain cannot be opened here: {problem}");
            return null;
        }

        log.Start();
        var store = new PayloadStore(log, settings.Audit!.Payloads, seal: null, shell.Time, NullLogger.Instance);
        store.Start();
        log.Payloads = store;
        long beforeMs = (before ?? shell.Time.GetUtcNow()).ToUnixTimeMilliseconds();
        return await store
            .EraseAsync(new EraseAsk(consumer, requestId, beforeMs), $"audit erase by {Environment.UserName}")
            .ConfigureAwait(false);
    }
}
