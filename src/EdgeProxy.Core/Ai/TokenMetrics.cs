using System.Threading;

namespace EdgeProxy.Ai;

/// <summary>
/// What is counted of one model at one provider for one service: written by each loop in its own cells, read by any
/// thread a moment late. Outlives configurations that go on naming it.
/// </summary>
internal sealed class TokenMetrics(int loopCount)
{
    private const int Padding = 8; // a cache line
    private const int Cells = (int)TokenCount.Count;
    private readonly long[] _cells = new long[loopCount * (Stride + Padding)];

    private readonly OperationMetrics?[] _operations = new OperationMetrics?[(int)AiOperation.Count];

    private static int Stride => Cells;

    public void Add(int loopIndex, TokenCount count, long amount = 1) =>
        _cells[Padding + At(loopIndex) + (int)count] += amount;

    /// <summary>Made when first counted.</summary>
    public OperationMetrics Of(AiOperation operation)
    {
        ref OperationMetrics? place = ref _operations[(int)operation];
        if (Volatile.Read(ref place) is { } known)
        {
            return known;
        }

        var made = new OperationMetrics(loopCount);
        return Interlocked.CompareExchange(ref place, made, null) ?? made;
    }

    /// <summary>Null if there was none yet.</summary>
    public OperationMetrics? Known(AiOperation operation) => Volatile.Read(ref _operations[(int)operation]);

    public long Read(TokenCount count) => Sum((int)count);

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
