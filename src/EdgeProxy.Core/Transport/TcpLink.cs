using System;
using System.Diagnostics;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Transport;

/// <summary>
/// A TCP connection in the epoll set of its loop, registered once for everything and edge-triggered: a small exchange
/// costs one recv and one send on each side and nothing else.
/// </summary>
internal sealed unsafe class TcpLink : ByteLink
{
    private const int NoFd = -1;

    private readonly EpollLoop _loop;
    private IpAddress _remoteAddress;
    private ushort _remotePort;
    private State _state;
    private int _fd;
    private ulong _key;
    private LocalEnd? _localEnd;

    /// <summary>A link over <paramref name="fd"/>, or one that failed before it had a descriptor (-1).</summary>
    public TcpLink(EpollLoop loop, int fd, IpAddress remoteAddress, int remotePort, bool isConnecting)
    {
        _loop = loop;
        _fd = fd;
        _remoteAddress = remoteAddress;
        _remotePort = (ushort)remotePort;
        _state = isConnecting ? State.Connecting : State.Connected | State.Writable;
    }

    [Flags]
    private enum State : ushort
    {
        Connecting = 1,
        Connected = 2,
        MayRead = 4,
        Writable = 8,

        /// <summary>RDHUP, HUP or ERR was seen: the end must be read by hand, no further edge comes for it.</summary>
        EndSeen = 16,

        /// <summary>The end was handed out.</summary>
        EndRead = 32,
        Broken = 64,
        WritesEnded = 128,
        Closed = 256,

        /// <summary>The last batch of events held news for the owner.</summary>
        HasNews = 512,
    }

    public override IpAddress RemoteAddress => _remoteAddress;

    public override int RemotePort => _remotePort;

    public override IpAddress LocalAddress => (_localEnd ??= ReadLocalEnd()).Address;

    public override int LocalPort => (_localEnd ??= ReadLocalEnd()).Port;

    public override bool IsConnected => Has(State.Connected);

    public override bool HasEnded => Has(State.EndSeen | State.EndRead | State.Broken | State.Closed);

    public override bool IsBroken => Has(State.Broken | State.Closed);

    public override bool MayRead => Has(State.MayRead);

    /// <summary>
    /// Why the connection attempt failed or the connection broke, as an error number; 0 for no such thing.
    /// </summary>
    public int ErrorNumber { get; private set; }

    public override string BreakReason => ErrorNumber == 0 ? "" : Errno.Text(ErrorNumber);

    public override void StandFor(IpAddress remote, int remotePort, IpAddress local, int localPort)
    {
        _remoteAddress = remote;
        _remotePort = (ushort)remotePort;
        _localEnd = new LocalEnd(local, localPort);
    }

    public override LinkStatus TryRead(Span<byte> destination, out int count)
    {
        Debug.Assert(_loop.IsHere, "a link was read on a thread that is not its loop");
        Debug.Assert(!destination.IsEmpty, "a read without room cannot be told from an end");
        count = 0;
        if (!Has(State.MayRead))
        {
            return Has(State.EndRead) ? LinkStatus.End
                : Has(State.Broken | State.Closed) ? LinkStatus.Broken
                : LinkStatus.WouldBlock;
        }

        nint received;
        fixed (byte* memory = destination)
        {
            received = LibC.Receive(_fd, memory, (nuint)destination.Length, 0);
        }

        if (received <= 0)
        {
            return received == 0 ? OnReadEnd() : OnReadError(Errno.Last);
        }

        count = (int)received;
        BytesRead += count;
        _loop.Counters.BytesRead += count;
        if (count < destination.Length && !Has(State.EndSeen))
        {
            _state &= ~State.MayRead; // drained: the next byte, or an end, is a new edge
        }

        return LinkStatus.Ok;
    }

    public override int Peek(Span<byte> destination)
    {
        if (!Has(State.MayRead))
        {
            return 0;
        }

        fixed (byte* memory = destination)
        {
            nint received = LibC.Receive(_fd, memory, (nuint)destination.Length, LibC.MessagePeek);
            return (int)Math.Max(received, 0);
        }
    }

    public override LinkStatus TryWrite(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count)
    {
        Debug.Assert(_loop.IsHere, "a link was written on a thread that is not its loop");
        count = 0;
        if (Has(State.Broken | State.WritesEnded | State.Closed))
        {
            return LinkStatus.Broken;
        }

        if (!Has(State.Writable))
        {
            return LinkStatus.WouldBlock;
        }

        long total = (long)first.Length + second.Length + third.Length;
        if (total == 0)
        {
            return LinkStatus.Ok;
        }

        nint sent;
        fixed (byte* firstMemory = first, secondMemory = second, thirdMemory = third)
        {
            IoVector* pieces = stackalloc IoVector[3];
            int pieceCount = 0;
            Gather(pieces, ref pieceCount, firstMemory, first.Length);
            Gather(pieces, ref pieceCount, secondMemory, second.Length);
            Gather(pieces, ref pieceCount, thirdMemory, third.Length);
            sent = pieceCount == 1
                ? LibC.Send(_fd, pieces[0].Memory, pieces[0].Length, LibC.MessageNoSignal)
                : SendGathered(pieces, pieceCount);
        }

        if (sent < 0)
        {
            return OnWriteError(Errno.Last);
        }

        count = (int)sent;
        BytesWritten += count;
        _loop.Counters.BytesWritten += count;
        if (count < total)
        {
            _state &= ~State.Writable; // the kernel had no room for the rest and owes us an edge
        }

        return LinkStatus.Ok;
    }

    public override void EndWrites()
    {
        Debug.Assert(_loop.IsHere, "a link was ended on a thread that is not its loop");
        if (!Has(State.WritesEnded | State.Broken | State.Closed | State.Connecting))
        {
            _state |= State.WritesEnded;
            _ = LibC.Shutdown(_fd, LibC.ShutdownWrite); // fails only if the peer reset it, which a read will tell
        }
    }

