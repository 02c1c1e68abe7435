using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>
/// What a program and its children use. CPU is user and system time of all threads, those that ended too, from the
/// clock behind utime and stime of /proc/PID/stat: it counts nanoseconds where they count ticks of 10 ms.
/// </summary>
internal sealed class ProcessTree(int root)
{
    public static List<int> IdsOf(int root)
    {
        var parents = new List<(int Id, int Parent)>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id)
                && TryRead($"{folder}/stat") is { } stat)
            {
                parents.Add((id, ParentIn(stat)));
            }
        }

        var ids = new List<int> { root };
        for (int i = 0; i < ids.Count; i++)
        {
            foreach ((int id, int parent) in parents)
            {
                if (parent == ids[i])
                {
                    ids.Add(id);
                }
            }
        }

        return ids;
    }

    /// <summary>The parent's id in /proc/PID/stat. The name before it may hold spaces and parentheses.</summary>
    public static int ParentIn(string stat) =>
        int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);

    /// <summary>A field of /proc/PID/status or smaps_rollup in KiB; 0 if it is not there.</summary>
    public static long KibIn(string status, string field)
    {
        foreach (string line in status.Split('\n'))
        {
            if (line.StartsWith($"{field}:", StringComparison.Ordinal))
            {
                string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                return long.Parse(words[1], CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }

    /// <summary>Nanoseconds of CPU so far.</summary>
    public long CpuNs()
    {
        long sum = 0;
        foreach (int id in IdsOf(root))
        {
            if (LibC.GetCpuClock(id, out int clock) == 0 && LibC.GetTime(clock, out TimeSpec time) == 0)
            {
                sum += time.TotalNs;
            }
        }

        return sum;
    }

    /// <summary>Resident memory now, in KiB.</summary>
    public long ResidentKib() => Sum("VmRSS");

    /// <summary>Most resident memory since <see cref="ResetPeak"/>, in KiB.</summary>
    public long PeakKib() => Sum("VmHWM");

    public void ResetPeak()
    {
        foreach (int id in IdsOf(root))
        {
            try
            {
                File.WriteAllText($"/proc/{id}/clear_refs", "5");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The peak then counts from the start of the process: never too low.
            }
        }
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null; // the process ended
        }
    }

    /// <summary>
    /// Of several processes the largest counts in full and the others with what is theirs alone: pages that a worker
    /// shares with its master are there once.
    /// </summary>
    private long Sum(string field)
    {
        long largest = 0;
        long alone = 0;
        long aloneOfLargest = 0;
        foreach (int id in IdsOf(root))
        {
            long size = TryRead($"/proc/{id}/status") is { } status ? KibIn(status, field) : 0;
            string pages = TryRead($"/proc/{id}/smaps_rollup") ?? "";
            long own = KibIn(pages, "Private_Clean") + KibIn(pages, "Private_Dirty");
            alone += own;
            if (size > largest)
            {
                (largest, aloneOfLargest) = (size, own);
            }
        }

        return largest + alone - aloneOfLargest;
    }
}
