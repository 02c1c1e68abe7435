using System;
using System.Threading;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Telemetry;

/// <summary>
/// Durations of what one name of the configuration did, by method and outcome: one set per loop, made when the loop
/// first has something to count, merged when somebody reads. Lives as long as the name is configured.
/// </summary>
internal sealed class DurationMetrics(int loopCount)
{
    /// <summary>Method.Other to Method.Trace.</summary>
    public const int MethodCount = (int)Method.Trace + 1;

    private readonly DurationHistogram?[]?[] _loops = new DurationHistogram?[loopCount][];

    /// <summary>Counts on loop <paramref name="loop"/>; only that loop may.</summary>
    public DurationHistogram Of(int loop, Method method, int outcome)
    {
        DurationHistogram?[] table = _loops[loop] ?? NewTable(loop);
        return table[((int)method * Outcome.Count) + outcome] ?? NewHistogram(table, method, outcome);
    }

    /// <summary>What all loops counted; false if nothing. Any thread.</summary>
    public bool TryRead(Method method, int outcome, DurationSum sum)
    {
        sum.Clear();
        bool isAny = false;
        for (int i = 0; i < _loops.Length; i++)
        {
            if (Volatile.Read(ref _loops[i]) is { } table
                && Volatile.Read(ref table[((int)method * Outcome.Count) + outcome]) is { } histogram)
            {
                sum.Add(histogram);
                isAny = true;
            }
        }

        return isAny;
    }

    private DurationHistogram?[] NewTable(int loop)
    {
        var table = new DurationHistogram?[MethodCount * Outcome.Count];
        Volatile.Write(ref _loops[loop], table);
        return table;
    }

    private static DurationHistogram NewHistogram(DurationHistogram?[] table, Method method, int outcome)
    {
        var histogram = new DurationHistogram();
        Volatile.Write(ref table[((int)method * Outcome.Count) + outcome], histogram);
        return histogram;
    }
}

/// <summary>Histograms of several loops added up; used again for the next series.</summary>
internal sealed class DurationSum
{
    private readonly long[] _counts = new long[DurationHistogram.BucketCount];
    private readonly Exemplar[] _exemplars = new Exemplar[DurationHistogram.BucketCount];

    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Those whose trace's span is 0 are none.</summary>
    public ReadOnlySpan<Exemplar> Exemplars => _exemplars;

    public long Count { get; private set; }

    public long SumUs { get; private set; }

    public void Clear()
    {
        _counts.AsSpan().Clear();
        _exemplars.AsSpan().Clear();
        Count = 0;
        SumUs = 0;
    }

    public void Add(DurationHistogram histogram)
    {
        SumUs += histogram.SumUs;
        for (int i = 0; i < _counts.Length; i++)
        {
            long count = histogram.Read(i);
            _counts[i] += count;
            Count += count;
            if (histogram.TryReadExample(i, out Exemplar exemplar) && exemplar.UnixMs >= _exemplars[i].UnixMs)
            {
                _exemplars[i] = exemplar;
            }
        }
    }
}