    public override void Close()
    {
        Debug.Assert(_loop.IsHere, "a link was closed on a thread that is not its loop");
        if (Has(State.Closed))
        {
            return;
        }

        _state = (_state | State.Closed) & ~(State.Connecting | State.Connected | State.MayRead | State.Writable);
        if (_fd != NoFd)
        {
            _ = LibC.Close(_fd); // leaves the epoll set by itself: no descriptor is ever duplicated
            _fd = NoFd;
            _loop.Forget(_key);
        }
    }

    public override void Abort()
    {
        if (_fd != NoFd)
        {
            // struct linger { on, seconds }: close then sends a reset and throws away what is queued.
            long linger = 1;
            _ = LibC.SetSocketOption(_fd, LibC.LevelSocket, LibC.OptionLinger, &linger, sizeof(long));
        }

        Close();
    }

    /// <summary>The descriptor, -1 once closed.</summary>
    internal int Fd => _fd;

    /// <summary>The loop gave it a slot and put it into its epoll set.</summary>
    internal void Attach(ulong key) => _key = key;

    /// <summary>The attempt failed at once; there is no descriptor to close and no slot.</summary>
    internal void FailAtOnce(int errorNumber)
    {
        _state = State.Broken;
        ErrorNumber = errorNumber;
        _fd = NoFd;
    }

    /// <summary>First pass over a batch: remember what the events say and call nobody.</summary>
    internal void Mark(uint events)
    {
        State before = _state;
        if (Has(State.Connecting))
        {
            FinishConnect(events);
        }

        if ((events & (LibC.EpollRdHup | LibC.EpollHup | LibC.EpollErr)) != 0)
        {
            _state |= State.EndSeen;
        }

        if ((events & (LibC.EpollIn | LibC.EpollRdHup | LibC.EpollHup | LibC.EpollErr)) != 0
            && !Has(State.EndRead | State.Broken))
        {
            _state |= State.MayRead | State.HasNews;
        }

        if ((events & LibC.EpollOut) != 0 && Has(State.Connected) && !Has(State.Broken))
        {
            _state |= State.Writable;
        }

        if ((events & LibC.EpollErr) != 0 && Has(State.Connected) && !Has(State.Broken))
        {
            Break(Errno.Reset); // writes are over at once; what came before the reset can still be read
        }

        // An edge that only says "still writable" (the one that follows registration) is no news.
        if (_state != before)
        {
            _state |= State.HasNews;
        }
    }

    /// <summary>Second pass: whether the owner is to be called.</summary>
    internal bool TakeNews()
    {
        bool hasNews = Has(State.HasNews);
        _state &= ~State.HasNews;
        return hasNews;
    }

    private static void Gather(IoVector* pieces, ref int pieceCount, byte* memory, int length)
    {
        if (length > 0)
        {
            pieces[pieceCount++] = new IoVector { Memory = memory, Length = (nuint)length };
        }
    }

    private nint SendGathered(IoVector* pieces, int pieceCount)
    {
        MessageHead message = default;
        message.Vectors = pieces;
        message.VectorCount = (nuint)pieceCount;
        return LibC.SendMessage(_fd, &message, LibC.MessageNoSignal);
    }

    private bool Has(State any) => (_state & any) != 0;

    private LinkStatus OnReadEnd()
    {
        _state = (_state & ~State.MayRead) | State.EndSeen;
        if (Has(State.Broken))
        {
            // A failed write took the error away; an end after it is not one that the peer sent in order.
            return LinkStatus.Broken;
        }

        _state |= State.EndRead;
        return LinkStatus.End;
    }

    private LinkStatus OnReadError(int errorNumber)
    {
        // EINTR does not occur: the kernel answers a call that may not wait before it looks for signals.
        _state &= ~State.MayRead;
        if (errorNumber == Errno.Again)
        {
            return LinkStatus.WouldBlock;
        }

        Break(errorNumber);
        return LinkStatus.Broken;
    }

    private LinkStatus OnWriteError(int errorNumber)
    {
        if (errorNumber == Errno.Again)
        {
            _state &= ~State.Writable;
            return LinkStatus.WouldBlock;
        }

        // What the peer sent before it went may still be there, such as the 413 for the body it would not read.
        _state |= State.MayRead;
        Break(errorNumber);
        return LinkStatus.Broken;
    }

    private void Break(int errorNumber)
    {
        _state = (_state | State.Broken | State.EndSeen) & ~State.Writable;
        ErrorNumber = errorNumber;
    }

    private void FinishConnect(uint events)
    {
        int error = 0;
        if ((events & (LibC.EpollErr | LibC.EpollHup)) != 0)
        {
            uint length = sizeof(int);
            _ = LibC.GetSocketOption(_fd, LibC.LevelSocket, LibC.OptionError, &error, &length);
        }

        if (error != 0)
        {
            _state &= ~State.Connecting;
            Break(error);
            _loop.Counters.ConnectFailures++;
        }
        else if ((events & LibC.EpollOut) != 0)
        {
            _state = (_state & ~State.Connecting) | State.Connected;
        }
    }

    private LocalEnd ReadLocalEnd()
    {
        byte* address = stackalloc byte[SockAddr.BytesMax];
        uint length = SockAddr.BytesMax;
        if (_fd == NoFd || LibC.GetSocketName(_fd, address, &length) != 0)
        {
            return new LocalEnd(default, 0);
        }

        (IpAddress localAddress, int port) = SockAddr.Read(address);
        return new LocalEnd(localAddress, port);
    }

    private sealed record LocalEnd(IpAddress Address, int Port);
}
