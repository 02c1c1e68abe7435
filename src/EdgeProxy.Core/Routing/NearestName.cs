using System;
using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>Finds what a misspelt name was meant to be.</summary>
internal static class NearestName
{
    private const int CharsMax = 32;

    /// <summary>The candidate with the fewest edits, if at most half of the word was wrong.</summary>
    public static string? Of(string name, IReadOnlyList<string> candidates)
    {
        string? best = null;
        int bestEdits = Math.Max(1, name.Length / 2) + 1;
        if (name.Length > CharsMax)
        {
            return null;
        }

        foreach (string candidate in candidates)
        {
            int edits = Edits(name, candidate);
            if (edits < bestEdits)
            {
                (best, bestEdits) = (candidate, edits);
            }
        }

        return best;
    }

    // Levenshtein's distance without regard to case, one row at a time.
    private static int Edits(string a, string b)
    {
        Span<int> row = stackalloc int[CharsMax + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                int change = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + change);
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
