using System;

namespace EdgeProxy.Ai.Plans;

/// <summary>A period as it runs, in milliseconds since 1970: from the first to before the last.</summary>
internal readonly record struct PlanWindow(long StartMs, long EndMs)
{
    private const long MinuteMs = 60_000;
    private const long HourMs = 60 * MinuteMs;
    private const long DayMs = 24 * HourMs;

    /// <summary>The one that has the moment in it.</summary>
    public static PlanWindow At(PlanPeriod period, long unixMs)
    {
        unixMs = Math.Clamp(unixMs, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() - (31 * DayMs));
        if (period == PlanPeriod.Month)
        {
            DateTime now = DateTimeOffset.FromUnixTimeMilliseconds(unixMs).UtcDateTime;
            var first = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
            return new PlanWindow(first.ToUnixTimeMilliseconds(), first.AddMonths(1).ToUnixTimeMilliseconds());
        }

        long length = period switch
        {
            PlanPeriod.Minute => MinuteMs,
            PlanPeriod.Hour => HourMs,
            PlanPeriod.Day => DayMs,
            _ => 0,
        };
        return length == 0
            ? new PlanWindow(0, long.MaxValue)
            : new PlanWindow(unixMs - (unixMs % length), unixMs - (unixMs % length) + length);
    }

    public bool Has(long unixMs) => unixMs >= StartMs && unixMs < EndMs;
}
