using System;
using System.Globalization;
using System.Threading.Tasks;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Control;

/// <summary>How an erasure of payloads is asked for.</summary>
internal static class EraseApi
{
    public const string Path = "/api/v1/audit/erase";

    // What cannot be undone goes by no time that could be read in two ways.
    private static readonly string[] s_times =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    public static async ValueTask<LocalAnswer> AnswerAsync(LocalRequest request, AdminParts parts)
    {
        string? consumer = null;
        string requestId = "";
        DateTimeOffset? before = null;
        foreach (string pair in request.Query.Split('&'))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? pair : pair[..equals];
            string value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            bool isKnown = name switch
            {
                "consumer" => consumer is null && (consumer = value).Length > 0,
                "anonymous" => consumer is null && equals < 0 && (consumer = PayloadEraser.Anonymous).Length == 0,
                "request" => requestId.Length == 0 && EraseAsk.ProblemOfRequest(requestId = value) is null,
                "before" => (before = TimeOf(value)) is not null,
                _ => false,
            };
            if (!isKnown)
            {
                return Usage();
            }
        }

        bool isOne = requestId.Length > 0
            ? consumer is null && before is null
            : consumer is not null && (consumer.Length == 0 || PayloadEraser.ProblemOf(consumer) is null);
        if (!isOne)
        {
            return Usage();
        }

        long beforeMs = (before ?? DateTimeOffset.MaxValue).ToUnixTimeMilliseconds();
        EraseOutcome outcome = await parts
            .EraseAsync(new EraseAsk(consumer ?? "", requestId, beforeMs), AdminActions.WhoOf(request, parts))
            .ConfigureAwait(false);
        return AdminAnswer.Text(outcome.Status, outcome.Text + "\n");
    }

    private static DateTimeOffset? TimeOf(string text) => DateTimeOffset.TryParseExact(
        text, s_times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
        ? time : null;

    private static LocalAnswer Usage() =>
        AdminAnswer.Text(400, "write ?consumer=NAME, or ?anonymous for those of nobody known, and, if earlier ones "
            + "only, &before=2026-01-31T12:00:00Z; or ?request=ID for those of one request\n");
}
