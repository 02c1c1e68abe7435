using System;
using System.Threading;

namespace EdgeProxy.Ai;

/// <summary>
/// Histograms of OpenTelemetry's conventions for one operation of a model at a provider (GenAI metrics, semantic
/// conventions 1.44): written by each loop in its own cells, read by any thread a moment late.
/// </summary>
internal sealed class OperationMetrics(int loopCount)
{
    // The conventions' advice for gen_ai.client.token.usage.
    private static readonly long[] TokenBounds =
    [
        1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
    ];

    // And for gen_ai.client.operation.duration and time_to_first_chunk, in microseconds.
    private static readonly long[] TimeBounds =
    [
        10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000, 2_560_000, 5_120_000, 10_240_000,
        20_480_000, 40_960_000, 81_920_000,
    ];

    private const int Padding = 8; // a cache line

    // Buckets, the last of which has no bound, and a sum.
    private const int SeriesCells = 16;
    private const int SeriesCount = 4 + (int)CallOutcomes.LastError;
    private readonly long[] _cells = new long[loopCount * Stride];

    private static int Stride => (SeriesCount * SeriesCells) + Padding;

    /// <summary>Upper bounds of the buckets of a series; the last one has none.</summary>
    public static ReadOnlySpan<long> BoundsOf(OperationSeries series) =>
        series is OperationSeries.Input or OperationSeries.Output ? TokenBounds : TimeBounds;

    public void AddTokens(int loop, long input, long output)
    {
        Add(loop, OperationSeries.Input, input);
        Add(loop, OperationSeries.Output, output);
    }

    public void AddDuration(int loop, CallOutcome outcome, long durationUs)
    {
        CallOutcome told = CallOutcomes.IsError(outcome) ? outcome : CallOutcome.Ok;
        Add(loop, OperationSeries.Duration + (int)told, Math.Max(0, durationUs));
    }

    public void AddFirstChunk(int loop, long us) => Add(loop, OperationSeries.FirstChunk, us);

    /// <summary>Values in a bucket alone.</summary>
    public long ReadBucket(OperationSeries series, int bucket) => Read(series, bucket);

    public long ReadSum(OperationSeries series) => Read(series, SeriesCells - 1);

    private void Add(int loop, OperationSeries series, long value)
    {
        ReadOnlySpan<long> bounds = BoundsOf(series);
        int bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket])
        {
            bucket++;
        }

        int at = At(loop, series);
        Volatile.Write(ref _cells[at + bucket], _cells[at + bucket] + 1);
        Volatile.Write(ref _cells[at + SeriesCells - 1], _cells[at + SeriesCells - 1] + value);
    }

    private long Read(OperationSeries series, int cell)
    {
        long sum = 0;
        for (int loop = 0; loop < loopCount; loop++)
        {
            sum += Volatile.Read(ref _cells[At(loop, series) + cell]);
        }

        return sum;
    }

    private static int At(int loop, OperationSeries series) =>
        (loop * Stride) + Padding + ((int)series * SeriesCells);
}

/// <summary>What is told apart of an operation.</summary>
internal enum OperationSeries
{
    Input,
    Output,
    FirstChunk,

    /// <summary>Of <see cref="CallOutcome.Ok"/>, and so on, for each that is an error.</summary>
    Duration,
}
