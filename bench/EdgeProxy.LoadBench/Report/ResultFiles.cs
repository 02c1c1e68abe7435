using System.Collections.Generic;
using System.Globalization;
using System.IO;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Report;

/// <summary>The files of a run, all beginning with when it was and what it measured.</summary>
internal static class ResultFiles
{
    private static readonly (string Name, string Title, Metric Metric)[] Charts =
    [
        ("cpu", "CPU per request, microseconds (user + system of the proxy; less is better)", Metric.CpuUs),
        ("p99", "99th percentile of latency, microseconds (less is better)", Metric.P99),
        ("memory", "Peak resident memory, MiB (less is better)", Metric.Peak),
        ("start", "Start to first answer, milliseconds (less is better)", Metric.Start),
    ];

    /// <summary>Writes them; their paths.</summary>
    public static IReadOnlyList<string> Write(
        string folder, RunFacts facts, IReadOnlyList<ScenarioResult> results, string markdown)
    {
        Directory.CreateDirectory(folder);
        string commit = facts.Commit.Replace("+", "-changed", System.StringComparison.Ordinal);
        string start = Path.Combine(
            folder,
            string.Create(CultureInfo.InvariantCulture, $"{facts.When:yyyyMMdd-HHmm}-{commit}-{facts.Cores}core"));
        var written = new List<string>();
        void Keep(string path, string text)
        {
            File.WriteAllText(path, text);
            written.Add(path);
        }

        Keep($"{start}.md", markdown);
        Keep($"{start}.json", JsonReport.Of(facts, results));
        foreach ((string name, string title, Metric metric) in Charts)
        {
            if (SvgChart.Of(title, results, metric) is { } svg)
            {
                Keep($"{start}-{name}.svg", svg);
            }
        }

        return written;
    }
}
