using System;
using System.Threading;
using EdgeProxy.Transport;

namespace EdgeProxy.Host;

/// <summary>Asks one loop for a sign of life and remembers since when it owes one.</summary>
internal sealed class LoopPulse(EpollLoop loop, TimeProvider time) : ILoopWork
{
    // A turn takes microseconds; a loop that owes an answer for this long hangs.
    private static readonly TimeSpan StallAfter = TimeSpan.FromSeconds(2);

    private long _askedAt;

    public void RunOn(EpollLoop running) => Interlocked.Exchange(ref _askedAt, 0);

    /// <summary>Whether the loop has owed its answer for too long. Asks again if it owes none. Any thread.</summary>
    public bool IsStalled()
    {
        long askedAt = Interlocked.Read(ref _askedAt);
        if (askedAt != 0)
        {
            return time.GetElapsedTime(askedAt) > StallAfter;
        }

        if (Interlocked.CompareExchange(ref _askedAt, Math.Max(1, time.GetTimestamp()), 0) == 0)
        {
            loop.Post(this);
        }

        return false;
    }
}
