using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Audit.Payloads;

/// <summary>A look at payloads, taken when asked for.</summary>
/// <param name="Stored">Since the start, as <paramref name="Dropped"/>.</param>
/// <param name="Unreadable">How often a file of payloads could not be read.</param>
internal sealed record PayloadStatus(long Stored, long Dropped, long Unreadable, bool IsStuck, long MemoryBytes);

/// <summary>
/// Keeps payloads beside the chain: a thread takes what loops captured, redacts or seals it, writes it to a file,
/// and once that is on the disk notes a record that says where, with its digest. It removes old files and erases what
/// is asked for. Traffic never waits for it.
/// </summary>
internal sealed class PayloadStore : IDisposable
{
    private const int FatesMax = 4096;
    private const int SparesMax = 256;
    private const string MoreText = "; it may have more exchanges, so ask again";

    // A batch costs one write each, and one sync an interval.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan IdleLook = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RecordWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(10);

    private readonly AuditLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PayloadFiles _files;
    private readonly PayloadWriter _writer;
    private readonly PayloadEraser _eraser;
    private readonly PayloadEncoder _encoder = new();
    private readonly Lock _lock = new();
    private readonly Stack<CapturedPayload> _spares = new();
    private readonly List<PayloadFate> _fates = [];
    private readonly Queue<(EraseScope Scope, long BeforeMs, string By, TaskCompletionSource<EraseOutcome> Done)>
        _erasures = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Thread _thread;
    private List<CapturedPayload> _queue = [];
    private List<CapturedPayload> _taken = [];
    private PayloadSettings _settings;
    private PayloadSeal? _seal;
    private long _syncedAt;
    private long _lookedAt;
    private ulong _lookedOpen = ulong.MaxValue;
    private long _stored;
    private long _dropped;
    private long _unreadable;
    private bool _isSleeping;
    private bool _isReady;
    private bool _isStuck;
    private bool _isStopping;
    private int _erasable;

    public PayloadStore(
        AuditLog log, PayloadSettings settings, PayloadSeal? seal, TimeProvider time, ILogger logger)
    {
        _log = log;
        _settings = settings;
        _seal = seal;
        _time = time;
        _logger = logger;
        _files = PayloadFiles.Of(log.Settings.Directory);
        Segments = new DiskFiles(log.Settings.Directory);
        _writer = new PayloadWriter(_files, time);
        _eraser = new PayloadEraser(_files, record => log.Record(record, RecordWait), time);
        _syncedAt = time.GetTimestamp();
        Memory = new PayloadMemory(settings.MemoryBytes);
        _thread = new Thread(Run, 512 * 1024) { Name = "payloads", IsBackground = true };
    }

    public PayloadMemory Memory { get; }

    /// <summary>Where the chain's segments lie.</summary>
    public IAuditFiles Segments { get; init; }

    /// <summary>Requests whose payloads are to be kept are to be refused.</summary>
    public bool IsBlocked =>
        Settings.OnFull == PayloadsFull.Block && (Volatile.Read(ref _isStuck) || Memory.IsFull);

    public PayloadStatus Status => new(
        Volatile.Read(ref _stored),
        Volatile.Read(ref _dropped),
        Volatile.Read(ref _unreadable),
        Volatile.Read(ref _isStuck),
        Memory.Used);

    private PayloadSettings Settings => Volatile.Read(ref _settings);

    public void Start() => _thread.Start();

    /// <summary>What may change while it runs.</summary>
    public void Configure(PayloadSettings settings, PayloadSeal? seal)
    {
        Volatile.Write(ref _seal, seal);
        Volatile.Write(ref _settings, settings);
        Memory.BytesMax = settings.MemoryBytes;
    }

    /// <summary>For one exchange; given back by <see cref="Submit"/> or <see cref="GiveBack"/>. Any thread.</summary>
    public CapturedPayload Rent(PayloadMode mode)
    {
        CapturedPayload? spare;
        lock (_lock)
        {
            _spares.TryPop(out spare);
        }

        spare ??= new CapturedPayload(Memory);
        spare.Begin(mode, Settings.BodyBytes);
        return spare;
    }

    /// <summary>The record it belongs to is in its ring.</summary>
    public void Submit(CapturedPayload payload)
    {
        bool mustWake;
        lock (_lock)
        {
            _queue.Add(payload);
            mustWake = _isSleeping;
            _isSleeping = false;
        }

        if (mustWake)
        {
            _wake.Set();
        }
    }

    /// <summary>Nothing of it is kept.</summary>
    public void GiveBack(CapturedPayload payload)
    {
        payload.Reset();
        lock (_lock)
        {
            if (_spares.Count < SparesMax)
            {
                _spares.Push(payload);
            }
        }
    }

