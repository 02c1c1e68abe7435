using System.Threading;
using EdgeProxy.Transport;

namespace EdgeProxy.Services;

/// <summary>Who waits for room at a server. In at most one queue.</summary>
internal interface IWaiter
{
    IWaiter? NextWaiter { get; set; }

    IWaiter? PreviousWaiter { get; set; }

    /// <summary>There may be room, and it is first: it leaves the queue if it found some.</summary>
    void OnRoom();
}

/// <summary>
/// Requests of one loop that wait for room at a service's servers, first come, first served. Its loop's but for
/// <see cref="Wake"/> and <see cref="Count"/>.
/// </summary>
internal sealed class WaitQueue(EpollLoop loop) : ILoopWork
{
    private IWaiter? _last;
    private int _count;
    private int _isPosted;

    public IWaiter? First { get; private set; }

    public int Count => Volatile.Read(ref _count);

    public void Add(IWaiter waiter)
    {
        waiter.PreviousWaiter = _last;
        if (_last is null)
        {
            First = waiter;
        }
        else
        {
            _last.NextWaiter = waiter;
        }

        _last = waiter;
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Takes one out, wherever it stands.</summary>
    public void Remove(IWaiter waiter)
    {
        if (waiter.PreviousWaiter is { } previous)
        {
            previous.NextWaiter = waiter.NextWaiter;
        }
        else
        {
            First = waiter.NextWaiter;
        }

        if (waiter.NextWaiter is { } next)
        {
            next.PreviousWaiter = waiter.PreviousWaiter;
        }
        else
        {
            _last = waiter.PreviousWaiter;
        }

        waiter.NextWaiter = null;
        waiter.PreviousWaiter = null;
        Volatile.Write(ref _count, _count - 1);
    }

    /// <summary>Has those in front look for room, in a turn of their loop. Any thread.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isPosted, 1) == 0)
        {
            loop.Post(this);
        }
    }

    public void RunOn(EpollLoop loop)
    {
        Volatile.Write(ref _isPosted, 0);
        while (First is { } first)
        {
            first.OnRoom();
            if (ReferenceEquals(First, first))
            {
                return; // no room for it, so none for those behind it
            }
        }
    }
}
