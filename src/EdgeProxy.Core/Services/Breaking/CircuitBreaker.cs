using System;
using System.Threading;

namespace EdgeProxy.Services.Breaking;

/// <summary>Where a circuit breaker stands.</summary>
internal enum BreakerState : byte
{
    /// <summary>Requests pass.</summary>
    Closed,

    /// <summary>A growing share of them does.</summary>
    Recovering,

    /// <summary>None does.</summary>
    Open,
}

/// <summary>
/// Keeps requests from a service that does not answer them well, for all loops. All of its state is until when it was
/// opened last, and how long it recovers from that: whether it is open, recovering or closed follows from the time.
/// Lives as long as the service's name and its settings; other settings begin with the state it was in.
/// </summary>
internal sealed class CircuitBreaker
{
    private readonly BreakerWindow[] _windows;
    private readonly long _checkPeriodMs;
    private readonly long _fallbackMs;
    private readonly long _recoveryMs;

    // Of the last opening: settings that came after it count from the next one on.
    private long _recoversMs;
    private long _openUntilMs = long.MinValue / 2;
    private long _nextCheckMs;
    private int _announced;

    public CircuitBreaker(BreakerSettings settings, int loopCount)
    {
        Settings = settings;
        _windows = new BreakerWindow[loopCount];
        for (int i = 0; i < loopCount; i++)
        {
            _windows[i] = new BreakerWindow(settings.Expression);
        }

        _checkPeriodMs = (long)settings.CheckPeriod.TotalMilliseconds;
        _fallbackMs = (long)settings.FallbackDuration.TotalMilliseconds;
        _recoveryMs = (long)settings.RecoveryDuration.TotalMilliseconds;
        _recoversMs = _recoveryMs;
    }

    public BreakerSettings Settings { get; }

    /// <summary>Goes on where another, of the same service with other settings, stands now.</summary>
    public void Continue(CircuitBreaker before)
    {
        Volatile.Write(ref _recoversMs, Volatile.Read(ref before._recoversMs));
        Volatile.Write(ref _openUntilMs, Volatile.Read(ref before._openUntilMs));
        Volatile.Write(ref _announced, Volatile.Read(ref before._announced));
    }

    public BreakerState StateAt(long nowMs)
    {
        long sinceMs = nowMs - Volatile.Read(ref _openUntilMs);
        return sinceMs < 0 ? BreakerState.Open
            : sinceMs < Volatile.Read(ref _recoversMs) ? BreakerState.Recovering
            : BreakerState.Closed;
    }

    /// <summary>Whether a request passes: while it recovers, if its lot is within the share that does.</summary>
    /// <param name="lot">Any number, as likely as any other; 0 passes as soon as some do.</param>
    public bool Admits(long nowMs, uint lot)
    {
        long sinceMs = nowMs - Volatile.Read(ref _openUntilMs);
        long recoversMs = Volatile.Read(ref _recoversMs);
        return sinceMs >= recoversMs || (sinceMs >= 0 && lot <= (double)sinceMs / recoversMs * uint.MaxValue);
    }

    /// <summary>How long requests are still kept off; 0 if some pass.</summary>
    public long OpenForMs(long nowMs) => Math.Max(0, Volatile.Read(ref _openUntilMs) - nowMs);

    /// <summary>
    /// True if the state follows on what was told last: the caller tells it, once for all loops. A loop whose clock is
    /// a moment behind another's has no news.
    /// </summary>
    public bool IsNews(BreakerState state)
    {
        var announced = (BreakerState)Volatile.Read(ref _announced);
        bool follows = state == BreakerState.Recovering ? announced == BreakerState.Open : announced != state;
        return follows
            && Interlocked.CompareExchange(ref _announced, (int)state, (int)announced) == (int)announced;
    }

    /// <summary>
    /// A try came to an end: an answer with this status, or none. True if the breaker opens for it.
    /// </summary>
    public bool Note(int loopIndex, long nowMs, int status, bool isNetworkError, long elapsedMs)
    {
        // What began before it recovers says nothing of how things are then.
        if (nowMs - elapsedMs < Volatile.Read(ref _openUntilMs))
        {
            return false;
        }

        _windows[loopIndex].Note(Settings.Expression, nowMs / 1000, status, isNetworkError, elapsedMs);
        return CheckIfDue(nowMs);
    }

    /// <summary>
    /// The answer that was noted at <paramref name="answeredMs"/> broke off: a network error in its place. True if the
    /// breaker opens for it.
    /// </summary>
    /// <param name="status">Of the fault, if that answer is forgotten by now.</param>
    public bool NoteCut(int loopIndex, long nowMs, long answeredMs, int status, long elapsedMs)
    {
        if (nowMs - elapsedMs < Volatile.Read(ref _openUntilMs))
        {
            return false;
        }

        BreakerWindow window = _windows[loopIndex];
        if (!window.TryNoteCut(Settings.Expression, answeredMs / 1000, nowMs / 1000))
        {
            window.Note(Settings.Expression, nowMs / 1000, status, isNetworkError: true, elapsedMs);
        }

        return CheckIfDue(nowMs);
    }

    private bool CheckIfDue(long nowMs)
    {
        long next = Volatile.Read(ref _nextCheckMs);
        return nowMs >= next
            && Interlocked.CompareExchange(ref _nextCheckMs, nowMs + _checkPeriodMs, next) == next
            && Check(nowMs);
    }

    private bool Check(long nowMs)
    {
        long openUntilMs = Volatile.Read(ref _openUntilMs);
        long second = nowMs / 1000;
        long from = Math.Max(0, openUntilMs / 1000);
        int least = StateAt(nowMs) == BreakerState.Recovering ? 1 : Settings.RequestsMin;
        if (BreakerWindow.SumOf(_windows, BreakerWindow.Requests, second, from) < least
            || !Settings.Expression.IsTrue(ValuesOf(second, from, stackalloc double[BreakerLimits.TermsMax])))
        {
            return false;
        }

        Volatile.Write(ref _recoversMs, _recoveryMs);
        return Interlocked.CompareExchange(ref _openUntilMs, nowMs + _fallbackMs, openUntilMs) == openUntilMs;
    }

    private Span<double> ValuesOf(long second, long from, Span<double> values)
    {
        ReadOnlySpan<BreakerTerm> terms = Settings.Expression.Terms;
        for (int i = 0; i < terms.Length; i++)
        {
            if (terms[i].Kind == BreakerTermKind.LatencyAtQuantileMs)
            {
                values[i] = BreakerWindow.Quantile(_windows, Settings.Expression, terms[i].Quantile, second, from);
                continue;
            }

            int slot = BreakerWindow.Slot(i);
            long divisor = BreakerWindow.SumOf(_windows, slot + 1, second, from);
            values[i] = divisor == 0 ? 0 : (double)BreakerWindow.SumOf(_windows, slot, second, from) / divisor;
        }

        return values;
    }
}
