using System;
using System.Collections.Generic;
using System.Globalization;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>What one run of wrk saw. Latencies in microseconds; CpuSeconds is what wrk itself used.</summary>
internal sealed record WrkResult(
    long Requests, long Bytes, double Seconds, long SocketErrors, long BadStatus, long P50Us, long P99Us, long P999Us,
    double CpuSeconds)
{
    /// <summary>Reads the line that <see cref="WrkScript"/> has it write; null if there is none.</summary>
    public static WrkResult? Parse(string output)
    {
        foreach (string line in output.Split('\n'))
        {
            if (line.StartsWith("result ", StringComparison.Ordinal))
            {
                return Of(NumbersIn(line));
            }
        }

        return null;
    }

    private static WrkResult Of(Dictionary<string, double> of) => new(
        (long)of["requests"],
        (long)of["bytes"],
        of["us"] / 1_000_000,
        (long)(of["connect"] + of["read"] + of["write"] + of["timeout"]),
        (long)of["status"],
        (long)of["p50"],
        (long)of["p99"],
        (long)of["p999"],
        of["cpu"]);

    private static Dictionary<string, double> NumbersIn(string line)
    {
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string word in line.Split(' ')[1..])
        {
            string[] parts = word.Split('=');
            numbers[parts[0]] = double.Parse(parts[1], CultureInfo.InvariantCulture);
        }

        return numbers;
    }
}
