using System.Threading;

namespace EdgeProxy.Telemetry;

/// <summary>Counters of one loop: written by that loop without locks, read by any thread a moment late.</summary>
internal sealed class LoopCounters
{
    // A cache line before and after, so that neighbouring loops do not share one.
    private const int Padding = 8;

    private readonly long[] _values = new long[(int)Counter.Count + (2 * Padding)];

    public void Add(Counter counter, long amount = 1) => _values[Padding + (int)counter] += amount;

    public long Read(Counter counter) => Volatile.Read(ref _values[Padding + (int)counter]);
}
