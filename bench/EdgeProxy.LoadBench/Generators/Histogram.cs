using System;
using System.Numerics;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>
/// Durations in nanoseconds, counted in buckets that are exact to 1/128: no allocation, no sorting while it measures.
/// </summary>
internal sealed class Histogram
{
    private const int StepBits = 7;
    private const int Steps = 1 << StepBits;

    private readonly long[] _counts = new long[(64 - StepBits + 1) * Steps];

    public long Count { get; private set; }

    public long MaxNs { get; private set; }

    public void Add(long ns)
    {
        ns = Math.Max(0, ns);
        _counts[BucketOf(ns)]++;
        Count++;
        MaxNs = Math.Max(MaxNs, ns);
    }

    public void Add(Histogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        MaxNs = Math.Max(MaxNs, other.MaxNs);
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
        MaxNs = 0;
    }

    /// <summary>The nanoseconds that this share (0 to 1) of all does not exceed; 0 when there is none.</summary>
    public long Quantile(double share)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (int i = 0; i < _counts.Length && Count > 0; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Min(UpperEnd(i), MaxNs);
            }
        }

        return 0;
    }

    // Values below 128 have a bucket each; above, 128 buckets per power of two.
    private static int BucketOf(long ns)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)ns) - StepBits);
        return (shift * Steps) + (int)(ns >> shift);
    }

    private static long UpperEnd(int bucket)
    {
        int shift = Math.Max(0, (bucket / Steps) - 1);
        long step = bucket - (shift * (long)Steps);
        return ((step + 1) << shift) - 1;
    }
}
