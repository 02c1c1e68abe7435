using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeProxy.LoadBench.Results;

/// <summary>Figures over rounds. Medians, because on a shared machine a mean is somebody else's figure.</summary>
internal static class Statistics
{
    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
        {
            throw new ArgumentException("the median of nothing", nameof(values));
        }

        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>
    /// Ours to theirs, round by round, and of those the median: what one round suffered, both suffered. Null: no round
    /// has both.
    /// </summary>
    public static double? PairedRatio(IReadOnlyList<double?> ours, IReadOnlyList<double?> theirs)
    {
        var ratios = new List<double>();
        for (int i = 0; i < Math.Min(ours.Count, theirs.Count); i++)
        {
            if (ours[i] is { } one && theirs[i] is { } other && other != 0)
            {
                ratios.Add(one / other);
            }
        }

        return ratios.Count == 0 ? null : Median(ratios);
    }
}
