using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Report;

/// <summary>Everything of a run, each round too, for programs that compare runs.</summary>
internal static class JsonReport
{
    public static string Of(RunFacts facts, IReadOnlyList<ScenarioResult> results)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            WriteFacts(json, facts);
            json.WriteStartArray("scenarios");
            foreach (ScenarioResult result in results)
            {
                WriteScenario(json, result);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void WriteFacts(Utf8JsonWriter json, RunFacts facts)
    {
        json.WriteString("when", facts.When);
        json.WriteString("commit", facts.Commit);
        json.WriteString("command", facts.Command);
        json.WriteString("kernel", facts.Kernel);
        json.WriteString("processor", facts.Processor);
        json.WriteNumber("cores", facts.Cores);
        json.WriteNumber("rounds", facts.Rounds);
        json.WriteNumber("seconds", facts.Seconds);
        json.WriteString("load_before", facts.LoadBefore);
        json.WriteString("load_after", facts.LoadAfter);
        json.WriteStartObject("versions");
        foreach ((string name, string version) in facts.Versions)
        {
            json.WriteString(name, version);
        }

        json.WriteEndObject();
    }

    private static void WriteScenario(Utf8JsonWriter json, ScenarioResult result)
    {
        json.WriteStartObject();
        json.WriteString("name", result.Scenario.Name);
        json.WriteString("about", result.Scenario.About);
        json.WriteString("remark", result.Remark);
        json.WriteStartArray("cells");
        foreach (Cell cell in result.Cells)
        {
            json.WriteStartObject();
            json.WriteString("peer", cell.Peer);
            if (cell.Absence is not null)
            {
                json.WriteString("absent", cell.Absence);
            }

            json.WriteStartObject("metrics");
            foreach (Metric metric in result.Scenario.Metrics)
            {
                WriteMetric(json, result, cell, metric);
            }

            json.WriteEndObject();
            WriteRounds(json, cell);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMetric(Utf8JsonWriter json, ScenarioResult result, Cell cell, Metric metric)
    {
        if (cell.MedianOf(metric) is not { } median || cell.SpreadOf(metric) is not { } spread)
        {
            return;
        }

        json.WriteStartObject(metric.Key);
        json.WriteNumber("median", Rounded(median));
        json.WriteNumber("least", Rounded(spread.Least));
        json.WriteNumber("most", Rounded(spread.Most));
        if (cell != result.Ours && result.Ours.RatioTo(cell, metric) is { } ratio)
        {
            json.WriteNumber("ours_to_this", Rounded(ratio));
        }

        if (cell.VoidReason(metric) is { } reason)
        {
            json.WriteString("void", reason);
        }

        json.WriteEndObject();
    }

    private static void WriteRounds(Utf8JsonWriter json, Cell cell)
    {
        json.WriteStartArray("rounds");
        foreach (Measurement round in cell.Rounds)
        {
            json.WriteStartObject();
            foreach ((Metric metric, double value) in round.Values)
            {
                json.WriteNumber(metric.Key, Rounded(value));
            }

            json.WriteStartArray("flaws");
            round.Flaws.ForEach(json.WriteStringValue);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static double Rounded(double value) => System.Math.Round(value, 4);
}
