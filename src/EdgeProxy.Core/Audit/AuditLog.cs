using System;
using System.IO;
using System.Threading;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Audit;

/// <summary>A look at the chain, taken when asked for.</summary>
/// <param name="Seq">Last record on the disk.</param>
/// <param name="Hash">Of the last frame on the disk: who kept it elsewhere notices a tail that was cut off.</param>
/// <param name="IsStuck">Nothing can be written now.</param>
internal sealed record AuditStatus(
    ulong Seq, byte[] Hash, ulong Segment, bool IsStuck, long LostCount, long FailureCount)
{
    /// <summary>Records and bytes brought into the chain since the start.</summary>
    public long Records { get; init; }

    public long Bytes { get; init; }

    /// <summary>The last segment that was signed; null if there is none.</summary>
    public ClosedSegment? LastClosed { get; init; }
}

/// <summary>
/// The audit chain at work: a thread takes what the loops noted in their rings into the chain, makes it durable as
/// <see cref="AuditSettings.Sync"/> asks, ends segments and removes old ones. Made by <see cref="AuditOpening"/>.
/// </summary>
internal sealed class AuditLog : IDisposable
{
    // While records come they are taken this often: a batch costs one write.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan IdleLook = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(10);

    private readonly ChainWriter _chain;
    private readonly AuditRing[] _rings;
    private readonly ulong[] _readNumbers;
    private readonly Action?[] _listeners;
    private readonly OwnRecords _own = new();
    private readonly Retention _retention;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IDisposable _holds;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Thread _thread;
    private AuditSettings _settings;
    private AuditStatus _status;
    private PayloadStore? _payloads;
    private ClosedSegment? _lastClosed;
    private readonly ulong _seqBefore;
    private long _lostRecorded;
    private long _lostDurable;
    private long _lostSinceMs;
    private long _syncedAt;
    private long _failureCount;
    private int _isSleeping;
    private bool _isStuck;
    private bool _isStopping;
    private bool _isStopped;

    /// <param name="holds">Disposed at the end: key, lock.</param>
    public AuditLog(AuditSettings settings, ChainWriter chain, AuditRing[] rings, Retention retention,
        TimeProvider time, ILogger logger, IDisposable holds)
    {
        _settings = settings;
        _chain = chain;
        _rings = rings;
        _readNumbers = new ulong[rings.Length];
        _listeners = new Action?[rings.Length];
        _retention = retention;
        _time = time;
        _logger = logger;
        _holds = holds;
        _syncedAt = time.GetTimestamp();
        _seqBefore = chain.Durable.Seq;
        _status = Look();
        _thread = new Thread(Run, 256 * 1024) { Name = "audit", IsBackground = true };
    }

    /// <summary>The segment signed last, by an earlier process at first.</summary>
    public ClosedSegment? LastClosed
    {
        get => _lastClosed;
        init
        {
            _lastClosed = value;
            _status = Look();
        }
    }

    /// <summary>What may change while it runs does; directory and key do not.</summary>
    public AuditSettings Settings
    {
        get => Volatile.Read(ref _settings);
        set => Volatile.Write(ref _settings, value);
    }

    public AuditStatus Status => Volatile.Read(ref _status);

    /// <summary>Audited requests are to be refused: nothing can be written, and none may go unrecorded.</summary>
    public bool IsBlocked => IsStuck && Settings.OnFull == AuditFull.Block;

    /// <summary>The last try to write failed.</summary>
    public bool IsStuck => Volatile.Read(ref _isStuck);

    public AuditRing Ring(int lane) => _rings[lane];

    /// <summary>The lane of records about payloads; behind those of the loops, so it is taken after them.</summary>
    public AuditRing PayloadRing => _rings[^1];

    /// <summary>Keeps payloads beside the chain; null as long as nobody asked for it.</summary>
    public PayloadStore? Payloads
    {
        get => Volatile.Read(ref _payloads);
        set => Volatile.Write(ref _payloads, value);
    }

    /// <summary>
    /// Whom to tell, on the writer's thread, that more of the lane became durable, once after each time its HasWaiters
    /// was set.
    /// </summary>
    public void Listen(int lane, Action durable) => _listeners[lane] = durable;

    public void Start() => _thread.Start();

