using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Transport;

/// <summary>
/// Work posted to a loop by any thread, run in the order of posting. Two lists change places, so that nothing is
/// allocated once they have grown; the loop is woken by an eventfd, and only if it sleeps or is about to.
/// </summary>
internal sealed unsafe class Mailbox : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Action<Exception> _onFault;
    private List<ILoopWork> _posted = [];
    private List<ILoopWork> _running = [];
    private int _postedCount;
    private int _isAsleep;

    public Mailbox(Action<Exception> onFault)
    {
        _onFault = onFault;
        WakeFd = LibC.EventFd(0, LibC.EventFdNonBlock | LibC.EventFdCloseOnExec);
        if (WakeFd < 0)
        {
            throw new InvalidOperationException("eventfd failed: " + Errno.Text(Errno.Last));
        }
    }

    /// <summary>
    /// Belongs into the epoll set edge-triggered: each write is a new edge, so that nobody needs to read it back.
    /// </summary>
    public int WakeFd { get; private set; }

    public bool HasWork => Volatile.Read(ref _postedCount) > 0;

    public void Post(ILoopWork work)
    {
        lock (_gate)
        {
            _posted.Add(work);
            Volatile.Write(ref _postedCount, _posted.Count);
        }

        Wake();
    }

    /// <summary>Ends the loop's sleep, present or about to begin.</summary>
    public void Wake()
    {
        // A full fence: either this sees the loop asleep, or the loop sees the work before it sleeps.
        if (Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            ulong one = 1;
            _ = LibC.Write(WakeFd, &one, sizeof(ulong));
        }
    }

    /// <summary>Says that the loop is going to sleep. False: there is work, it must not.</summary>
    public bool TrySleep()
    {
        Interlocked.Exchange(ref _isAsleep, 1);
        if (!HasWork)
        {
            return true;
        }

        Volatile.Write(ref _isAsleep, 0);
        return false;
    }

    public void Awake() => Volatile.Write(ref _isAsleep, 0);

    /// <summary>
    /// Runs what is there now; what is posted meanwhile waits for the next turn, so that links are not starved.
    /// </summary>
    public void Run(EpollLoop loop)
    {
        lock (_gate)
        {
            (_posted, _running) = (_running, _posted);
            Volatile.Write(ref _postedCount, 0);
        }

        foreach (ILoopWork work in _running)
        {
            RunOne(work, loop);
        }

        _running.Clear();
    }

    public void Dispose()
    {
        int fd = WakeFd;
        WakeFd = -1;
        if (fd >= 0)
        {
            _ = LibC.Close(fd);
        }
    }

    private void RunOne(ILoopWork work, EpollLoop loop)
    {
        try
        {
            work.RunOn(loop);
        }
        catch (Exception exception)
        {
            _onFault(exception);
        }
    }
}
