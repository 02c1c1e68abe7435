using System;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Services.Health;

/// <summary>What probes say of a server.</summary>
internal enum ProbedState : byte
{
    Up,
    Down,

    /// <summary>Not probed yet, and not to be used before.</summary>
    Unknown,
}

/// <summary>
/// Whether a server is well, for all loops: what probes say, and whether it is ejected for what happened to requests.
/// Lives as long as the server, so reloads that keep the server keep it. Reads are two plain loads; what is written is
/// written when something changes.
/// </summary>
internal sealed class ServerHealth
{
    private const int RowBits = 16;
    private const int RowMax = (1 << RowBits) - 1; // more than consecutive_faults can be

    private int _state;
    private long _ejectedUntilMs;
    private int _faultsInARow;
    private long _pending; // a row ended by a head, and not yet by an answer that came to its end; above it, since when
    private int _probesInARow; // good ones counted up, bad ones down; of the probing loop
    private int _ejections;    // of the loop that ejects, one at a time
    private long _ejectedForMs;
    private long _backAtMs;
    private string _lastProbe = "";
    private long _upSinceMs;
    private bool _isLate;
    private TaskCompletionSource? _firstProbe;

    public ProbedState State => (ProbedState)Volatile.Read(ref _state);

    /// <summary>How the last probe ended, for people; "" before there was one.</summary>
    public string LastProbe => Volatile.Read(ref _lastProbe);

    /// <summary>0 when it is not ejected, and after it was used again; in the loops' milliseconds.</summary>
    public long EjectedUntilMs => Volatile.Read(ref _ejectedUntilMs);

    /// <summary>
    /// Since when it gets requests again, or at all, in the loops' milliseconds; 0 if that is not known to be recent.
    /// May lie ahead, at the end of an ejection.
    /// </summary>
    public long UpSinceMs => Volatile.Read(ref _upSinceMs);

    /// <summary>Completes when a server that is not to be used before was probed; already if it needs not.</summary>
    public Task FirstProbe => Volatile.Read(ref _firstProbe)?.Task ?? Task.CompletedTask;

    public bool IsUsable(long nowMs) => State == ProbedState.Up && Volatile.Read(ref _ejectedUntilMs) <= nowMs;

    public bool IsEjected(long nowMs) => Volatile.Read(ref _ejectedUntilMs) > nowMs;

    /// <summary>A new server of a service that probes. One that is known already keeps what is known.</summary>
    public void Start(InitialHealth initial)
    {
        _firstProbe = initial == InitialHealth.Probe
            ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
            : null;
        Volatile.Write(ref _state, (int)(initial switch
        {
            InitialHealth.Up => ProbedState.Up,
            InitialHealth.Down => ProbedState.Down,
            _ => ProbedState.Unknown,
        }));
    }

    /// <summary>It came to a service that was there before: it begins now, or with its first good probe.</summary>
    public void BeginLate(long nowMs)
    {
        Volatile.Write(ref _isLate, true);
        Volatile.Write(ref _upSinceMs, nowMs);
    }

    /// <summary>Nobody probes it any more, or watches its requests.</summary>
    public void Forget(bool isProbed, bool isWatched)
    {
        if (!isProbed)
        {
            Volatile.Write(ref _state, (int)ProbedState.Up);
            _probesInARow = 0;
            Volatile.Write(ref _lastProbe, "");
            _firstProbe?.TrySetResult();
        }

        if (!isWatched)
        {
            Volatile.Write(ref _ejectedUntilMs, 0);
            EndRow();
            _ejections = 0;
        }
    }

    /// <summary>Takes a probe's outcome; true if the server went up or down by it. The probing loop only.</summary>
    public bool NoteProbe(bool isGood, string outcome, HealthCheckSettings settings, long nowMs)
    {
        Volatile.Write(ref _lastProbe, outcome);
        _probesInARow = isGood ? Math.Max(_probesInARow, 0) + 1 : Math.Min(_probesInARow, 0) - 1;
        ProbedState before = State;
        ProbedState after = before;
        if (before == ProbedState.Unknown)
        {
            after = isGood ? ProbedState.Up : ProbedState.Down;
        }
        else if (_probesInARow >= settings.Rise)
        {
            after = ProbedState.Up;
        }
        else if (-_probesInARow >= settings.Fall)
        {
            after = ProbedState.Down;
        }

        // All of a new service come up together, and none of them later than the others.
        bool isLate = before == ProbedState.Down || (before == ProbedState.Unknown && Volatile.Read(ref _isLate));
        if (after == ProbedState.Up && isLate)
        {
            Volatile.Write(ref _upSinceMs, nowMs);
        }

        Volatile.Write(ref _state, (int)after);
        _firstProbe?.TrySetResult();
        return after != before;
    }

