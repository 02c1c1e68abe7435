using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Control;

/// <summary>
/// /api/v1/history, /api/v1/plan and /api/v1/rollback: configurations that were and that may be. All of it off the
/// loops.
/// </summary>
internal static class ConfigApi
{
    /// <summary>Of the files of a plan, as JSON.</summary>
    public const int BodyBytesMax = 8 * 1024 * 1024;

    private const string HistoryPath = "/api/v1/history";
    private const string PlanPath = "/api/v1/plan";
    private const string RollbackPath = "/api/v1/rollback";
    private const string HashName = "hash=";

    public static bool Has(string path) => path is HistoryPath or PlanPath or RollbackPath;

    /// <summary>A plan changes nothing, and is a POST for its body.</summary>
    public static bool IsChange(string path) => path != HistoryPath;

    public static ValueTask<LocalAnswer> AnswerAsync(LocalRequest request, AdminParts parts) => request.Path switch
    {
        HistoryPath => new ValueTask<LocalAnswer>(Task.Run(() => History(parts))),
        PlanPath => new ValueTask<LocalAnswer>(Task.Run(() => Plan(request, parts))),
        _ => RollBackAsync(request.Query, parts),
    };

    private static LocalAnswer History(AdminParts parts) => AdminAnswer.Json(json =>
    {
        json.WriteStartArray();
        foreach (KeptEntry entry in parts.History())
        {
            entry.WriteTo(json);
        }

        json.WriteEndArray();
    });

    private static LocalAnswer Plan(LocalRequest request, AdminParts parts)
    {
        if (ReadFiles(request.Body) is not { } written)
        {
            return AdminAnswer.Text(
                400, "write {\"files\":[{\"path\":\"/etc/edgeproxy/edgeproxy.toml\",\"text\":\"...\"}]}, "
                    + "the first file first\n");
        }

        PlanOutcome outcome = parts.Plan(written);
        return AdminAnswer.Json(outcome.WriteTo, outcome.Plan is null ? 422 : 200);
    }

    private static async ValueTask<LocalAnswer> RollBackAsync(string query, AdminParts parts)
    {
        string hash = query.StartsWith(HashName, StringComparison.Ordinal) ? query[HashName.Length..] : "";
        if (query.Length > 0 && (hash.Length != ConfigFile.HashChars || !IsHex(hash)))
        {
            return AdminAnswer.Text(400, $"write ?hash=HASH, {ConfigFile.HashChars} hex digits, or nothing\n");
        }

        ReloadOutcome outcome = await parts.RollBackAsync(hash).ConfigureAwait(false);
        return AdminAnswer.Json(outcome.WriteTo, AdminAnswer.StatusOf(outcome));
    }

    private static bool IsHex(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }

        return true;
    }

    private static WrittenFiles? ReadFiles(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            var files = new List<WrittenFile>();
            foreach (JsonElement file in document.RootElement.GetProperty("files").EnumerateArray())
            {
                string path = file.GetProperty("path").GetString() ?? "";
                string text = file.GetProperty("text").GetString() ?? "";
                if (!path.StartsWith('/') || path.Contains('\0') || files.Count == ConfigLimits.FilesMax)
                {
                    return null;
                }

                files.Add(new WrittenFile(path, Encoding.UTF8.GetBytes(text)));
            }

            return files.Count == 0 ? null : new WrittenFiles(files);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException
            or KeyNotFoundException)
        {
            return null;
        }
    }
}
