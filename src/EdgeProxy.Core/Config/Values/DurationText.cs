using System;
using System.Globalization;

namespace EdgeProxy.Config.Values;

/// <summary>
/// Durations as text: parts of digits and unit, each unit once and the longer first: "1m30s". "0" needs no unit.
/// </summary>
internal static class DurationText
{
    private const int DigitsMax = 9; // enough for 31 years of seconds, and no overflow in ticks of hours

    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
    ];

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text is "0")
        {
            return true;
        }

        long ticks = 0;
        int nextUnit = 0;
        while (!text.IsEmpty)
        {
            int digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > DigitsMax)
            {
                return false;
            }

            long count = long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            text = text[digits..];
            int length = text.IndexOfAnyInRange('0', '9');
            ReadOnlySpan<char> unit = length < 0 ? text : text[..length];
            int found = IndexOf(unit, nextUnit);
            if (found < 0)
            {
                return false;
            }

            ticks += count * Units[found].Ticks;
            nextUnit = found + 1;
            text = text[unit.Length..];
        }

        value = TimeSpan.FromTicks(ticks);
        return nextUnit > 0;
    }

    /// <summary>In the longest unit that divides it: "75s", "1m". Whole milliseconds only.</summary>
    public static string Format(TimeSpan value)
    {
        foreach ((string unit, long ticks) in Units)
        {
            if (value.Ticks >= ticks && value.Ticks % ticks == 0)
            {
                return (value.Ticks / ticks).ToString(CultureInfo.InvariantCulture) + unit;
            }
        }

        return "0";
    }

    private static int IndexOf(ReadOnlySpan<char> unit, int from)
    {
        for (int i = from; i < Units.Length; i++)
        {
            if (unit.SequenceEqual(Units[i].Unit))
            {
                return i;
            }
        }

        return -1;
    }
}
