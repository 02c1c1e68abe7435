using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>One conjunction of one router, in its place among all.</summary>
internal readonly record struct RouteCandidate(RouteOrder Order, int Route, Conjunction Conjunction)
    : System.IComparable<RouteCandidate>
{
    public int CompareTo(RouteCandidate other) => Order.CompareTo(other.Order);
}

/// <summary>
/// Finds routers between which only the order of the file would decide: same priority, same specificity, and some
/// request that both take. Only what is certain is reported; two regular expressions, for instance, are taken to be
/// different.
/// </summary>
internal static class RouteConflicts
{
    /// <summary>At most one conflict per router, its first.</summary>
    public static IReadOnlyList<RouteConflict> Find(List<RouteCandidate> sorted)
    {
        var conflicts = new List<RouteConflict>();
        var reported = new HashSet<int>();
        for (int start = 0; start < sorted.Count;)
        {
            int end = start + 1;
            while (end < sorted.Count && SameOrder(sorted[start], sorted[end]))
            {
                end++;
            }

            if (end - start > 1)
            {
                FindAmongEquals(sorted, start, end, conflicts, reported);
            }

            start = end;
        }

        return conflicts;
    }

    private static bool SameOrder(in RouteCandidate a, in RouteCandidate b) =>
        a.Order.Priority == b.Order.Priority && a.Order.Specificity == b.Order.Specificity;

    private static void FindAmongEquals(
        List<RouteCandidate> sorted, int start, int end, List<RouteConflict> conflicts, HashSet<int> reported)
    {
        var byText = new Dictionary<string, int>(end - start);
        var lastAtPlace = new Dictionary<(string?, string?), int>(end - start);
        int[] previousAtPlace = new int[end - start];
        for (int i = start; i < end; i++)
        {
            Conjunction conjunction = sorted[i].Conjunction;
            if (!byText.TryAdd(conjunction.Text, i))
            {
                Report(sorted[byText[conjunction.Text]], sorted[i], conflicts, reported);
                continue;
            }

            (string?, string?) place = (conjunction.Host?.Text, conjunction.Path?.Text);
            int other = lastAtPlace.TryGetValue(place, out int last) ? last : -1;
            previousAtPlace[i - start] = other;
            lastAtPlace[place] = i;
            for (int asked = 0; other >= 0 && asked < RuleLimits.OverlapsAskedMax; asked++)
            {
                if (sorted[other].Route != sorted[i].Route && Overlap.IsCertain(sorted[other].Conjunction, conjunction))
                {
                    Report(sorted[other], sorted[i], conflicts, reported);
                    break;
                }

                other = previousAtPlace[other - start];
            }
        }
    }

    private static void Report(
        in RouteCandidate first, in RouteCandidate second, List<RouteConflict> conflicts, HashSet<int> reported)
    {
        if (first.Route == second.Route || !reported.Add(second.Route))
        {
            return;
        }

        string both = first.Conjunction.Text == second.Conjunction.Text
            ? $"both take {first.Conjunction.Text}"
            : $"a request can match {first.Conjunction.Text} and {second.Conjunction.Text}, and neither is narrower";
        conflicts.Add(new RouteConflict(first.Route, second.Route, $"{both}; give one of them a priority"));
    }
}
