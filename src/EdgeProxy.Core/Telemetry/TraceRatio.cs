using System;

namespace EdgeProxy.Telemetry;

/// <summary>
/// A share of traces, decided by the trace's id alone, so that every proxy with the same share decides alike.
/// </summary>
/// <param name="Threshold">Of 2^56: ids whose last 7 bytes are below it are recorded.</param>
internal readonly record struct TraceRatio(ulong Threshold)
{
    // W3C Trace Context level 2 promises randomness of the last 7 bytes only.
    private const int RandomBits = 56;
    private const ulong RandomMask = (1UL << RandomBits) - 1;

    /// <param name="share">0 to 1.</param>
    public static TraceRatio Of(double share) => new((ulong)(Math.Clamp(share, 0, 1) * (1UL << RandomBits)));

    public bool Takes(ulong traceLow) => (traceLow & RandomMask) < Threshold;
}
