using System;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Middlewares;

/// <summary>How many requests of one source are let through in a time.</summary>
internal sealed record RateLimitSettings : MiddlewareSettings
{
    public const int AverageMax = 1_000_000;
    public const int KeysDefault = 16 * 1024;
    public const int KeysMax = 4 * 1024 * 1024;

    /// <summary>Requests per <see cref="Period"/>.</summary>
    public required int Average { get; init; }

    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests at once.</summary>
    public required int Burst { get; init; }

    public SourceSettings Source { get; init; } = new();

    /// <summary>Sources told apart at a time; 17 bytes each.</summary>
    public int Keys { get; init; } = KeysDefault;

    /// <summary>RateLimit and RateLimit-Policy in every answer.</summary>
    public bool HasHeaders { get; init; } = true;

    /// <summary>Counts what it would refuse, and refuses nothing.</summary>
    public bool IsReportOnly { get; init; }
}
