using System;
using Xunit;

namespace EdgeProxy.Tests;

/// <summary>Holds that warm code allocates nothing.</summary>
internal static class Allocations
{
    // The runtime itself may allocate once while it loads or recompiles what runs; a call that allocates does so each
    // time.
    private const int RoundsMax = 5;

    /// <summary>
    /// Runs <paramref name="work"/> until a round allocates nothing on this thread; fails if none does.
    /// </summary>
    public static void AssertNone(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        work();
        long allocated = long.MaxValue;
        for (int round = 0; round < RoundsMax && allocated != 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }
}
