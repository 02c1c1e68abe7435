using System;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary>What <c>tail</c> is told: a filter, and when to end.</summary>
internal sealed record TailArguments
{
    public string? Router { get; init; }

    public string? Service { get; init; }

    public string? Consumer { get; init; }

    /// <summary>404,500-599</summary>
    public string? Status { get; init; }

    public TimeSpan? MinDuration { get; init; }

    /// <summary>Ends after so many requests; null: when it is interrupted.</summary>
    public int? Count { get; init; }
}

/// <summary>
/// <c>tail</c>: requests of the running proxy as they end. It asks again and again; nobody waits for it.
/// </summary>
internal static class TailCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    public static async Task<int> RunAsync(
        Shell shell, string? configPath, TailArguments arguments, AnswerFormat format)
    {
        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        if (AdminAddress.Find(loaded, out string why) is not { } address)
        {
            shell.Error.WriteLine($"edgeproxy: {why}");
            return ExitCodes.Failed;
        }

        string path = PathOf(arguments);
        string fields = AdminAddress.FieldsOf(loaded);
        int left = arguments.Count ?? int.MaxValue;
        while (left > 0)
        {
            if (await AskAsync(shell, address, path, fields).ConfigureAwait(false) is not { } lines)
            {
                return ExitCodes.Failed;
            }

            Note(shell, lines[0]);
            for (int i = 1; i < lines.Length && left > 0; i++)
            {
                if (lines[i].Length > 0)
                {
                    shell.Output.WriteLine(format == AnswerFormat.Json ? lines[i] : Text(lines[i]));
                    left--;
                }
            }

            await shell.Output.FlushAsync().ConfigureAwait(false);
            if (left > 0)
            {
                await Task.Delay(Look, shell.Time).ConfigureAwait(false);
            }
        }

        return ExitCodes.Ok;
    }

    private static string PathOf(TailArguments arguments)
    {
        var path = new StringBuilder($"/api/v1/tail?viewer={Guid.NewGuid():N}");
        Add("router", arguments.Router);
        Add("service", arguments.Service);
        Add("consumer", arguments.Consumer);
        Add("status", arguments.Status);
        if (arguments.MinDuration is { } duration)
        {
            Add("min_duration_ms", ((long)duration.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        }

        return path.ToString();

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                path.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }
    }

    private static async Task<string[]?> AskAsync(Shell shell, IPEndPoint address, string path, string fields)
    {
        (RawAnswer? answer, string reason) =
            await OneRequest.SendAsync(address, "POST", path, fields: fields).ConfigureAwait(false);
        if (answer is { Status: 200 })
        {
            return Encoding.UTF8.GetString(answer.Body).Split('\n');
        }

        string why = answer is null
            ? $"no proxy to ask: {reason}"
            : Encoding.UTF8.GetString(answer.Body).TrimEnd();
        shell.Error.WriteLine($"edgeproxy: {why}");
        return null;
    }

    private static void Note(Shell shell, string head)
    {
        using JsonDocument said = JsonDocument.Parse(head);
        long dropped = said.RootElement.GetProperty("dropped").GetInt64();
        if (dropped > 0)
        {
            shell.Error.WriteLine($"edgeproxy: {dropped} requests more are not shown: they came too fast");
        }
    }

    // time  status  method host path?query  duration  router service server, and what else there is
    private static string Text(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement request = document.RootElement;
        string time = request.GetProperty("time").GetString()![11..23];
        int status = request.GetProperty("status").GetInt32();
        string query = Of("query");
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{time}  {(status == 0 ? "---" : status)}  ");
        text.Append(CultureInfo.InvariantCulture, $"{Of("method")} {Of("host")}{Of("path")}");
        text.Append(query.Length > 0 ? "?" + query : "");
        text.Append(
            CultureInfo.InvariantCulture, $"  {request.GetProperty("duration_ms").GetDouble():0.000} ms");
        foreach (string name in (string[])["router", "service", "server", "consumer", "fault", "reject"])
        {
            string value = Of(name);
            text.Append(value.Length > 0 ? $"  {name}={value}" : "");
        }

        return text.ToString();

        string Of(string name) => request.TryGetProperty(name, out JsonElement value)
            ? PlainText.Of(value.GetString() ?? "")
            : "";
    }
}
