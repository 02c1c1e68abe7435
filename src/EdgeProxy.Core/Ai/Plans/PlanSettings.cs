using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Ai.Plans;

/// <summary>What a limit of a plan counts; the words of TOML's count.</summary>
internal enum PlanCount : byte
{
    Requests,

    /// <summary>Of prompts and answers together.</summary>
    Tokens,

    InputTokens,
    OutputTokens,

    /// <summary>Micro-units of the currency that prices are written in.</summary>
    Cost,

    /// <summary>Calls under way.</summary>
    Concurrency,
}

/// <summary>What a limit counts in: UTC's minutes, hours, days, months.</summary>
internal enum PlanPeriod : byte
{
    /// <summary>Of concurrency.</summary>
    None,

    Minute,
    Hour,
    Day,
    Month,
}

/// <summary>[plans.NAME]: what a consumer may use of models.</summary>
internal sealed record PlanSettings
{
    public required string Name { get; init; }

    /// <summary>1 to <see cref="PlanLimits.LimitsMax"/>; no two count the same.</summary>
    public required Sequence<PlanLimitSettings> Limits { get; init; }

    /// <summary>Answers tell what is left.</summary>
    public bool HasHeaders { get; init; } = true;

    /// <summary>A running answer that comes to more than twice of what was reserved is ended.</summary>
    public bool CutsStreams { get; init; }
}

/// <summary>One limit of a plan.</summary>
/// <param name="Max">In the unit of <paramref name="Count"/>.</param>
internal sealed record PlanLimitSettings(PlanCount Count, PlanPeriod Period, long Max)
{
    /// <summary>Names clients ask for that it is about, each or with a * at its end many; empty for all.</summary>
    public Sequence<string> Models { get; init; } = Sequence<string>.Empty;

    /// <summary>Counts what it would refuse, and refuses nothing.</summary>
    public bool IsReportOnly { get; init; }

    /// <summary>Needs to know what an answer may come to before it is asked for.</summary>
    public bool IsOfAnswers => Count is PlanCount.Tokens or PlanCount.OutputTokens or PlanCount.Cost;
}

/// <summary>Which plan a consumer has.</summary>
internal sealed record ConsumerPlanSettings(string Consumer, string Plan);

/// <summary>What a provider asks for a model: micro-units for a million tokens.</summary>
/// <param name="Model">The provider's name for it; with a * at its end every one that begins so.</param>
internal sealed record PriceSettings(string Model, long Input, long Output)
{
    /// <summary>Of the prompt, read from the provider's cache.</summary>
    public required long CachedInput { get; init; }

    /// <summary>Of the prompt, written to it, where that is counted apart.</summary>
    public required long CacheWrite { get; init; }

    /// <summary>Of the answer, those nobody sees.</summary>
    public required long Reasoning { get; init; }
}

/// <summary>Named limits of plans.</summary>
internal static class PlanLimits
{
    /// <summary>Of one plan: a bit each.</summary>
    public const int LimitsMax = 16;

    public const int ModelsMax = 16;

    /// <summary>The most a limit may say: far from where sums of it end.</summary>
    public const long AmountMax = 1_000_000_000_000_000;

    /// <summary>The most that is counted of one: sums with a call's stay numbers.</summary>
    public const long UsedMax = 1_000 * AmountMax;

    /// <summary>Micro-units for a million tokens: a whole unit a token.</summary>
    public const long PriceMax = 1_000_000_000_000;

    public const int PricesMax = 256;

    /// <summary>Limits of consumers counted at a time.</summary>
    public const int CountersMax = 64 * 1024;
}
