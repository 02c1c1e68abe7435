using System;
using System.Threading;

namespace EdgeProxy.Ai;

/// <summary>
/// What is counted of one model at one provider for one service: written by each loop in its own cells, read by any
/// thread a moment late. Outlives configurations that go on naming it.
/// </summary>
internal sealed class TokenMetrics(int loopCount)
{
    // OpenTelemetry's advice for gen_ai.client.token.usage.
    private static readonly long[] Bounds =
    [
        1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
    ];

    private const int Padding = 8; // a cache line
    private const int Cells = (int)TokenCount.Count;
    private readonly long[] _cells = new long[loopCount * (Stride + Padding)];

    /// <summary>Upper bounds of the buckets of token counts; the last one has none.</summary>
    public static ReadOnlySpan<long> BucketBounds => Bounds;

    private static int Stride => Cells + (2 * (Bounds.Length + 1));

    public void Add(int loopIndex, TokenCount count, long amount = 1) =>
        _cells[Padding + At(loopIndex) + (int)count] += amount;

    /// <summary>Counts the tokens of one call into a bucket.</summary>
    public void AddCall(int loopIndex, long tokens, bool isOutput)
    {
        int bucket = 0;
        while (bucket < Bounds.Length && tokens > Bounds[bucket])
        {
            bucket++;
        }

        _cells[Padding + At(loopIndex) + Cells + (isOutput ? Bounds.Length + 1 : 0) + bucket]++;
    }

    public long Read(TokenCount count) => Sum((int)count);

    /// <summary>Calls in a bucket alone.</summary>
    public long ReadBucket(int bucket, bool isOutput) => Sum(Cells + (isOutput ? Bounds.Length + 1 : 0) + bucket);

    private static int At(int loopIndex) => loopIndex * (Stride + Padding);

    private long Sum(int cell)
    {
        long sum = 0;
        for (int loop = 0; loop < loopCount; loop++)
        {
            sum += Volatile.Read(ref _cells[Padding + At(loop) + cell]);
        }

        return sum;
    }
}

/// <summary>What <see cref="TokenMetrics"/> counts.</summary>
internal enum TokenCount
{
    Calls,
    Failed,
    StreamErrors,
    WithoutUsage,
    InputTokens,
    OutputTokens,
    CachedTokens,
    ReasoningTokens,

    /// <summary>Micro-units.</summary>
    Cost,

    /// <summary>Calls that a target for when the link is down was asked for.</summary>
    Offline,

    /// <summary>Tokens that providers did not tell of, prompts and answers.</summary>
    Estimated,
    Count,
}
