using System;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>What came of sending a request to a collector.</summary>
internal enum OtlpVerdict : byte
{
    /// <summary>It has it, perhaps not all of it.</summary>
    Taken,

    /// <summary>It may take it later.</summary>
    Later,

    /// <summary>It will never take it.</summary>
    Refused,
}

/// <param name="RetryAfter">How long it wants to be left alone; zero if it did not say.</param>
/// <param name="Rejected">Items of a taken request that it threw away.</param>
/// <param name="Why">For the log: no bytes of a collector's answer without a bound.</param>
internal readonly record struct OtlpAnswer(
    OtlpVerdict Verdict, TimeSpan RetryAfter = default, long Rejected = 0, string Why = "");

/// <summary>Carries requests to a collector. Telemetry declares it; who can speak HTTP supplies it.</summary>
internal interface IOtlpTransport : IDisposable
{
    /// <summary>Never throws for what the network or the collector does.</summary>
    /// <param name="request">An Export*ServiceRequest, compressed with gzip.</param>
    Task<OtlpAnswer> SendAsync(OtlpKind kind, ReadOnlyMemory<byte> request, CancellationToken stop);
}