    /// <summary>A payload found no room, and its exchange's record says so.</summary>
    public void CountDropped() => Interlocked.Increment(ref _dropped);

    /// <summary>Erases what is asked for.</summary>
    /// <param name="by">Who asked.</param>
    public Task<EraseOutcome> EraseAsync(EraseAsk ask, string by) => ask.RequestId.Length > 0
        ? Task.Run(() => EraseOfRequestAsync(ask.RequestId, by)) // a chain may be long to read
        : EraseAsync(ask.Consumer, ask.BeforeMs, by);

    /// <summary>Erases a consumer's payloads of exchanges before a time, in milliseconds since 1970.</summary>
    /// <param name="by">Who asked.</param>
    public Task<EraseOutcome> EraseAsync(string consumer, long beforeMs, string by) =>
        EraseAsync(new EraseScope(consumer), beforeMs, by);

    private async Task<EraseOutcome> EraseOfRequestAsync(string id, string by)
    {
        // A call that was just made has its record in the chain before that is read.
        await Task.Delay(Gather).ConfigureAwait(false);
        if (!_log.Flush(RecordWait))
        {
            return new EraseOutcome(503, "the chain cannot be written now: nothing was erased");
        }

        bool isKnown = false;
        EraseOutcome? failure = null;
        long count = 0;
        var unread = new List<string>();
        try
        {
            foreach ((ulong Lane, ulong Number)[] exchanges in RequestSearch.Find(Segments, id, unread))
            {
                isKnown = true;
                EraseOutcome outcome = await EraseAsync(new EraseScope("", id, exchanges), long.MaxValue, by)
                    .ConfigureAwait(false);
                count += outcome.Count;
                if (outcome.Status == 200)
                {
                    continue;
                }

                failure = outcome;
                if (outcome.Status != 500)
                {
                    bool isMore = exchanges.Length == RequestSearch.ExchangesMax;
                    failure = outcome with { Text = outcome.Text + (isMore ? MoreText : "") };
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            unread.Add(exception.Message);
        }

        return !isKnown && unread.Count == 0
            ? new EraseOutcome(404, $"the chain has no exchange of request {id}")
            : Sum(id, count, failure, unread);
    }

    // Of all exchanges of a request.
    private static EraseOutcome Sum(string id, long count, EraseOutcome? failure, List<string> unread)
    {
        string text = $"{count} payloads of request {id} erased";
        if (failure is { } last)
        {
            text = count == 0 ? last.Text : $"{text}; then: {last.Text}";
        }

        if (unread.Count > 0)
        {
            text += $"; of the chain {unread.Count} segments could not be read to their end: {unread[0]}";
        }

        int status = unread.Count > 0 ? 500 : 200;
        return new EraseOutcome(failure?.Status ?? status, text, count, failure?.IsBegun ?? false);
    }

    /// <inheritdoc cref="EraseAsync(string, long, string)"/>
    public Task<EraseOutcome> EraseAsync(EraseScope scope, long beforeMs, string by)
    {
        var done = new TaskCompletionSource<EraseOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_isStopping || _erasures.Count == PayloadLimits.ErasuresMax)
            {
                return Task.FromResult(new EraseOutcome(503, "too many erasures wait, or the proxy stops"));
            }

            _erasures.Enqueue((scope, beforeMs, by, done));
            _isSleeping = false;
        }

        _wake.Set();
        return done.Task;
    }

