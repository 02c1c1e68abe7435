using System;
using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Time;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Transport;

/// <summary>
/// One loop's share of a <see cref="ListenSocket"/>: accepts in batches and keeps the connection, or gives it to a loop
/// that has clearly fewer.
/// </summary>
internal sealed unsafe class Acceptor : ITimerOwner
{
    // Bounds what one turn accepts, so that a flood of connections does not starve the links that are served.
    private const int BatchMax = 64;

    // Out of files: closing what waits is done in bounds, then nobody is accepted for this long. Never a spinning loop.
    private const int PauseMs = 100;

    // A hand-over costs a wake-up of another thread and cold caches: a difference of a few connections is not worth it.
    private const int HandOverSlack = 4;

    private readonly ListenSocket _socket;
    private readonly EpollLoop _loop;
    private readonly IAcceptOwner _owner;
    private readonly TimerNode _pause;
    private ulong _key;
    private bool _isWatching;
    private bool _isShedding;
    private int _reserveFd;

    public Acceptor(ListenSocket socket, EpollLoop loop, IAcceptOwner owner)
    {
        _socket = socket;
        _loop = loop;
        _owner = owner;
        _pause = new TimerNode(this);
        _reserveFd = OpenReserve();
    }

    /// <summary>Begins to accept. On the loop.</summary>
    public void Open()
    {
        (_key, int error) = _loop.Watch(this, _socket.Fd);
        _isWatching = error == 0;
        if (!_isWatching)
        {
            _loop.Timers.Arm(_pause, _loop.NowMs + PauseMs); // out of memory for the watch: once more, later
        }
    }

    /// <summary>Accepts no more. On the loop.</summary>
    public void Shut()
    {
        _loop.Timers.Disarm(_pause);
        Unwatch();
        CloseReserve();
    }

    /// <summary>Connections wait.</summary>
    public void OnConnections() => Accept(BatchMax);

    /// <summary>Takes up to <paramref name="countMax"/> of the connections that wait.</summary>
    public void Accept(int countMax)
    {
        for (int i = 0; i < countMax; i++)
        {
            int error = AcceptOne();
            if (error == Errno.Again)
            {
                return;
            }

            if (Errno.IsExhaustion(error))
            {
                Shed(error);
                return;
            }

            if (error is Errno.BadFd or Errno.Invalid or Errno.NotSocket)
            {
                Pause(); // not a listening descriptor any more; level-triggered it would spin
                return;
            }

            // Anything else is the fault of that one connection, gone before it was accepted (accept(2), "Error
            // handling").
            _isShedding = false;
        }
    }

    void ITimerOwner.OnTimer(TimerNode timer, long nowMs) => Open();

    private static int OpenReserve() => LibC.EventFd(0, LibC.EventFdCloseOnExec);

    // Returns 0 or the error number.
    private int AcceptOne()
    {
        byte* peer = stackalloc byte[SockAddr.BytesMax];
        uint length = SockAddr.BytesMax;
        int fd = LibC.Accept(_socket.Fd, peer, &length, LibC.SocketNonBlock | LibC.SocketCloseOnExec);
        if (fd < 0)
        {
            return Errno.Last;
        }

        (IpAddress address, int port) = SockAddr.Read(peer);
        EpollLoop loop = LoopFor();
        if (loop == _loop)
        {
            loop.Adopt(fd, address, port, _owner);
        }
        else
        {
            _loop.Counters.HandedOver++;
            loop.Expect();
            loop.Post(new HandOver(fd, address, port, _owner));
        }

        return 0;
    }

    private EpollLoop LoopFor()
    {
        EpollLoop least = _loop;
        int leastCount = _loop.LinkCount - HandOverSlack;
        foreach (EpollLoop loop in _socket.Loops)
        {
            int count = loop.LinkCount;
            if (loop != _loop && count < leastCount)
            {
                least = loop;
                leastCount = count;
            }
        }

        return least;
    }

    // The reserve descriptor makes room for one connection at a time, which is closed at once: its client learns that
    // nobody serves it, instead of waiting in the queue for a time-out.
    private void Shed(int error)
    {
        int count = 0;
        while (count < BatchMax && _reserveFd >= 0)
        {
            CloseReserve();
            int fd = LibC.Accept(_socket.Fd, null, null, LibC.SocketNonBlock | LibC.SocketCloseOnExec);
            if (fd >= 0)
            {
                count++;
                _ = LibC.Close(fd);
            }

            _reserveFd = OpenReserve();
            if (fd < 0)
            {
                break;
            }
        }

        _loop.Counters.Shed += count;
        if (!_isShedding)
        {
            _isShedding = true;
            Log.AcceptShed(_loop.Logger, _loop.Index, Errno.Text(error), count, null);
        }

        Pause();
    }

    private void Pause()
    {
        Unwatch();
        if (_reserveFd < 0)
        {
            _reserveFd = OpenReserve();
        }

        _loop.Timers.Arm(_pause, _loop.NowMs + PauseMs);
    }

    private void Unwatch()
    {
        if (_isWatching)
        {
            _isWatching = false;
            _loop.Unwatch(_key, _socket.Fd);
        }
    }

    private void CloseReserve()
    {
        if (_reserveFd >= 0)
        {
            _ = LibC.Close(_reserveFd);
            _reserveFd = -1;
        }
    }

    /// <summary>A connection on its way to the loop that will own it.</summary>
    private sealed class HandOver(int fd, IpAddress address, int port, IAcceptOwner owner) : ILoopWork
    {
        public void RunOn(EpollLoop loop)
        {
            loop.Arrive();
            loop.Adopt(fd, address, port, owner);
        }
    }

    private static class Log
    {
        public static readonly Action<ILogger, int, string, int, Exception?> AcceptShed =
            LoggerMessage.Define<int, string, int>(LogLevel.Warning, EventIds.AcceptShed,
                "loop {Index}: cannot accept ({Error}); connections closed unserved: {Count}");
    }
}
