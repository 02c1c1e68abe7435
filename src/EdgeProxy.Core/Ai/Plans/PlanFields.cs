using System;
using System.Buffers.Text;
using System.Globalization;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai.Plans;

/// <summary>
/// What a plan says to a client: how much is left, in the fields its dialect has for it, and 429. OpenAI:
/// x-ratelimit-{limit,remaining,reset}-{requests,tokens}, the reset as a duration. Anthropic:
/// anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}, the reset by RFC 3339.
/// Ollama has none.
/// </summary>
internal static class PlanFields
{
    private const int MsPerSecond = 1000;
    private const int SecondsPerMinute = 60;
    private const int MinutesPerHour = 60;
    private const int ValueBytesMax = 32;
    private const string OverPlan = "request_over_plan";

    private static readonly FieldName RetryAfter = FieldName.Of("Retry-After");

    // By PlanCount: requests, tokens, input tokens, output tokens.
    private static readonly PlanFieldNames[] OpenAi =
    [
        PlanFieldNames.OpenAi("requests"), PlanFieldNames.OpenAi("tokens"),
    ];

    private static readonly PlanFieldNames[] Anthropic =
    [
        PlanFieldNames.Anthropic("requests"), PlanFieldNames.Anthropic("tokens"),
        PlanFieldNames.Anthropic("input-tokens"), PlanFieldNames.Anthropic("output-tokens"),
    ];

    /// <summary>
    /// Of each kind of count the limit with the least left. What the provider says is left of the operator's account
    /// is no business of a client that has a plan.
    /// </summary>
    public static void Write(
        HeaderEdits edits, PlanBook book, ConsumerPlan plan, ReadOnlySpan<byte> model, Dialect dialect, long unixMs)
    {
        if (dialect == Dialect.Ollama)
        {
            return;
        }

        PlanFieldNames[] names = dialect == Dialect.Anthropic ? Anthropic : OpenAi;
        Remove(edits, names);
        if (!plan.Settings.HasHeaders)
        {
            return;
        }

        for (int count = 0; count < names.Length; count++)
        {
            PlanFieldNames of = names[count];
            PlanLimit? tightest = Tightest(
                book, plan, model, (PlanCount)count, unixMs, out long left, out PlanWindow window);
            if (tightest is { } limit)
            {
                SetNumber(edits, of.Limit, limit.Settings.Max);
                SetNumber(edits, of.Remaining, left);
                SetReset(edits, of.Reset, window, dialect, unixMs);
            }
        }
    }

    /// <summary>429, or 400 if the call is more than the plan ever allows: to wait does not help it.</summary>
    public static LocalAnswer Refusal(HeaderEdits edits, in PlanDecision decision, ConsumerPlan plan, Dialect dialect)
    {
        PlanLimit limit = decision.Limit!;
        string of = string.Create(CultureInfo.InvariantCulture,
            $"{limit.Settings.Max} {limit.Text} of plan {plan.Settings.Name}");
        string code = CodeOf(decision);
        if (code == OverPlan)
        {
            return AiErrors.Answer(dialect, 400, code, string.Create(CultureInfo.InvariantCulture,
                $"The request may come to {decision.Wanted}, more than the {of}."));
        }

        long seconds = Math.Max(1, (decision.RetryMs + MsPerSecond - 1) / MsPerSecond);
        SetNumber(edits, RetryAfter, seconds);
        return AiErrors.Answer(dialect, 429, code, string.Create(CultureInfo.InvariantCulture,
            $"The request may come to {decision.Wanted}; {decision.Used} are used or reserved of the {of}."));
    }

    /// <summary>Of a refusal: what it is called, in every dialect.</summary>
    public static string CodeOf(in PlanDecision decision)
    {
        PlanLimitSettings limit = decision.Limit!.Settings;
        return limit.Count != PlanCount.Concurrency && decision.Wanted > limit.Max ? OverPlan
            : limit.Count == PlanCount.Cost ? "insufficient_quota"
            : "rate_limit_exceeded";
    }

