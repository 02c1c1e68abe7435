using System;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>Bounds and defaults of what is sent to a collector.</summary>
internal static class OtlpLimits
{
    /// <summary>Items of one request; the OpenTelemetry SDKs' default is 512.</summary>
    public const int BatchItems = 1024;

    /// <summary>Bytes of one request before it is compressed; collectors take 4 MiB over gRPC.</summary>
    public const int BatchBytes = 512 * 1024;

    /// <summary>Batches that wait to be compressed and stored; over it they are dropped and counted.</summary>
    public const int WaitingBatchesMax = 16;

    /// <summary>Bytes read of a collector's answer.</summary>
    public const int AnswerBytesMax = 64 * 1024;

    public const int HeadersMax = 32;

    /// <summary>What is kept for a collector without [telemetry.spool], in memory.</summary>
    public const long MemoryBytes = 8 * 1024 * 1024;

    public static readonly TimeSpan BatchIntervalDefault = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan MetricsIntervalDefault = TimeSpan.FromSeconds(60);

    public static readonly TimeSpan TimeoutDefault = TimeSpan.FromSeconds(10);

    /// <summary>First back-off; it doubles with each failure, and a lot between 0 and it is waited.</summary>
    public static readonly TimeSpan BackoffFirst = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan BackoffMax = TimeSpan.FromMinutes(5);

    /// <summary>Longest Retry-After that is followed.</summary>
    public static readonly TimeSpan RetryAfterMax = TimeSpan.FromHours(1);
}
