using System;

namespace EdgeProxy.Telemetry;

/// <summary>Bounds and defaults of what is recorded of requests.</summary>
internal static class TelemetryLimits
{
    /// <summary>Longest X-Request-Id taken over from a client; a longer one is replaced.</summary>
    public const int RequestIdBytesMax = 128;

    /// <summary>One trace in a hundred: what an edge link carries.</summary>
    public const double TraceRatioDefault = 0.01;

    public static readonly TimeSpan SlowDefault = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan SlowMax = TimeSpan.FromHours(1);
}
