using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

namespace EdgeProxy.Host.Commands;

/// <summary><c>history</c>: the last configurations that were in use, latest first.</summary>
internal static class HistoryCommand
{
    public static async Task<int> RunAsync(Shell shell, string? configPath, AnswerFormat format)
    {
        RawAnswer? answer =
            await AdminCall.SendAsync(shell, configPath, "GET", "/api/v1/history").ConfigureAwait(false);
        if (answer is not { Status: 200 })
        {
            return answer is null ? ExitCodes.Failed : AdminCall.Refused(shell, answer);
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
            string mark = one.GetProperty("in_use").GetBoolean() ? "*"
                : one.GetProperty("rolled_back_from").GetBoolean() ? "!" : " ";
            shell.Output.WriteLine($"{mark} {one.GetProperty("hash").GetString()}  {time}  "
                + $"{one.GetProperty("origin").GetString()}: {one.GetProperty("changes").GetString()}");
        }

        return ExitCodes.Ok;
    }
}
