using System;

namespace EdgeProxy.Services.Breaking;

/// <summary>When a service gets no requests for a while, for what became of the last ones.</summary>
internal sealed record BreakerSettings
{
    /// <summary>While it is true of the last <see cref="BreakerWindow.Seconds"/> seconds the breaker opens.</summary>
    public required BreakerExpression Expression { get; init; }

    /// <summary>How often the expression is looked at, when there are requests. Default 100 ms (Traefik's).</summary>
    public TimeSpan CheckPeriod { get; init; } = BreakerLimits.CheckPeriodDefault;

    /// <summary>How long it stays open. Default 10 s (Traefik's); at least 1 s.</summary>
    public TimeSpan FallbackDuration { get; init; } = BreakerLimits.FallbackDurationDefault;

    /// <summary>
    /// Over this time the share of requests that is let through then grows from none to all. Default 10 s (Traefik's).
    /// </summary>
    public TimeSpan RecoveryDuration { get; init; } = BreakerLimits.RecoveryDurationDefault;

    /// <summary>
    /// With fewer the expression is not looked at, but while it recovers, when each one tells. Default 10.
    /// </summary>
    public int RequestsMin { get; init; } = BreakerLimits.RequestsMinDefault;
}

/// <summary>Named limits and defaults of circuit breakers.</summary>
internal static class BreakerLimits
{
    public static readonly TimeSpan CheckPeriodDefault = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan CheckPeriodMin = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan CheckPeriodMax = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan FallbackDurationDefault = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan RecoveryDurationDefault = TimeSpan.FromSeconds(10);

    // Figures are kept by the second: what was counted before it opened is over when it recovers.
    public static readonly TimeSpan DurationMin = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan DurationMax = TimeSpan.FromHours(1);
    public const int RequestsMinDefault = 10;
    public const int RequestsMinMax = 1_000_000;
    public const int ExpressionCharsMax = 1024;

    /// <summary>Functions in one expression.</summary>
    public const int TermsMax = 16;

    /// <summary>Parentheses and negations within each other.</summary>
    public const int DepthMax = 16;
}
