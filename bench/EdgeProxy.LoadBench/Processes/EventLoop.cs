using System;
using System.Diagnostics;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>An epoll set of one thread, level-triggered, with a wait that is exact to some microseconds.</summary>
internal sealed unsafe class EventLoop : IDisposable
{
    private const int EventsMax = 512;

    private readonly int _epoll = LibC.EpollCreate(LibC.EpollCloseOnExec);
    private readonly byte[] _events = GC.AllocateArray<byte>(EventsMax * 16, pinned: true);

    /// <summary>Now, in nanoseconds of the clock that never steps.</summary>
    public static long NowNs => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    public void Add(int fd)
    {
        if (LibC.EpollControl(_epoll, LibC.EpollAdd, fd, new EpollEvent(LibC.EpollIn, fd)) != 0)
        {
            throw new InvalidOperationException("epoll_ctl failed");
        }
    }

    /// <summary>Waits at most that long; how many files are ready.</summary>
    public int Wait(long waitNs)
    {
        fixed (byte* events = _events)
        {
            return Math.Max(0, LibC.EpollWait(
                _epoll, (EpollEvent*)events, EventsMax, new TimeSpec(Math.Max(0, waitNs)), 0));
        }
    }

    public int ReadyFd(int index)
    {
        fixed (byte* events = _events)
        {
            return ((EpollEvent*)(events + (index * EpollEvent.Distance)))->Fd;
        }
    }

    public void Dispose() => LibC.Close(_epoll);
}
