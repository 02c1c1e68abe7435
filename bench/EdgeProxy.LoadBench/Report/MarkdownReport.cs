using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Report;

/// <summary>The tables: what is compared over all scenarios first, then each scenario in full.</summary>
internal static class MarkdownReport
{
    public static string Of(RunFacts facts, IReadOnlyList<ScenarioResult> results, IReadOnlyList<string> remarks)
    {
        var text = new StringBuilder("# Load beside other proxies\n\n");
        WriteFacts(text, facts);
        foreach (string remark in remarks)
        {
            text.Append("- ").Append(remark).Append('\n');
        }

        WriteSummary(text, results);
        foreach (ScenarioResult result in results)
        {
            WriteScenario(text, result);
        }

        return text.ToString();
    }

    /// <summary>A median with its spread, or why there is none: <c>18.2 (17.9-18.8)</c>.</summary>
    public static string Figure(Cell cell, Metric metric)
    {
        if (cell.VoidReason(metric) is not null)
        {
            return "void";
        }

        if (cell.MedianOf(metric) is not { } median || cell.SpreadOf(metric) is not { } spread)
        {
            return "-";
        }

        return $"{Number(median, metric)} ({Number(spread.Least, metric)}-{Number(spread.Most, metric)})";
    }

    public static string Number(double value, Metric metric) =>
        (value * metric.Scale).ToString($"F{metric.Decimals}", CultureInfo.InvariantCulture);

    private static void WriteFacts(StringBuilder text, RunFacts facts)
    {
        text.Append(CultureInfo.InvariantCulture, $"`{facts.Command}`\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{facts.When:yyyy-MM-dd HH:mm} UTC, commit {facts.Commit}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"- kernel {facts.Kernel}, {facts.Processor}\n");
        text.Append(CultureInfo.InvariantCulture, $"- {Placement(facts.Cores)}\n");
        text.Append(CultureInfo.InvariantCulture, $"- {facts.Rounds} counted rounds of {facts.Seconds} s, ");
        text.Append("interleaved, a first one dropped; medians (least-most)\n");
        text.Append(
            CultureInfo.InvariantCulture, $"- load averages: {facts.LoadBefore} before, {facts.LoadAfter} after\n");
        foreach ((string name, string version) in facts.Versions)
        {
            text.Append(CultureInfo.InvariantCulture, $"- {name}: {version}\n");
        }
    }

    private static string Placement(int cores) => cores == 1
        ? "the proxy alone on core 0 with one worker; generator and origin on core 1"
        : "two workers for everyone on both cores, which generator and origin share";

    private static void WriteSummary(StringBuilder text, IReadOnlyList<ScenarioResult> results)
    {
        string[] peers = [.. results.SelectMany(r => r.Cells).Select(c => c.Peer).Distinct()];
        text.Append("\n## Summary\n\nThe first figure of each scenario; less is better. ");
        text.Append("In brackets: ours to theirs, pair by pair.\n\n");
        text.Append("| scenario | figure |").AppendJoin("", peers.Select(p => $" {p} |")).Append('\n');
        text.Append("|---|---|").Insert(text.Length, "--:|", peers.Length).Append('\n');
        foreach (ScenarioResult result in results)
        {
            Metric metric = result.Scenario.Metrics[0];
            text.Append(CultureInfo.InvariantCulture, $"| {result.Scenario.Name} | {metric.Title} |");
            foreach (string peer in peers)
            {
                // Not everybody takes part in every scenario.
                Cell? cell = result.Cells.FirstOrDefault(c => c.Peer == peer);
                text.Append(' ').Append(cell is null ? "-" : SummaryFigure(result, cell, metric)).Append(" |");
            }

            text.Append('\n');
        }
    }

    private static string SummaryFigure(ScenarioResult result, Cell cell, Metric metric)
    {
        if (cell.VoidReason(metric) is not null || cell.MedianOf(metric) is not { } median)
        {
            return "void";
        }

        string ratio = cell == result.Ours || result.Ours.RatioTo(cell, metric) is not { } value
            ? "" : $" ({value.ToString("F2", CultureInfo.InvariantCulture)}x)";
        return Number(median, metric) + ratio;
    }

    private static void WriteScenario(StringBuilder text, ScenarioResult result)
    {
        IReadOnlyList<Metric> metrics = result.Scenario.Metrics;
        text.Append(CultureInfo.InvariantCulture, $"\n## {result.Scenario.Name}\n\n{result.Scenario.About}");
        text.Append(result.Remark.Length > 0 ? $" {result.Remark}\n\n" : "\n\n");
        text.Append("| |").AppendJoin("", metrics.Select(m => $" {m.Title} |"));
        text.Append(" ours to theirs | generator | others |\n");
        text.Append("|---|").Insert(text.Length, "--:|", metrics.Count + 3).Append('\n');
        foreach (Cell cell in result.Cells)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {cell.Peer} |");
            text.AppendJoin("", metrics.Select(m => $" {Figure(cell, m)} |"));
            string ratio = result.Ours.RatioTo(cell, metrics[0])?.ToString("F2", CultureInfo.InvariantCulture) ?? "-";
            text.Append(CultureInfo.InvariantCulture, $" {(cell == result.Ours ? "" : ratio)} |");
            text.Append(
                CultureInfo.InvariantCulture, $" {Percent(cell.GeneratorBusy)} | {Percent(cell.OthersBusy)} |\n");
        }

        WriteVoids(text, result);
    }

    private static void WriteVoids(StringBuilder text, ScenarioResult result)
    {
        foreach (Cell cell in result.Cells)
        {
            IEnumerable<IGrouping<string, Metric>> reasons = result.Scenario.Metrics
                .Where(m => cell.VoidReason(m) is not null)
                .GroupBy(m => cell.VoidReason(m)!);
            foreach (IGrouping<string, Metric> reason in reasons)
            {
                string what = reason.Count() == result.Scenario.Metrics.Count
                    ? "all" : string.Join(", ", reason.Select(m => m.Title));
                string why = reason.Key.ReplaceLineEndings(" ");
                text.Append(CultureInfo.InvariantCulture, $"\nVoid, {cell.Peer}, {what}: {why}\n");
            }
        }
    }

    private static string Percent(double? share) =>
        share is { } value ? $"{(value * 100).ToString("F0", CultureInfo.InvariantCulture)} %" : "-";
}
