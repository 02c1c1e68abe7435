using System;

namespace EdgeProxy.Primitives.Limits;

/// <summary>What a rate says about one request.</summary>
/// <param name="IsAllowed">Within the rate.</param>
/// <param name="Remaining">Requests that would be allowed right after this one.</param>
/// <param name="RetryAfterMs">How long a refused request has to wait; 0 if it is allowed.</param>
/// <param name="ResetMs">How long until the whole burst is there again.</param>
internal readonly record struct RateAnswer(bool IsAllowed, int Remaining, long RetryAfterMs, long ResetMs);

/// <summary>
/// The generic cell rate algorithm (ITU-T I.371, as a virtual scheduling algorithm): one number per key, the time at
/// which its bucket would be full again. Exact after any idle time; nothing runs in the background.
/// </summary>
internal readonly record struct Gcra
{
    private const long MicrosecondsPerMs = 1000;

    // Times in units of 1/1024 microsecond: a rate that does not divide its period is off by less than one in a
    // million.
    private const int UnitShift = 10;

    /// <summary>Longest time a burst may take to be there again.</summary>
    public static TimeSpan RefillMax { get; } = TimeSpan.FromDays(31);

    private readonly long _interval;
    private readonly long _tolerance;

    /// <param name="average">Requests per <paramref name="period"/>, at least 1.</param>
    /// <param name="burst">Requests at once, at least 1.</param>
    public Gcra(int average, TimeSpan period, int burst)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(average, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(burst, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RefillTime(average, period, burst), RefillMax);
        long periodUnits = (long)period.TotalMicroseconds << UnitShift;
        _interval = Math.Max(1, periodUnits / average);
        _tolerance = _interval * burst;
    }

    /// <summary>How long an empty bucket takes to fill.</summary>
    public static TimeSpan RefillTime(int average, TimeSpan period, int burst)
    {
        double days = period.TotalDays / average * burst;
        return days > RefillMax.TotalDays + 1 ? TimeSpan.MaxValue : TimeSpan.FromDays(days);
    }

    /// <summary>
    /// Judges a request at <paramref name="nowMs"/> and says what the key's number becomes; a refused request costs
    /// nothing. A clock that lags (another loop's) is never taken for time gone by.
    /// </summary>
    public (long Next, RateAnswer Answer) Take(long full, long nowMs)
    {
        long now = (nowMs * MicrosecondsPerMs) << UnitShift;
        long next = Math.Max(full, now) + _interval;
        long wait = next - now - _tolerance;
        return wait > 0
            ? (full, new RateAnswer(false, 0, ToMsUp(wait), ToMsUp(full - now)))
            : (next, new RateAnswer(true, (int)(-wait / _interval), 0, ToMsUp(next - now)));
    }

    /// <summary>Whether a key with this number has its whole burst, as a key never seen has.</summary>
    public static bool IsFull(long full, long nowMs) => full <= (nowMs * MicrosecondsPerMs) << UnitShift;

    private static long ToMsUp(long units)
    {
        const long UnitsPerMs = MicrosecondsPerMs << UnitShift;
        return (units + UnitsPerMs - 1) / UnitsPerMs;
    }
}
