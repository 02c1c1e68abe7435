using System.Threading;
using EdgeProxy.Primitives.Tracing;

namespace EdgeProxy.Telemetry;

/// <summary>
/// How long things took, in buckets, of one loop: written by that loop without locks, read by any thread a moment late.
/// </summary>
internal sealed class DurationHistogram
{
    private const long MicrosPerSecond = 1_000_000;

    // The buckets OpenTelemetry advises for http.server.request.duration (semantic conventions 1.44, HTTP metrics).
    private static readonly long[] s_boundsUs =
    [
        5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000,
        1_000_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000,
    ];

    private readonly long[] _counts = new long[s_boundsUs.Length + 1];
    private long _sumUs;
    private Exemplar[]? _exemplars;
    private int _exemplarVersion;

    /// <summary>Buckets, the last of which has no upper bound.</summary>
    public static int BucketCount => s_boundsUs.Length + 1;

    /// <summary>Upper bound of a bucket in seconds; infinity for the last.</summary>
    public static double BoundSeconds(int bucket) =>
        bucket == s_boundsUs.Length ? double.PositiveInfinity : s_boundsUs[bucket] / (double)MicrosPerSecond;

    public long SumUs => Volatile.Read(ref _sumUs);

    public long Read(int bucket) => Volatile.Read(ref _counts[bucket]);

    public void Add(long durationUs)
    {
        Volatile.Write(ref _counts[BucketOf(durationUs)], _counts[BucketOf(durationUs)] + 1);
        Volatile.Write(ref _sumUs, _sumUs + durationUs);
    }

    /// <summary>Keeps a trace as an example of the bucket its duration falls into.</summary>
    public void AddExample(long durationUs, in TraceParent trace, long unixMs)
    {
        Exemplar[] exemplars = _exemplars ?? NewExemplars();
        Interlocked.Increment(ref _exemplarVersion);
        exemplars[BucketOf(durationUs)] = new Exemplar(trace, durationUs, unixMs);
        Interlocked.Increment(ref _exemplarVersion);
    }

    /// <summary>False if the bucket has no example, or has just got another.</summary>
    public bool TryReadExample(int bucket, out Exemplar exemplar)
    {
        exemplar = default;
        if (Volatile.Read(ref _exemplars) is not { } exemplars)
        {
            return false;
        }

        int before = Volatile.Read(ref _exemplarVersion);
        exemplar = exemplars[bucket];
        Interlocked.MemoryBarrier();
        return before % 2 == 0 && before == Volatile.Read(ref _exemplarVersion) && exemplar.Trace.Span != 0;
    }

    private static int BucketOf(long durationUs)
    {
        int bucket = 0;
        while (bucket < s_boundsUs.Length && durationUs > s_boundsUs[bucket])
        {
            bucket++;
        }

        return bucket;
    }

    // Once per series, when its first trace is recorded.
    private Exemplar[] NewExemplars()
    {
        var exemplars = new Exemplar[BucketCount];
        Volatile.Write(ref _exemplars, exemplars);
        return exemplars;
    }
}

/// <summary>A recorded trace that shows what a bucket holds.</summary>
/// <param name="UnixMs">When it ended.</param>
internal readonly record struct Exemplar(TraceParent Trace, long DurationUs, long UnixMs);
