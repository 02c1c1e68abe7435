using System;
using System.Globalization;
using System.IO;
using System.Numerics;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>Busy seconds of some cores, whoever used them: to see what others took while we measured.</summary>
internal static class CoreTimes
{
    private const double TicksPerSecond = 100;

    public static double BusySeconds(ulong mask)
    {
        double sum = 0;
        for (ulong rest = mask; rest != 0; rest &= rest - 1)
        {
            sum += BusySecondsIn(File.ReadAllText("/proc/stat"), BitOperations.TrailingZeroCount(rest));
        }

        return sum;
    }

    /// <summary>user + nice + system + irq + softirq + steal of a core's line in /proc/stat.</summary>
    public static double BusySecondsIn(string stat, int core)
    {
        foreach (string line in stat.Split('\n'))
        {
            string[] words = line.Split(' ');
            if (words[0] == $"cpu{core}")
            {
                long ticks = 0;
                foreach (int field in (ReadOnlySpan<int>)[1, 2, 3, 6, 7, 8])
                {
                    ticks += long.Parse(words[field], CultureInfo.InvariantCulture);
                }

                return ticks / TicksPerSecond;
            }
        }

        return 0;
    }
}