    /// <summary>Brings what was captured to the disk and into the chain's ring. No loop submits any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
            _isSleeping = false;
        }

        _wake.Set();
        if (_thread.IsAlive && !_thread.Join(StopMax))
        {
            return; // a disk that hangs: what is not kept is told by records that have no other
        }

        _writer.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        bool isStopping = false;
        while (!isStopping)
        {
            isStopping = Volatile.Read(ref _isStopping);
            try
            {
                Volatile.Write(ref _isStuck, !Turn(isStopping));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Fail(exception);
            }

            NoteFates();
            if (!isStopping)
            {
                Sleep();
            }
        }

        while (_erasures.TryDequeue(out var erasure))
        {
            erasure.Done.SetResult(new EraseOutcome(503, "the proxy stops: ask again once it runs"));
        }
    }

    // (1) what an earlier process left, (2) write, (3) sync, and note the records, (4) erase, (5) remove old files.
    // False: nothing can be kept now.
    private bool Turn(bool isStopping)
    {
        if (!_isReady)
        {
            Recover();
        }

        bool isWell = StoreAll();
        if (isStopping || _erasable > 0 || _log.Settings.Sync == AuditSync.Always
            || _time.GetElapsedTime(_syncedAt) >= _log.Settings.SyncInterval)
        {
            _writer.Sync();
            _syncedAt = _time.GetTimestamp();
            NoteFates();
        }

        if (isStopping)
        {
            _writer.End();
            NoteFates();
            return isWell;
        }

        EraseAll();
        if (_writer.OpenNumber != _lookedOpen || _time.GetElapsedTime(_lookedAt) >= IdleLook)
        {
            _lookedOpen = _writer.OpenNumber;
            _lookedAt = _time.GetTimestamp();
            ResumeErasure();
            RemoveOld();
        }

        return isWell;
    }

    private void Recover()
    {
        List<(EntryPlace Place, byte[] Entry)> left = _writer.Recover(out string? unreadable);
        if (unreadable is not null)
        {
            Interlocked.Increment(ref _unreadable);
            Log.Unreadable(_logger, unreadable, null);
        }

        foreach ((EntryPlace place, byte[] entry) in left)
        {
            // Some of them have a record already; a second one that says the same harms nothing.
            EntryHead head = EntryHead.Read(entry)!.Value;
            _fates.Add(new PayloadFate(head.Mode, head.Lane, head.Number, head.UnixMs)
            {
                Consumer = entry[EntryHead.Bytes..(EntryHead.Bytes + head.ConsumerBytes)],
                Place = place,
                Digest = entry[EntryHead.DigestOffset..EntryHead.Bytes],
            });
        }

        _isReady = true;
        NoteFates();
        ResumeErasure();
    }

    // What a process that died, or a file that cannot be read, left begun.
    private void ResumeErasure()
    {
        foreach ((_, EraseOutcome outcome) in _eraser.Resume())
        {
            Tell(outcome);
        }
    }

    private void Tell(EraseOutcome outcome)
    {
        if (outcome.Status == 500)
        {
            Interlocked.Increment(ref _unreadable);
            Log.Unreadable(_logger, outcome.Text, null);
        }
        else
        {
            Log.Erased(_logger, outcome.Text, null);
        }
    }

    private bool StoreAll()
    {
        lock (_lock)
        {
            bool hasRoom = _fates.Count < FatesMax;
            if (hasRoom)
            {
                (_queue, _taken) = (_taken, _queue);
            }

            // Of who asked up to now: what was submitted before is written before it is looked for.
            _erasable = hasRoom ? _erasures.Count : 0;
        }

        if (_taken.Count == 0 && !_isStuck)
        {
            return true;
        }

        string full = FullText();
        foreach (CapturedPayload payload in _taken)
        {
            try
            {
                _fates.Add(Store(payload, full));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Fail(exception);
                full = exception.Message;
                _fates.Add(FateOf(payload) with { Dropped = full });
            }

            GiveBack(payload);
        }

        _taken.Clear();
        if (full.Length > 0 && !_isStuck)
        {
            Log.Stuck(_logger, full, null);
        }

        return full.Length == 0;
    }

    private string FullText()
    {
        PayloadSettings settings = Settings;
        _files.Make();
        long free = new DriveInfo(_files.Folder).AvailableFreeSpace;
        return free < settings.FreeDiskMin ? "less than audit.payloads.free_disk_min is free on the disk" : "";
    }

    private PayloadFate Store(CapturedPayload payload, string full)
    {
        PayloadFate fate = FateOf(payload);
        if (full.Length > 0)
        {
            return fate with { Dropped = full };
        }

        if (Encode(payload, out string why) is not { } entry)
        {
            return fate with { Dropped = why };
        }

        return fate with
        {
            Place = _writer.Append(entry, Settings),
            Digest = entry[EntryHead.DigestOffset..EntryHead.Bytes],
        };
    }

    private byte[]? Encode(CapturedPayload payload, out string why)
    {
        why = "no key to seal to, or more than an entry has";
        try
        {
            return _encoder.Encode(payload, Volatile.Read(ref _seal));
        }
#pragma warning disable CA1031 // Bodies are strangers': one that trips a bug of ours must not end a proxy that serves.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            why = $"internal error: {exception.Message}";
            Log.Stuck(_logger, why, exception);
            return null;
        }
    }

    private static PayloadFate FateOf(CapturedPayload payload) =>
        new(payload.Mode, payload.Lane, payload.Number, payload.UnixMs)
        {
            RequestId = payload.RequestId.ToArray(),
            Consumer = payload.Consumer.ToArray(),
            Router = payload.Router,
        };

    // Only of what is on the disk. What finds no room in the ring follows.
    private void NoteFates()
    {
        if (_writer.HasUnsynced)
        {
            return;
        }

        int noted = 0;
        while (noted < _fates.Count
            && _log.PayloadRing.TryReserve(AuditLimits.RecordBytesMax, out Span<byte> room))
        {
            PayloadFate fate = _fates[noted++];
            _log.PayloadRing.Commit(fate.Write(room, _time.GetUtcNow().ToUnixTimeMilliseconds(), _log.PayloadRing));
            Interlocked.Increment(ref fate.Dropped.Length > 0 ? ref _dropped : ref _stored);
        }

        _fates.RemoveRange(0, noted);
        if (noted > 0)
        {
            _log.Notify();
        }
    }

    // What is not known to be on the disk is given up: after a failed sync the kernel has dropped the pages.
    private void Fail(Exception exception)
    {
        EntryPlace kept = _writer.Rollback();
        for (int i = 0; i < _fates.Count; i++)
        {
            EntryPlace place = _fates[i].Place;
            if (_fates[i].Dropped.Length == 0 && place.Segment == kept.Segment && place.Offset >= kept.Offset)
            {
                _fates[i] = _fates[i] with { Dropped = exception.Message };
            }
        }

        if (!_isStuck)
        {
            Log.Stuck(_logger, exception.Message, null);
        }

        Volatile.Write(ref _isStuck, true);
    }

    private void EraseAll()
    {
        for (; _erasable > 0; _erasable--)
        {
            (EraseScope Scope, long BeforeMs, string By, TaskCompletionSource<EraseOutcome> Done) erasure;
            lock (_lock)
            {
                if (!_erasures.TryDequeue(out erasure))
                {
                    break;
                }
            }

            try
            {
                EraseOutcome outcome = Erase(erasure.Scope, erasure.BeforeMs, erasure.By);
                Tell(outcome);
                erasure.Done.SetResult(outcome);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                erasure.Done.SetResult(new EraseOutcome(500, exception.Message, IsBegun: _eraser.HasPending));
                throw;
            }
        }
    }

    // What of the same was begun and could be ended now is told to who asks again.
    private EraseOutcome Erase(EraseScope scope, long beforeMs, string by)
    {
        long ended = 0;
        foreach ((string whose, EraseOutcome resumed) in _eraser.Resume())
        {
            Tell(resumed);
            ended += whose == scope.Whose ? resumed.Count : 0;
        }

        long nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        EraseOutcome outcome = _eraser.Erase(scope, Math.Min(beforeMs, nowMs + 1), by);
        if (ended == 0)
        {
            return outcome;
        }

        long count = outcome.Count + ended;
        string text = PayloadEraser.TextOf(scope.Whose, count);
        return outcome with { Count = count, Text = outcome.Status == 200 ? text : $"{text}; then: {outcome.Text}" };
    }

    // The chain says what goes before it goes.
    private void RemoveOld()
    {
        PayloadSettings settings = Settings;
        List<ulong> numbers = _files.List();
        numbers.Remove(_writer.OpenNumber);
        List<ulong> due = PayloadRetention.Due(_files, numbers, _writer.Length, settings, _time.GetUtcNow());
        if (due.Count == 0)
        {
            return;
        }

        byte[] record = OwnRecords.Encode(RecordKind.PayloadsRemoved, _time.GetUtcNow().ToUnixTimeMilliseconds(),
            (RecordField.SegmentCount, due.Count), (RecordField.PayloadFile, (long)due[^1]));
        if (_log.Record(record, RecordWait))
        {
            _files.Delete(due);
            Log.Removed(_logger, due.Count, null);
        }
    }

    private void Sleep()
    {
        TimeSpan wait = IdleLook;
        lock (_lock)
        {
            if (_queue.Count > 0 || _erasures.Count > 0 || _isStopping)
            {
                wait = TimeSpan.Zero;
            }
            else
            {
                _isSleeping = true;
            }
        }

        if (_isStuck)
        {
            _wake.WaitOne(RetryInterval);
        }
        else if (wait > TimeSpan.Zero)
        {
            _wake.WaitOne(_fates.Count > 0 ? Least(_log.Settings.SyncInterval, RetryInterval) : wait);
        }

        lock (_lock)
        {
            _isSleeping = false;
        }

        if (!Volatile.Read(ref _isStopping))
        {
            _wake.WaitOne(Gather);
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static class Log
    {
        public static readonly Action<ILogger, string, Exception?> Stuck = LoggerMessage.Define<string>(
            LogLevel.Error, EventIds.PayloadsStuck, "payloads cannot be kept now: {Reason}");

        public static readonly Action<ILogger, string, Exception?> Unreadable = LoggerMessage.Define<string>(
            LogLevel.Error, EventIds.PayloadsUnreadable, "a file of payloads is passed over: {Reason}");

        public static readonly Action<ILogger, string, Exception?> Erased = LoggerMessage.Define<string>(
            LogLevel.Warning, EventIds.PayloadsErased, "{Outcome}");

        public static readonly Action<ILogger, int, Exception?> Removed = LoggerMessage.Define<int>(
            LogLevel.Information, EventIds.PayloadsRemoved, "{Count} payload files removed");
    }
}
