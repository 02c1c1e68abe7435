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
        DateTimeOffset before = DateTimeOffset.MaxValue;
        foreach (string pair in request.Query.Split('&'))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? pair : pair[..equals];
            string value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            bool isKnown = name switch
            {
                "consumer" => consumer is null && (consumer = value).Length > 0,
                "anonymous" => consumer is null && equals < 0 && (consumer = PayloadEraser.Anonymous).Length == 0,
                "before" => DateTimeOffset.TryParseExact(
                    value, s_times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out before),
                _ => false,
            };
            if (!isKnown)
            {
                return Usage();
            }
        }

        if (consumer is null || (consumer.Length > 0 && PayloadEraser.ProblemOf(consumer) is not null))
        {
            return Usage();
        }

        EraseOutcome outcome = await parts
            .EraseAsync(consumer, before.ToUnixTimeMilliseconds(), AdminActions.WhoOf(request, parts))
            .ConfigureAwait(false);
        return AdminAnswer.Text(outcome.Status, outcome.Text + "\n");
    }

    private static LocalAnswer Usage() =>
        AdminAnswer.Text(400, "write ?consumer=NAME, or ?anonymous for those of nobody known, and, if earlier ones "
            + "only, &before=2026-01-31T12:00:00Z\n");
}
