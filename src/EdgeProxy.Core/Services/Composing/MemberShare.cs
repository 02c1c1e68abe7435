using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeProxy.Services.Composing;

/// <summary>
/// What loops remember of a member of a composed service. Lives as long as a configuration names both, so a canary's
/// shares stay exact over reloads. Each loop writes its own figures; the counts may be read by any thread.
/// </summary>
internal sealed class MemberShare(int loopCount)
{
    private readonly Figures[] _figures = new Figures[loopCount];
    private int _isLeft;
    private int _inFlight;

    public int LoopCount => _figures.Length;

    /// <summary>What it is owed in the smooth rotation of loop <paramref name="loopIndex"/>.</summary>
    public ref long Credit(int loopIndex) => ref _figures[loopIndex].Credit;

    public void Count(int loopIndex) =>
        Volatile.Write(ref _figures[loopIndex].Requests, _figures[loopIndex].Requests + 1);

    /// <summary>Exchanges it was chosen for, of all loops.</summary>
    public long CountOf()
    {
        long sum = 0;
        for (int i = 0; i < _figures.Length; i++)
        {
            sum += Volatile.Read(ref _figures[i].Requests);
        }

        return sum;
    }

    /// <summary>
    /// Notes whether a failover has left this member for its fallback; true if that is news, for one loop only.
    /// </summary>
    public bool NoteLeft(bool isLeft) =>
        Volatile.Read(ref _isLeft) != (isLeft ? 1 : 0)
        && Interlocked.Exchange(ref _isLeft, isLeft ? 1 : 0) != (isLeft ? 1 : 0);

    /// <summary>One more copy is under way to it, unless there are so many, of all loops.</summary>
    public bool TryEnter(int most)
    {
        if (Interlocked.Increment(ref _inFlight) <= most)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    // Two cache lines, as of ServerLoad: two loops never share one.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Figures
    {
        public long Credit;
        public long Requests;
    }
}
