using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Control;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// <c>plan FILE</c>: what a file would change in the running proxy, or in the place of another file. Changes nothing.
/// </summary>
internal static class PlanCommand
{
    /// <param name="against">Another file; null: the running proxy is asked.</param>
    /// <param name="tells">A change is told by the exit code.</param>
    public static async Task<int> RunAsync(
        Shell shell, string? configPath, string file, string? against, bool tells, AnswerFormat format)
    {
        LoadedConfig next = ConfigSource.OfFile(file, ConfigEnvironment.OfProcess).Load();
        if (next.Seen is not { Written.Files.Count: > 0 } seen)
        {
            return ValidateCommand.Refuse(shell, next);
        }

        if (against is not null)
        {
            return Compare(shell, against, next, tells, format);
        }

        // Read there once more: only the service may have the credentials.
        RawAnswer? answer = await AdminCall.SendAsync(shell, configPath, "POST", "/api/v1/plan", Body(seen.Written))
            .ConfigureAwait(false);
        if (answer is not { Status: 200 or 422 })
        {
            return answer is null ? ExitCodes.Failed : AdminCall.Refused(shell, answer);
        }

        using JsonDocument outcome = JsonDocument.Parse(answer.Body);
        return Report(shell, outcome.RootElement, tells, format);
    }

    private static int Compare(Shell shell, string against, LoadedConfig next, bool tells, AnswerFormat format)
    {
        LoadedConfig before = ConfigSource.OfFile(against, ConfigEnvironment.OfProcess).Load();
        if (before.Settings is not { } settings)
        {
            return ValidateCommand.Refuse(shell, before);
        }

        var json = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(json))
        {
            PlanOutcome.Of(settings, next.Settings, next.Faults, ConfigEnvironment.OfProcess).WriteTo(writer);
        }

        using JsonDocument outcome = JsonDocument.Parse(json.WrittenMemory);
        return Report(shell, outcome.RootElement, tells, format);
    }

    private static string Body(WrittenFiles written)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("files"u8);
            foreach (WrittenFile file in written.Files)
            {
                json.WriteStartObject();
                json.WriteString("path"u8, file.Path);
                json.WriteString("text"u8, Encoding.UTF8.GetString(file.Bytes));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(body.WrittenSpan);
    }

    private static int Report(Shell shell, JsonElement outcome, bool tells, AnswerFormat format)
    {
        if (format == AnswerFormat.Json)
        {
            JsonAnswer.Write(shell.Output, outcome.WriteTo);
        }

        if (!outcome.GetProperty("ok").GetBoolean())
        {
            ValidateCommand.WriteFaults(shell, ReloadCommand.Faults(outcome));
            return ExitCodes.ConfigFault;
        }

        int changes = outcome.GetProperty("changes").GetArrayLength();
        if (format == AnswerFormat.Text)
        {
            WriteText(shell, outcome);
        }

        return tells && changes > 0 ? ExitCodes.Changes : ExitCodes.Ok;
    }

    private static void WriteText(Shell shell, JsonElement outcome)
    {
        var counts = new Dictionary<string, int> { ["added"] = 0, ["changed"] = 0, ["removed"] = 0 };
        foreach (JsonElement change in outcome.GetProperty("changes").EnumerateArray())
        {
            string kind = change.GetProperty("change").GetString()!;
            counts[kind]++;
            char mark = kind switch { "added" => '+', "removed" => '-', _ => '~' };
            shell.Output.WriteLine(
                $"{mark} {change.GetProperty("kind").GetString()} {change.GetProperty("name").GetString()}".TrimEnd());
            foreach (JsonElement key in change.GetProperty("keys").EnumerateArray())
            {
                WriteKey(shell, key);
            }
        }

        foreach (JsonElement note in outcome.GetProperty("notes").EnumerateArray())
        {
            shell.Output.WriteLine($"note: {note.GetString()}");
        }

        string? before = outcome.GetProperty("before").GetString();
        string? after = outcome.GetProperty("after").GetString();
        shell.Output.WriteLine(counts["added"] + counts["changed"] + counts["removed"] == 0
            ? $"{after} in the place of {before}: nothing would change"
            : $"{after} in the place of {before}: {counts["added"]} to add, {counts["changed"]} to change, "
                + $"{counts["removed"]} to remove");
    }

    private static void WriteKey(Shell shell, JsonElement key)
    {
        string? name = key.GetProperty("key").GetString();
        string? before = key.GetProperty("before").GetString();
        string? after = key.GetProperty("after").GetString();
        string text = (before, after) switch
        {
            (null, _) => $"    {name} = {after}",
            (_, null) => $"    {name}: {before} -> not set",
            _ when string.Equals(before, after, StringComparison.Ordinal) => $"    {name}: another secret",
            _ => $"    {name}: {before} -> {after}",
        };
        shell.Output.WriteLine(text);
    }
}