    /// <summary>Those of a provider of another dialect than the caller's: they would come through.</summary>
    public static void RemoveOthers(HeaderEdits edits, Dialect dialect)
    {
        if (dialect != Dialect.OpenAi)
        {
            Remove(edits, OpenAi);
        }

        if (dialect != Dialect.Anthropic)
        {
            Remove(edits, Anthropic);
        }
    }

    private static void Remove(HeaderEdits edits, PlanFieldNames[] names)
    {
        foreach (PlanFieldNames of in names)
        {
            edits.Remove(of.Limit);
            edits.Remove(of.Remaining);
            edits.Remove(of.Reset);
        }
    }

    private static PlanLimit? Tightest(
        PlanBook book,
        ConsumerPlan plan,
        ReadOnlySpan<byte> model,
        PlanCount count,
        long unixMs,
        out long left,
        out PlanWindow window)
    {
        PlanLimit? tightest = null;
        left = long.MaxValue;
        window = default;
        foreach (PlanLimit limit in plan.Limits)
        {
            if (limit.Settings.Count != count || limit.Settings.IsReportOnly || !limit.IsAbout(model))
            {
                continue;
            }

            (long used, PlanWindow now) = book.Read(limit, unixMs);
            long rest = Math.Max(0, limit.Settings.Max - used);
            if (rest < left)
            {
                (tightest, left, window) = (limit, rest, now);
            }
        }

        return tightest;
    }

    private static void SetNumber(HeaderEdits edits, FieldName name, long number)
    {
        Span<byte> text = stackalloc byte[ValueBytesMax];
        _ = Utf8Formatter.TryFormat(number, text, out int length);
        edits.Set(name, text[..length]);
    }

    private static void SetReset(HeaderEdits edits, FieldName name, PlanWindow window, Dialect dialect, long unixMs)
    {
        Span<byte> text = stackalloc byte[ValueBytesMax];
        int length;
        if (dialect == Dialect.Anthropic)
        {
            DateTimeOffset end = DateTimeOffset.FromUnixTimeMilliseconds(window.EndMs);
            _ = end.TryFormat(text, out length, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        }
        else
        {
            length = WriteDuration(text, window.EndMs - unixMs);
        }

        edits.Set(name, text[..length]);
    }

    // "1m30s", as OpenAI writes it; what is less than a second "12ms".
    private static int WriteDuration(Span<byte> text, long ms)
    {
        if (ms < MsPerSecond)
        {
            return Part(text, 0, Math.Max(0, ms), "ms"u8);
        }

        long seconds = ms / MsPerSecond;
        long minutes = seconds / SecondsPerMinute;
        int length = minutes >= MinutesPerHour ? Part(text, 0, minutes / MinutesPerHour, "h"u8) : 0;
        length = minutes > 0 ? Part(text, length, minutes % MinutesPerHour, "m"u8) : length;
        return Part(text, length, seconds % SecondsPerMinute, "s"u8);
    }

    private static int Part(Span<byte> text, int at, long number, ReadOnlySpan<byte> unit)
    {
        _ = Utf8Formatter.TryFormat(number, text[at..], out int digits);
        unit.CopyTo(text[(at + digits)..]);
        return at + digits + unit.Length;
    }

    private sealed record PlanFieldNames(FieldName Limit, FieldName Remaining, FieldName Reset)
    {
        public static PlanFieldNames OpenAi(string what) => new(
            FieldName.Of($"x-ratelimit-limit-{what}"), FieldName.Of($"x-ratelimit-remaining-{what}"),
            FieldName.Of($"x-ratelimit-reset-{what}"));

        public static PlanFieldNames Anthropic(string what) => new(
            FieldName.Of($"anthropic-ratelimit-{what}-limit"), FieldName.Of($"anthropic-ratelimit-{what}-remaining"),
            FieldName.Of($"anthropic-ratelimit-{what}-reset"));
    }
}