    /// <summary>A record was committed. Costs a system call only if the writer sleeps.</summary>
    public void Notify()
    {
        // Between the record's publication and the look at the sleeper: see Sleep.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isSleeping) != 0 && Interlocked.Exchange(ref _isSleeping, 0) != 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Somebody waits for room.</summary>
    public void Urge() => _wake.Set();

    /// <summary>
    /// Adds a record of the proxy itself and waits until it is durable, at most so long. False if it is not yet: it
    /// follows when there is room, unless too many wait.
    /// </summary>
    public bool Record(byte[] record, TimeSpan waitMax)
    {
        ManualResetEventSlim? done = _own.Add(record);
        _wake.Set();
        return done is not null && done.WaitHandle.WaitOne(waitMax);
    }

    /// <summary>
    /// Waits until what was noted before is durable, at most so long; the rings are taken before what waits here. False
    /// if it is not yet.
    /// </summary>
    public bool Flush(TimeSpan waitMax) => Record([], waitMax);

    /// <summary>Takes what the loops noted, says that the proxy stops, ends the segment.</summary>
    public void Dispose()
    {
        if (Volatile.Read(ref _isStopping))
        {
            return;
        }

        Payloads?.Dispose(); // its last records come into the chain
        Volatile.Write(ref _isStopping, true);
        _wake.Set();
        if (_thread.IsAlive && !_thread.Join(StopMax))
        {
            return; // a disk that hangs: what is in the rings is found by the next start
        }

        _chain.Dispose();
        foreach (AuditRing ring in _rings)
        {
            ring.Dispose();
        }

        _holds.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        while (!_isStopped)
        {
            bool hasTaken = false;
            try
            {
                hasTaken = Turn();
                Unstick();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Fail(exception);
            }

            if (!_isStopped)
            {
                Sleep(hasTaken);
            }
        }
    }

    // (1) take, (2) make durable if it is time, (3) end the segment if it is time, (4) remove old ones.
    private bool Turn()
    {
        AuditSettings settings = Settings;
        bool isStopping = Volatile.Read(ref _isStopping);
        int ownCount = _own.Count; // before the rings: who adds one now may have noted what they do not give any more
        bool hasTaken = TakeRings();
        bool hasOwn = TakeOwn(ownCount);
        TakeLost();
        if (isStopping)
        {
            _chain.Append(OwnRecords.Encode(RecordKind.Stop, NowMs()), NowMs());
        }

        _chain.Flush();
        bool mustSync = settings.Sync == AuditSync.Always || hasOwn || isStopping
            || _time.GetElapsedTime(_syncedAt) >= settings.SyncInterval || IsAnyPressed();
        if (mustSync && (_chain.IsDirty || hasTaken || hasOwn))
        {
            Sync();
        }

        if (isStopping || IsSegmentDue(settings))
        {
            EndSegment();
        }

        if (!isStopping && _retention.HasNews)
        {
            _retention.Apply(settings, _chain, NowMs());
        }

        _isStopped = isStopping;
        return hasTaken;
    }

    private bool TakeRings()
    {
        bool hasTaken = false;
        for (int i = 0; i < _rings.Length; i++)
        {
            while (_rings[i].TryRead(out ReadOnlySpan<byte> record, out _))
            {
                _readNumbers[i] = new RecordReader(record).Number;
                _chain.Append(record, NowMs());
                hasTaken = true;
            }
        }

        return hasTaken;
    }

    private bool TakeOwn(int limit)
    {
        bool hasTaken = false;
        while (_own.TryTake(limit, out byte[] record))
        {
            if (record.Length > 0)
            {
                _chain.Append(record, NowMs());
            }

            hasTaken = true;
        }

        return hasTaken;
    }

    private void TakeLost()
    {
        long lost = CountLost();
        if (lost == _lostRecorded)
        {
            return;
        }

        _chain.Append(OwnRecords.Encode(RecordKind.Gap, NowMs(),
            (RecordField.LostCount, lost - _lostRecorded), (RecordField.FromMs, _lostSinceMs)), NowMs());
        _lostRecorded = lost;
    }

    private void Sync()
    {
        _chain.Sync();
        Release();
    }

    private void Release()
    {
        _syncedAt = _time.GetTimestamp();
        _lostDurable = _lostRecorded;
        _own.Release();
        Volatile.Write(ref _status, Look());
        for (int i = 0; i < _rings.Length; i++)
        {
            _rings[i].Release(_readNumbers[i]);
        }

        Tell();
    }

    // Between what became durable and the look at who waits: the loop does the same the other way round.
    private void Tell()
    {
        Interlocked.MemoryBarrier();
        for (int i = 0; i < _rings.Length; i++)
        {
            if (_rings[i].HasWaiters)
            {
                _rings[i].HasWaiters = false;
                _listeners[i]?.Invoke();
            }
        }
    }

    private bool IsSegmentDue(AuditSettings settings) =>
        _chain.SegmentRecords > 0 && (_chain.SegmentBytes >= settings.SegmentBytes
            || SegmentAgeMs() >= settings.SegmentAge.TotalMilliseconds);

    // A clock that was set back counts as age, too: a segment begun years ahead would not be signed for years.
    private double SegmentAgeMs() => Math.Abs((double)NowMs() - _chain.SegmentCreatedMs);

    private void EndSegment()
    {
        if (_chain.SegmentRecords == 0)
        {
            return;
        }

        long records = _chain.SegmentRecords;
        long bytes = _chain.SegmentBytes;
        _chain.Close(NowMs());
        ChainState end = _chain.Durable;
        _lastClosed = new ClosedSegment(DiskFiles.NameOf(end.SegmentNumber), end.Seq,
            bytes + ChainFrame.OverheadBytes + SegmentFooter.BodyBytes, NowMs(), [.. end.Hash]);
        Release();
        _retention.Add(_lastClosed);
        Log.SegmentClosed(_logger, end.SegmentNumber, records, end.Seq, Convert.ToHexStringLower(end.Hash), null);
    }

    private void Fail(Exception exception)
    {
        _chain.Rollback();
        _own.Rewind();
        _lostRecorded = _lostDurable;
        foreach (AuditRing ring in _rings)
        {
            ring.Rewind();
        }

        _failureCount++;
        if (!_isStuck)
        {
            _lostSinceMs = NowMs();
            Log.Stuck(_logger, exception.Message, Settings.OnFull, null);
        }

        Volatile.Write(ref _isStuck, true);
        Volatile.Write(ref _status, Look());
        Tell(); // who may go on without goes on
        _isStopped = Volatile.Read(ref _isStopping); // one try: the rings keep it for the next start
    }

    private void Unstick()
    {
        if (_isStuck)
        {
            Volatile.Write(ref _isStuck, false);
            Volatile.Write(ref _status, Look());
            Log.Unstuck(_logger, Status.Seq, null);
        }
    }

    private void Sleep(bool hasTaken)
    {
        if (_isStuck)
        {
            _wake.WaitOne(RetryInterval);
            return;
        }

        AuditSettings settings = Settings;
        if (hasTaken && settings.Sync == AuditSync.Interval)
        {
            _wake.WaitOne(PollInterval);
            return;
        }

        // Whoever commits after this wakes us; what was committed before is seen here.
        Interlocked.Exchange(ref _isSleeping, 1);
        if (!IsAnyUnread())
        {
            _wake.WaitOne(_chain.IsDirty || IsAnyUnreleased() ? settings.SyncInterval : Until(settings));
        }

        Volatile.Write(ref _isSleeping, 0);
    }

    private TimeSpan Until(AuditSettings settings)
    {
        if (_chain.SegmentRecords == 0)
        {
            return IdleLook;
        }

        double leftMs = settings.SegmentAge.TotalMilliseconds - SegmentAgeMs();
        return TimeSpan.FromMilliseconds(Math.Clamp(leftMs, 1, IdleLook.TotalMilliseconds));
    }

    private bool IsAnyUnread() => Array.Exists(_rings, static ring => ring.HasUnread) || Volatile.Read(ref _isStopping);

    private bool IsAnyUnreleased() => Array.Exists(_rings, static ring => ring.HasUnreleased);

    private bool IsAnyPressed() => Array.Exists(_rings, static ring => ring.IsFilling || ring.HasWaiters);

    private long CountLost()
    {
        long lost = 0;
        foreach (AuditRing ring in _rings)
        {
            lost += ring.Lost;
        }

        return lost;
    }

    private long NowMs() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private AuditStatus Look()
    {
        ChainState end = _chain.Durable;
        return new AuditStatus(end.Seq, [.. end.Hash], end.SegmentNumber, _isStuck, CountLost(), _failureCount)
        {
            Records = (long)(end.Seq - _seqBefore),
            Bytes = _chain.DurableBytes,
            LastClosed = _lastClosed,
        };
    }

    private static class Log
    {
        public static readonly Action<ILogger, ulong, long, ulong, string, Exception?> SegmentClosed =
            LoggerMessage.Define<ulong, long, ulong, string>(LogLevel.Information, EventIds.AuditSegmentClosed,
                "audit segment {Segment} closed: {Records} records up to {Seq}, hash {Hash}");

        public static readonly Action<ILogger, string, AuditFull, Exception?> Stuck =
            LoggerMessage.Define<string, AuditFull>(LogLevel.Error, EventIds.AuditStuck,
                "audit records cannot be written: {Reason}; on_full = {OnFull}, tried again until they can");

        public static readonly Action<ILogger, ulong, Exception?> Unstuck =
            LoggerMessage.Define<ulong>(LogLevel.Information, EventIds.AuditUnstuck,
                "audit records are written again, up to {Seq}");
    }
}
