using System;
using System.Net;
using System.Threading;
using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Transport.Http2;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeProxy.Transport;

/// <summary>
/// One thread, one epoll set, and everything that lives on them: links, timers, blocks, the clock. All members but
/// <see cref="Post"/>, <see cref="Start"/>, <see cref="Stop"/> and the plain counts belong to the loop's own thread.
/// </summary>
/// <remarks>
/// A turn: (1) wait for events, until the next timer; (2) mark them on all links; (3) call the owners; (4) run posted
/// work; (5) fire timers. Marking comes first so that a pooled server connection whose end came in the same batch is
/// already known to have ended when the owner of another link would pick it.
/// </remarks>
internal sealed class EpollLoop : IDisposable, ITimerOwner
{
    // The engine's deepest call is a few KiB; the runtime's exception handling wants the rest.
    private const int StackBytes = 256 * 1024;

    private const int TrimPeriodMs = 1000;

    private readonly EpollSet _epoll = new();
    private readonly SlotTable _slots = new();
    private readonly Mailbox _mailbox;
    private readonly TimerNode _trimTimer;
    private readonly ILogger _logger;
    private Http2Streams? _streams;
    private Thread? _thread;
    private int _threadId;
    private int _linkCount;
    private int _expectedCount;
    private bool _isStopping;
    private bool _isDisposed;

    /// <summary>The clock is the system's and nothing is logged unless they are given.</summary>
    public EpollLoop(int index, TimeProvider? time = null, ILogger? logger = null)
    {
        Index = index;
        Clock = new CoarseClock(time ?? TimeProvider.System);
        _logger = logger ?? NullLogger.Instance;
        _mailbox = new Mailbox(OnCrash);
        _trimTimer = new TimerNode(this);
        _ = _epoll.Add(_mailbox.WakeFd, LibC.EpollIn | LibC.EpollEdge, _slots.Add(_mailbox));
    }

    public int Index { get; }

    /// <summary>Monotonic milliseconds, read once per turn of the loop.</summary>
    public long NowMs => Clock.NowMs;

    public CoarseClock Clock { get; }

    public BlockPool Blocks { get; } = new();

    public TimerWheel Timers { get; } = new();

    public TransportCounters Counters { get; } = new();

    /// <summary>Spare streams of HTTP/2, once there are any.</summary>
    public Http2Streams Streams => _streams ??= new Http2Streams(this);

    /// <summary>Links open now, accepted and connected, and those on their way here; read from any thread.</summary>
    public int LinkCount => Volatile.Read(ref _linkCount) + Volatile.Read(ref _expectedCount);

    /// <summary>Whether the caller is on the loop's thread; true for any while the loop does not run.</summary>
    public bool IsHere
    {
        get
        {
            int threadId = Volatile.Read(ref _threadId);
            return threadId == 0 || threadId == Environment.CurrentManagedThreadId;
        }
    }

    internal ILogger Logger => _logger;

    public void Start()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _thread = new Thread(Run, StackBytes) { Name = $"loop {Index}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Ends the thread after the turn it is in, and waits for it. Links stay open until <see cref="Dispose"/>.
    /// </summary>
    public void Stop()
    {
        Volatile.Write(ref _isStopping, true);
        _mailbox.Wake();
        if (_thread is { } thread && thread.ManagedThreadId != Environment.CurrentManagedThreadId)
        {
            thread.Join();
            _thread = null;
        }
    }

    /// <summary>
    /// One turn, waiting at most so long, -1 for as long as it takes; tests call it in place of <see cref="Start"/>.
    /// </summary>
    public void RunOnce(int waitMaxMs)
    {
        // What the last turn allocated is told before the wait: a thread's count is read in nanoseconds.
        Counters.AllocatedBytes = GC.GetAllocatedBytesForCurrentThread();

        // (1) Wait. The mailbox must know, so that work posted from now on ends the wait.
        int count = _epoll.Poll(WaitMs(waitMaxMs));
        _mailbox.Awake();
        Clock.Refresh();
        Counters.Turns++;

        // (2) Mark, then (3) call. A key whose link was closed by an owner called before finds nothing.
        for (int i = 0; i < count; i++)
        {
            if (_slots.Find(_epoll.KeyOf(i)) is TcpLink link)
            {
                link.Mark(_epoll.EventsAt(i));
            }
        }

        for (int i = 0; i < count; i++)
        {
            Dispatch(_slots.Find(_epoll.KeyOf(i)));
        }

        // (4) Posted work, (5) timers.
        if (_mailbox.HasWork)
        {
            _mailbox.Run(this);
        }

        AdvanceTimers();
        if (Blocks.NeedsTrim && !_trimTimer.IsArmed)
        {
            Timers.Arm(_trimTimer, NowMs + TrimPeriodMs);
        }
    }

    /// <summary>Runs <paramref name="work"/> on the loop, in the order of posting. Callable from any thread.</summary>
    public void Post(ILoopWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        _mailbox.Post(work);
    }

    /// <summary>
    /// Starts a connection attempt. The owner is called once it is connected or broken; immediate failures too are
    /// reported by the returned link being broken, never by an exception.
    /// </summary>
    public unsafe ByteLink Connect(IPEndPoint address, ILinkOwner owner)
    {
        ArgumentNullException.ThrowIfNull(address);
        Counters.ConnectAttempts++;
        byte* peer = stackalloc byte[SockAddr.BytesMax];
        uint length = SockAddr.Write(address, peer);
        (IpAddress remoteAddress, int port) = SockAddr.Read(peer);

        int family = *(ushort*)peer;
        int fd = LibC.Socket(
            family, LibC.SocketStream | LibC.SocketNonBlock | LibC.SocketCloseOnExec, 0);
        int error = fd < 0 ? Errno.Last : 0;
        if (error == 0)
        {
            int on = 1;
            _ = LibC.SetSocketOption(fd, LibC.LevelTcp, LibC.OptionTcpNoDelay, &on, sizeof(int));
            error = LibC.Connect(fd, peer, length) == 0 ? 0 : Errno.Last;
            error = error == Errno.InProgress ? 0 : error;
        }

        // Connected already or not: the first edge, due at once after registration, says so.
        var link = new TcpLink(this, fd, remoteAddress, port, isConnecting: true) { Owner = owner };
        error = error == 0 ? Register(link, fd) : error;
        if (error != 0)
        {
            Counters.ConnectFailures++;
            link.FailAtOnce(error);
            CloseIfOpen(fd);
        }

        return link;
    }

    /// <summary>
    /// Stops the thread and closes everything; owners are not called. Work still in the mailbox is run first.
    /// </summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        Stop();
        _isDisposed = true;
        _mailbox.Run(this);
        _slots.CloseAll();
        _epoll.Dispose();
        _mailbox.Dispose();
        Blocks.Dispose();
    }

