using System;

namespace EdgeProxy.Telemetry;

/// <summary>Bounds and defaults of what is recorded of requests.</summary>
internal static class TelemetryLimits
{
    /// <summary>Longest X-Request-Id taken over from a client; a longer one is replaced.</summary>
    public const int RequestIdBytesMax = 128;

    /// <summary>Longest path and query told of a request, each; what is beyond is left out.</summary>
    public const int TargetBytesMax = 1024;

    /// <summary>Longest value told of a field; what is beyond is left out.</summary>
    public const int FieldBytesMax = 256;

    /// <summary>Fields told of a request.</summary>
    public const int FieldsMax = 16;

    /// <summary>Records of one loop that wait to be written, a power of two: a tenth of a second at 20,000/s.</summary>
    public const int RingRecords = 2048;

    /// <summary>Memory for their texts, a power of two.</summary>
    public const int RingTextBytes = 512 * 1024;

    /// <summary>
    /// A ring is looked at when this part of it is full, an eighth: what is read at a time is what a loop on the same
    /// core waits for, and a look costs a system call in 256 records.
    /// </summary>
    public const int RingLookShare = 8;

    /// <summary>How long a record waits at most before it is looked at.</summary>
    public static readonly TimeSpan RingLook = TimeSpan.FromMilliseconds(100);

    /// <summary>Series of durations in one answer to /metrics, each of 17 lines; over it series are left out.</summary>
    public const int SeriesMax = 10_000;

    /// <summary>
    /// Consumers told apart in one answer to /metrics, each in 3 to 8 lines; over it the last are left out.
    /// </summary>
    public const int ConsumersMax = 2_000;

    /// <summary>One trace in a hundred: what an edge link carries.</summary>
    public const double TraceRatioDefault = 0.01;

    public static readonly TimeSpan SlowDefault = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan SlowMax = TimeSpan.FromHours(1);
}