    /// <summary>
    /// A good head came: the row of faults is over, if some answer comes to its end (<see cref="NoteWhole"/>) before
    /// one breaks off (<see cref="NoteCut"/>), or none does either for a while.
    /// </summary>
    public void NoteGood(PassiveHealthSettings settings, long nowMs)
    {
        // A read that is nearly always zero, instead of a write that every loop's next read would wait for.
        if (Volatile.Read(ref _faultsInARow) == 0)
        {
            return;
        }

        int row = Math.Min(Interlocked.Exchange(ref _faultsInARow, 0), RowMax);
        long pending = Volatile.Read(ref _pending);
        while (row > 0)
        {
            int longest = Math.Max(row, RowOf(pending, settings, nowMs, nowMs));
            long found = Interlocked.CompareExchange(ref _pending, (nowMs << RowBits) | (uint)longest, pending);
            if (found == pending)
            {
                return;
            }

            pending = found;
        }
    }

    /// <summary>A good answer came to its end: what a head had ended is over. Nearly always only a read.</summary>
    public void NoteWhole()
    {
        if (Volatile.Read(ref _pending) != 0)
        {
            Volatile.Write(ref _pending, 0);
        }
    }

    /// <summary>
    /// It was not answered well after all: the row goes on where its head, or that of another answer of which the end
    /// is not known either, had ended it. How many faults it has now.
    /// </summary>
    /// <param name="answeredMs">When its head came.</param>
    public int NoteCut(PassiveHealthSettings settings, long answeredMs, long nowMs)
    {
        int pending = RowOf(Interlocked.Exchange(ref _pending, 0), settings, answeredMs, nowMs);
        int seen = Volatile.Read(ref _faultsInARow);
        while (true)
        {
            int next = Math.Max(seen, pending) + 1;
            int found = Interlocked.CompareExchange(ref _faultsInARow, next, seen);
            if (found == seen)
            {
                return next;
            }

            seen = found;
        }
    }

    /// <summary>A request came to a fault; how many did so in a row.</summary>
    public int NoteFault() => Interlocked.Increment(ref _faultsInARow);

    /// <summary>
    /// Ejects it and says for how long: longer each time, unless it was well for as long as it was out before. One
    /// caller at a time.
    /// </summary>
    public long Eject(PassiveHealthSettings settings, long nowMs)
    {
        bool wasWell = _ejectedForMs > 0 && nowMs - _backAtMs > _ejectedForMs;
        _ejections = wasWell ? 0 : _ejections;
        double doubled = settings.EjectionTime.TotalMilliseconds * Math.Pow(2, _ejections);
        long mostMs = LongestMs(settings);
        _ejectedForMs = (long)Math.Min(doubled, mostMs);
        _ejections = doubled < mostMs ? _ejections + 1 : _ejections;
        EndRow();
        _backAtMs = nowMs + _ejectedForMs;
        Volatile.Write(ref _upSinceMs, _backAtMs);
        Volatile.Write(ref _ejectedUntilMs, _backAtMs);
        return _ejectedForMs;
    }

    /// <summary>A request is sent to it; true if it is the first after an ejection.</summary>
    public bool NoteUsed(long nowMs)
    {
        long until = Volatile.Read(ref _ejectedUntilMs);
        return until != 0 && until <= nowMs && Interlocked.CompareExchange(ref _ejectedUntilMs, 0, until) == until;
    }

    // An answer whose client leaves tells nothing, and a service may have no others: what was pending for long before
    // this one began says nothing of it, and nothing at all once an ejection would be over.
    private static int RowOf(long pending, PassiveHealthSettings settings, long answeredMs, long nowMs)
    {
        long sinceMs = pending >> RowBits;
        bool isOver = answeredMs - sinceMs > settings.EjectionTime.TotalMilliseconds
            || nowMs - sinceMs > LongestMs(settings);
        return isOver ? 0 : (int)(pending & RowMax);
    }

    private static long LongestMs(PassiveHealthSettings settings) => (long)Math.Max(
        settings.EjectionTime.TotalMilliseconds, settings.EjectionTimeMax.TotalMilliseconds);

    private void EndRow()
    {
        Volatile.Write(ref _faultsInARow, 0);
        Volatile.Write(ref _pending, 0);
    }
}
