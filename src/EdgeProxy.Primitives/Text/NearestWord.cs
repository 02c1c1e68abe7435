using System;
using System.Collections.Generic;

namespace EdgeProxy.Primitives.Text;

/// <summary>What the author may have meant: the name with the fewest edits, if they are few.</summary>
internal static class NearestWord
{
    private const int ComparedCharsMax = 64;
    private const int ComparedNamesMax = 20_000; // 64 x 64 steps each: under a second for one fault

    /// <summary>"; did you mean 'x'?", or nothing.</summary>
    public static string Hint(string name, IEnumerable<string> known) =>
        Find(name, known) is { } nearest ? $"; did you mean '{nearest}'?" : "";

    public static string? Find(string name, IEnumerable<string> known)
    {
        if (name.Length > ComparedCharsMax)
        {
            return null;
        }

        string? best = null;
        int bestEdits = Math.Max(2, name.Length / 3) + 1;
        int compared = 0;
        foreach (string candidate in known)
        {
            if (++compared > ComparedNamesMax)
            {
                break;
            }

            if (candidate.Length <= ComparedCharsMax && Math.Abs(candidate.Length - name.Length) < bestEdits)
            {
                int edits = Edits(name, candidate);
                if (edits < bestEdits && edits < candidate.Length)
                {
                    bestEdits = edits;
                    best = candidate;
                }
            }
        }

        return best;
    }

    // Optimal string alignment: insert, delete, replace, swap neighbours; case does not count.
    private static int Edits(string a, string b)
    {
        Span<int> before = stackalloc int[ComparedCharsMax + 1];
        Span<int> previous = stackalloc int[ComparedCharsMax + 1];
        Span<int> current = stackalloc int[ComparedCharsMax + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            previous[j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                int edits = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + cost);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    edits = Math.Min(edits, before[j - 2] + 1);
                }

                current[j] = edits;
            }

            Span<int> oldest = before;
            before = previous;
            previous = current;
            current = oldest;
        }

        return previous[b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
