using System;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>
/// Requests, or tries at a service's servers, counted since the start; or those between two such counts.
/// </summary>
/// <param name="Errors">5xx, or none at all by the server's fault.</param>
/// <param name="Buckets">By duration, as <see cref="DurationHistogram"/> has them, each without those below.</param>
internal sealed record TrafficCounts(long Requests, long Errors, long[] Buckets)
{
    public static TrafficCounts None { get; } = new(0, 0, new long[DurationHistogram.BucketCount]);

    /// <summary>All that <paramref name="metrics"/> counted, on top of this.</summary>
    public TrafficCounts With(DurationMetrics metrics, DurationSum sum)
    {
        long requests = Requests;
        long errors = Errors;
        long[] buckets = [.. Buckets];
        for (int method = 0; method < DurationMetrics.MethodCount; method++)
        {
            for (int outcome = 0; outcome < Outcome.Count; outcome++)
            {
                if (metrics.TryRead((Primitives.Http.Method)method, outcome, sum))
                {
                    requests += sum.Count;
                    errors += IsError(outcome) ? sum.Count : 0;
                    for (int i = 0; i < buckets.Length; i++)
                    {
                        buckets[i] += sum.Counts[i];
                    }
                }
            }
        }

        return new TrafficCounts(requests, errors, buckets);
    }

    /// <summary>What came after <paramref name="earlier"/>; a name that was configured anew counts from 0.</summary>
    public TrafficCounts Since(TrafficCounts earlier)
    {
        if (earlier.Requests > Requests)
        {
            return this;
        }

        long[] buckets = new long[Buckets.Length];
        for (int i = 0; i < buckets.Length; i++)
        {
            buckets[i] = Buckets[i] - earlier.Buckets[i];
        }

        return new TrafficCounts(Requests - earlier.Requests, Errors - earlier.Errors, buckets);
    }

    /// <summary>0 to 1; 0 without requests.</summary>
    public double ErrorRate => Requests > 0 ? (double)Errors / Requests : 0;

    /// <summary>Milliseconds, within a bucket by its share; of the last bucket only its lower end is known.</summary>
    public double QuantileMs(double share)
    {
        double rank = share * Requests;
        double lower = 0;
        double below = 0;
        for (int i = 0; i < Buckets.Length; i++)
        {
            double bound = DurationHistogram.BoundSeconds(i);
            if (Buckets[i] > 0 && below + Buckets[i] >= rank)
            {
                return 1e3 * (double.IsInfinity(bound)
                    ? lower
                    : lower + ((bound - lower) * Math.Max(0, rank - below) / Buckets[i]));
            }

            lower = bound;
            below += Buckets[i];
        }

        return 0;
    }

    // What the client did, or the proxy's own end, is nobody's version's fault.
    private static bool IsError(int outcome) =>
        outcome >= Outcome.StatusClasses - 1 && outcome != Outcome.Cancelled;
}
