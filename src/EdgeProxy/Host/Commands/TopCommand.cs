using System;
using System.Net;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary><c>top</c>: rates, errors and durations of the running proxy, from its own metrics.</summary>
internal static class TopCommand
{
    public const int RowsDefault = 10;

    // Home, and everything below is blank: less flicker than a cleared screen.
    private const string Home = "\u001b[H\u001b[J";

    public static readonly TimeSpan IntervalDefault = TimeSpan.FromSeconds(2);

    /// <param name="isOnce">One table, then it ends.</param>
    public static async Task<int> RunAsync(Shell shell, string? configPath, TimeSpan interval, int rows, bool isOnce)
    {
        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        if (AdminAddress.Find(loaded, out string why) is not { } address)
        {
            shell.Error.WriteLine($"edgeproxy: {why}");
            return ExitCodes.Failed;
        }

        string fields = AdminAddress.FieldsOf(loaded);
        TopReading? before = await ReadAsync(shell, address, fields).ConfigureAwait(false);
        long readAt = shell.Time.GetTimestamp();
        while (before is not null)
        {
            await Task.Delay(interval, shell.Time).ConfigureAwait(false);
            if (await ReadAsync(shell, address, fields).ConfigureAwait(false) is not { } now)
            {
                break;
            }

            double seconds = shell.Time.GetElapsedTime(readAt).TotalSeconds;
            readAt = shell.Time.GetTimestamp();
            shell.Output.Write(shell.OutputIsTerminal && !isOnce ? Home : "");
            TopTable.Write(shell.Output, before, now, seconds, shell.Time.GetUtcNow(), rows);
            shell.Output.Write(shell.OutputIsTerminal || isOnce ? "" : "\n");
            await shell.Output.FlushAsync().ConfigureAwait(false);
            if (isOnce)
            {
                return ExitCodes.Ok;
            }

            before = now;
        }

        return ExitCodes.Failed;
    }

    private static async Task<TopReading?> ReadAsync(Shell shell, IPEndPoint address, string fields)
    {
        (RawAnswer? answer, string reason) =
            await OneRequest.SendAsync(address, "GET", "/metrics", fields: fields).ConfigureAwait(false);
        if (answer is { Status: 200 })
        {
            return TopReading.Parse(Encoding.UTF8.GetString(answer.Body));
        }

        string why = answer is null ? reason : $"it answers {answer.Status}";
        shell.Error.WriteLine($"edgeproxy: no proxy to ask: {why}");
        return null;
    }
}
