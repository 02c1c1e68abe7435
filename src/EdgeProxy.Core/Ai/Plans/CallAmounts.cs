namespace EdgeProxy.Ai.Plans;

/// <summary>What one call uses, or may use at most: tokens, and micro-units.</summary>
internal readonly record struct CallAmounts(long Input, long Output, long Cost)
{
    /// <summary>In the unit of a limit.</summary>
    public long Of(PlanCount count) => count switch
    {
        PlanCount.Tokens => Input + Output,
        PlanCount.InputTokens => Input,
        PlanCount.OutputTokens => Output,
        PlanCount.Cost => Cost,
        _ => 1,
    };
}

/// <summary>What a call has taken of its consumer's plan, until it is settled.</summary>
internal struct PlanClaim
{
    public ConsumerPlan? Plan;

    /// <summary>A bit for each limit that counts it.</summary>
    public uint Limits;

    /// <summary>
    /// When it was taken, in milliseconds since 1970: which periods it is of. With a clock that was set back, the start
    /// of the latest of those.
    /// </summary>
    public long TakenMs;

    public CallAmounts Amounts;
}

/// <summary>What a plan says of a call.</summary>
/// <param name="Limit">The one that decided; null if all let it pass.</param>
/// <param name="IsRefused">False of one that only reports.</param>
/// <param name="Used">Of that limit, before this call.</param>
/// <param name="Wanted">What the call may come to.</param>
/// <param name="RetryMs">Until the period ends; 0 if waiting does not help, or nobody knows.</param>
internal readonly record struct PlanDecision(PlanLimit? Limit, bool IsRefused, long Used, long Wanted, long RetryMs);
