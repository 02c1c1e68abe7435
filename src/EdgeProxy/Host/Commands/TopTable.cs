using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace EdgeProxy.Host.Commands;

/// <summary>Two readings of <c>top</c> as a table: what happened between them.</summary>
internal static class TopTable
{
    private static readonly string[] s_columns = ["REQ/S", "ERR/S", "ERR %", "P50 ms", "P95 ms", "P99 ms"];

    /// <param name="rows">Of each kind, the busiest first.</param>
    public static void Write(
        TextWriter output, TopReading before, TopReading now, double seconds, DateTimeOffset time, int rows)
    {
        double connections = now.Numbers.GetValueOrDefault("edgeproxy_connections_open");
        double inFlight = now.Numbers.GetValueOrDefault("edgeproxy_exchanges_in_flight");
        double mebibytes = now.Numbers.GetValueOrDefault("process_resident_memory_bytes") / (1024 * 1024);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"edgeproxy  {time:HH:mm:ss}Z  connections {connections:0}  in flight {inFlight:0}  "
                + $"memory {mebibytes:0.0} MiB"));
        foreach (TopKind kind in Enum.GetValues<TopKind>())
        {
            WriteKind(output, before, now, seconds, kind, rows);
        }
    }

    private static void WriteKind(
        TextWriter output, TopReading before, TopReading now, double seconds, TopKind kind, int most)
    {
        var found = new List<(string Name, TopCounts Counts)>();
        foreach (((TopKind of, string name), TopCounts counts) in now.Rows)
        {
            if (of == kind)
            {
                found.Add((name, counts.Since(before.Rows.GetValueOrDefault((of, name)))));
            }
        }

        if (found.Count == 0)
        {
            return;
        }

        found.Sort(static (a, b) => b.Counts.Count != a.Counts.Count
            ? b.Counts.Count.CompareTo(a.Counts.Count)
            : string.CompareOrdinal(a.Name, b.Name));
        var table = new List<string[]> { (string[])[kind.ToString().ToUpperInvariant(), .. s_columns] };
        for (int i = 0; i < Math.Min(most, found.Count); i++)
        {
            table.Add(RowOf(found[i].Name, found[i].Counts, seconds, now.Down.Contains(found[i].Name)));
        }

        output.WriteLine();
        WriteAligned(output, table);
        if (found.Count > most)
        {
            output.WriteLine($"({found.Count - most} more)");
        }
    }

    private static string[] RowOf(string name, TopCounts counts, double seconds, bool isDown) =>
    [
        PlainText.Of(name) + (isDown ? " (down)" : ""),
        Number(counts.Count / seconds, "0.0"),
        Number(counts.Errors / seconds, "0.0"),
        counts.Count > 0 ? Number(100 * counts.Errors / counts.Count, "0.00") : "-",
        Number(counts.Quantile(0.5) * 1e3, "0.0"),
        Number(counts.Quantile(0.95) * 1e3, "0.0"),
        Number(counts.Quantile(0.99) * 1e3, "0.0"),
    ];

    private static string Number(double value, string format) =>
        double.IsNaN(value) ? "-" : value.ToString(format, CultureInfo.InvariantCulture);

    private static void WriteAligned(TextWriter output, List<string[]> rows)
    {
        int[] widths = new int[rows[0].Length];
        foreach (string[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        foreach (string[] row in rows)
        {
            string line = row[0].PadRight(widths[0]);
            for (int i = 1; i < row.Length; i++)
            {
                line += "  " + row[i].PadLeft(widths[i]);
            }

            output.WriteLine(line);
        }
    }
}
