using System;

namespace EdgeProxy.Ai.Plans;

/// <summary>What a call of a model costs, in micro-units, rounded up once a call.</summary>
internal sealed class ModelPrice(PriceSettings settings)
{
    private const long TokensPerPrice = 1_000_000;

    /// <summary>By what the provider counted.</summary>
    public long Of(in Usage usage, Dialect dialect)
    {
        // OpenAI's and Ollama's input has what a cache had to do with in it, Anthropic's has not.
        long cached = Believed(usage.Cached);
        long input = dialect == Dialect.Anthropic
            ? Believed(usage.Input)
            : Math.Max(0, Believed(usage.Input) - cached - Believed(usage.CacheWritten));
        long reasoning = Math.Min(Believed(usage.Reasoning), Believed(usage.Output));
        return Rounded(
            ((Int128)input * settings.Input) + ((Int128)cached * settings.CachedInput)
            + ((Int128)Believed(usage.CacheWritten) * settings.CacheWrite)
            + ((Int128)(Believed(usage.Output) - reasoning) * settings.Output)
            + ((Int128)reasoning * settings.Reasoning));
    }

    /// <summary>The most so many tokens can cost.</summary>
    public long AtMost(long input, long output) => Rounded(
        ((Int128)Believed(input) * Math.Max(settings.Input, Math.Max(settings.CachedInput, settings.CacheWrite)))
        + ((Int128)Believed(output) * Math.Max(settings.Output, settings.Reasoning)));

    private static long Believed(long tokens) => Math.Clamp(tokens, 0, Usage.TokensMax);

    private static long Rounded(Int128 amount) =>
        (long)Int128.Min((amount + TokensPerPrice - 1) / TokensPerPrice, PlanLimits.AmountMax);
}
