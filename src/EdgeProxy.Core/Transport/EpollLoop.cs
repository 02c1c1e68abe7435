using System;
using System.Net;
using EdgeProxy.Primitives.Time;

namespace EdgeProxy.Transport;

/// <summary>Work sent to a loop from another thread.</summary>
internal interface ILoopWork
{
    void RunOn(EpollLoop loop);
}

/// <summary>Who takes the connections a loop accepts. Called on the loop that will own the link.</summary>
internal interface IAcceptOwner
{
    void OnAccepted(EpollLoop loop, ByteLink link);
}

/// <summary>One thread, one epoll set, and everything that lives on them: links, timers, blocks, the clock.</summary>
internal sealed class EpollLoop : IDisposable
{
    public int Index => throw new NotSupportedException();

    /// <summary>Monotonic milliseconds, read once per turn of the loop.</summary>
    public long NowMs => throw new NotSupportedException();

    public BlockPool Blocks => throw new NotSupportedException();

    public TimerWheel Timers => throw new NotSupportedException();

    /// <summary>Links open now, accepted and connected; read from any thread.</summary>
    public int LinkCount => throw new NotSupportedException();

    /// <summary>Runs <paramref name="work"/> on the loop, in the order of posting. Callable from any thread.</summary>
    public void Post(ILoopWork work) => throw new NotSupportedException();

    /// <summary>
    /// Starts a connection attempt. The owner is called once it is connected or broken; immediate failures too are reported
    /// by the returned link being broken, never by an exception.
    /// </summary>
    public ByteLink Connect(IPEndPoint address, ILinkOwner owner) => throw new NotSupportedException();

    public void Dispose() => throw new NotSupportedException();
}