    void ITimerOwner.OnTimer(TimerNode timer, long nowMs)
    {
        if (Blocks.NeedsTrim)
        {
            Blocks.Trim();
        }
    }

    /// <summary>Takes over an accepted descriptor and tells its owner.</summary>
    internal void Adopt(int fd, IpAddress remoteAddress, int remotePort, IAcceptOwner owner)
    {
        var link = new TcpLink(this, fd, remoteAddress, remotePort, isConnecting: false);
        if (Register(link, fd) != 0)
        {
            Counters.Shed++;
            CloseIfOpen(fd);
            return;
        }

        Counters.Accepted++;
        try
        {
            owner.OnAccepted(this, link);
        }
        catch (Exception exception)
        {
            link.Abort();
            OnCrash(exception);
        }
    }

    /// <summary>Another loop posted a connection that is not here yet; it counts from now on.</summary>
    internal void Expect() => Interlocked.Increment(ref _expectedCount);

    internal void Arrive() => Interlocked.Decrement(ref _expectedCount);

    /// <summary>Watches a listening descriptor; returns its key, or the error number.</summary>
    internal (ulong Key, int Error) Watch(Acceptor acceptor, int fd)
    {
        ulong key = _slots.Add(acceptor);
        int error = _epoll.Add(fd, LibC.EpollIn | LibC.EpollExclusive, key);
        if (error != 0)
        {
            _slots.Remove(key);
        }

        return (key, error);
    }

    internal void Unwatch(ulong key, int fd)
    {
        _slots.Remove(key);
        _epoll.Remove(fd);
    }

    /// <summary>A link closed its descriptor.</summary>
    internal void Forget(ulong key)
    {
        _slots.Remove(key);
        Volatile.Write(ref _linkCount, _linkCount - 1);
    }

    internal void OnCrash(Exception exception)
    {
        Counters.Crashes++;
        Log.LoopCrashed(_logger, Index, exception);
    }

    private static void CloseIfOpen(int fd)
    {
        if (fd >= 0)
        {
            _ = LibC.Close(fd);
        }
    }

    private void Run()
    {
        Volatile.Write(ref _threadId, Environment.CurrentManagedThreadId);
        SynchronizationContext.SetSynchronizationContext(new LoopContext(this));
        while (!Volatile.Read(ref _isStopping))
        {
            RunOnce(-1);
        }

        Volatile.Write(ref _threadId, 0);
    }

    private int WaitMs(int waitMaxMs)
    {
        int waitMs = Timers.SleepMs(NowMs);
        if (waitMaxMs >= 0)
        {
            waitMs = waitMs < 0 ? waitMaxMs : Math.Min(waitMs, waitMaxMs);
        }

        // Stop sets its flag and then wakes: asked after the loop is known to sleep, one of both is seen.
        return waitMs == 0 || !_mailbox.TrySleep() || Volatile.Read(ref _isStopping) ? 0 : waitMs;
    }

    private void Dispatch(object? target)
    {
        if (target is TcpLink link)
        {
            if (link.TakeNews() && link.Owner is { } owner)
            {
                Call(owner, link);
            }
        }
        else if (target is Acceptor acceptor)
        {
            acceptor.OnConnections();
        }
    }

    // The one barrier between the loop and its owners: what escapes costs the link, never the loop.
    private void Call(ILinkOwner owner, TcpLink link)
    {
        try
        {
            owner.OnLinkReady(link);
        }
        catch (Exception exception)
        {
            link.Abort();
            OnCrash(exception);
        }
    }

    private void AdvanceTimers()
    {
        try
        {
            Timers.Advance(NowMs);
        }
        catch (Exception exception)
        {
            OnCrash(exception); // the timers that were due too are fired in the next turn, which does not sleep
        }
    }

    private int Register(TcpLink link, int fd)
    {
        ulong key = _slots.Add(link);
        const uint Events = LibC.EpollIn | LibC.EpollOut | LibC.EpollRdHup | LibC.EpollEdge;
        int error = _epoll.Add(fd, Events, key);
        if (error != 0)
        {
            _slots.Remove(key);
            return error;
        }

        link.Attach(key);
        Volatile.Write(ref _linkCount, _linkCount + 1);
        return 0;
    }

    private static class Log
    {
        public static readonly Action<ILogger, int, Exception?> LoopCrashed =
            LoggerMessage.Define<int>(LogLevel.Error, EventIds.LoopCrashed,
                "loop {Index}: an exception escaped and cost its connection");
    }
}
