using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary>What <c>deploy mark</c> is told.</summary>
internal sealed record DeployArguments(
    string Service, string Version, string? Commit, string? Environment, string? Url, string? Status);

/// <summary><c>deploy mark</c> and <c>deploy list</c>: deployments beside error rates on the same time axis.</summary>
internal static class DeployCommand
{
    private const string Path = "/api/v1/deployments";

    public static async Task<int> MarkAsync(Shell shell, string? configPath, DeployArguments arguments)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("service", arguments.Service);
            json.WriteString("version", arguments.Version);
            json.WriteString("revision", arguments.Commit ?? "");
            json.WriteString("environment", arguments.Environment ?? "");
            json.WriteString("url", arguments.Url ?? "");
            json.WriteString("status", arguments.Status ?? "succeeded");
            json.WriteEndObject();
        }

        RawAnswer? answer = await AskAsync(
            shell, configPath, "POST", Encoding.UTF8.GetString(body.WrittenSpan)).ConfigureAwait(false);
        if (answer is not null && answer.Status != 201)
        {
            shell.Error.WriteLine($"edgeproxy: not marked: {Encoding.UTF8.GetString(answer.Body).TrimEnd()}");
        }

        return answer?.Status == 201 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    public static async Task<int> ListAsync(Shell shell, string? configPath, AnswerFormat format)
    {
        RawAnswer? answer = await AskAsync(shell, configPath, "GET", null).ConfigureAwait(false);
        if (answer is not { Status: 200 })
        {
            return ExitCodes.Failed;
        }

        if (format == AnswerFormat.Json)
        {
            shell.Output.WriteLine(Encoding.UTF8.GetString(answer.Body));
            return ExitCodes.Ok;
        }

        using JsonDocument list = JsonDocument.Parse(answer.Body);
        foreach (JsonElement one in list.RootElement.EnumerateArray())
        {
            string time = one.GetProperty("time").GetDateTime()
                .ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            string line = $"{time}  {Text(one, "service")}  {Text(one, "version")}  {Text(one, "status")}  "
                + $"{Text(one, "environment")}  {Text(one, "url")}";
            shell.Output.WriteLine(line.TrimEnd() + Effect(one));
        }

        return ExitCodes.Ok;
    }

    // Nothing of a deployment around which nothing happened.
    private static string Effect(JsonElement one)
    {
        if (!one.TryGetProperty("before", out JsonElement before) || !one.TryGetProperty("after", out JsonElement after)
            || (Number(before, "requests") == 0 && Number(after, "requests") == 0))
        {
            return "";
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"  errors {100 * Number(before, "error_rate"):0.00} % -> {100 * Number(after, "error_rate"):0.00} %"
                + $"  p99 {Number(before, "p99_ms"):0.#} -> {Number(after, "p99_ms"):0.#} ms"
                + $"  ({Number(before, "requests"):0} requests before, {Number(after, "requests"):0} after)");
    }

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static async Task<RawAnswer?> AskAsync(Shell shell, string? configPath, string method, string? body)
    {
        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        (RawAnswer? answer, string reason) =
            await AdminAddress.AskAsync(loaded, method, Path, body).ConfigureAwait(false);
        if (answer is null)
        {
            shell.Error.WriteLine($"edgeproxy: no proxy to ask: {reason}");
        }

        return answer;
    }

    private static string Text(JsonElement element, string name) =>
        PlainText.Of(element.GetProperty(name).GetString() ?? "");
}
