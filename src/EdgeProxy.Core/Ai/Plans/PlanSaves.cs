using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Ai.Plans;

/// <summary>A count as the disk has it: since the period's start no more than so much was used.</summary>
internal readonly record struct SavedCount(string Identity, long StartMs, long Used)
{
    /// <summary>The part of it that the next periods owe.</summary>
    public long Debt { get; init; }
}

/// <summary>
/// The counts of plans on the disk, for a machine that loses its power: a text with a line for each, by way of another
/// name and with a sync, so that it is the old one or the new one.
/// </summary>
internal static class PlanSaves
{
    private const string Head = "edgeproxy plans 1";

    // Begins a line before a count's; who does not know it passes over it.
    private const string DebtWord = "debt";

    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<SavedCount> counts)
    {
        var text = new StringBuilder(Head).Append('\n');
        foreach (SavedCount count in counts)
        {
            if (count.Debt > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{DebtWord} {count.Debt} of the next\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"{count.StartMs} {count.Used} {count.Identity}\n");
        }

        byte[] lines = Encoding.ASCII.GetBytes(text.ToString());
        string next = path + ".new";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write))
        {
            file.Write(lines);
            file.Write(Encoding.ASCII.GetBytes($"sha256 {Convert.ToHexStringLower(Sha256.Of(lines))}\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    /// <summary>What was written; null, with what is wrong, if that cannot be known.</summary>
    public static List<SavedCount>? Read(string path, out string problem)
    {
        problem = "";
        var counts = new List<SavedCount>();
        if (!File.Exists(path))
        {
            return counts;
        }

        string text = Encoding.ASCII.GetString(File.ReadAllBytes(path));
        int end = text.LastIndexOf("sha256 ", StringComparison.Ordinal);
        string sum = end < 0 ? "" : text[(end + "sha256 ".Length)..].TrimEnd('\n');
        if (end < 0 || sum != Convert.ToHexStringLower(Sha256.Of(Encoding.ASCII.GetBytes(text[..end]))))
        {
            problem = $"{path}: is damaged; mend it, or remove it to count from nothing";
            return null;
        }

        long debt = 0;
        foreach (string line in text[..end].Split('\n'))
        {
            string[] words = line.Split(' ', 3);
            if (words.Length == 3 && words[0] == DebtWord)
            {
                _ = long.TryParse(words[1], CultureInfo.InvariantCulture, out debt);
            }
            else if (words.Length == 3 && long.TryParse(words[0], CultureInfo.InvariantCulture, out long start)
                && long.TryParse(words[1], CultureInfo.InvariantCulture, out long used))
            {
                counts.Add(new SavedCount(words[2], start, used) { Debt = debt });
                debt = 0;
            }
        }

        return counts;
    }
}
