using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Control;

/// <summary>Prometheus' text exposition format, version 0.0.4.</summary>
internal static class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Families in order of first appearance; the format wants all lines of a family together.</summary>
    public static string Write(IReadOnlyList<MetricSample> samples)
    {
        var families = new Dictionary<string, List<MetricSample>>(StringComparer.Ordinal);
        var order = new List<List<MetricSample>>();
        foreach (MetricSample sample in samples)
        {
            if (!families.TryGetValue(sample.Family, out List<MetricSample>? family))
            {
                family = [];
                families.Add(sample.Family, family);
                order.Add(family);
            }

            family.Add(sample);
        }

        var text = new StringBuilder(4096);
        foreach (List<MetricSample> family in order)
        {
            WriteFamily(text, family);
        }

        return text.ToString();
    }

    private static void WriteFamily(StringBuilder text, List<MetricSample> family)
    {
        MetricSample first = family[0];
        text.Append("# HELP ").Append(first.Family).Append(' ');
        AppendEscaped(text, first.Help, isLabel: false);
        text.Append("\n# TYPE ").Append(first.Family).Append(' ').Append(Name(first.Kind)).Append('\n');
        foreach (MetricSample sample in family)
        {
            text.Append(sample.Family).Append(sample.Suffix);
            WriteLabels(text, sample.Labels);
            text.Append(' ').Append(Number(sample.Value)).Append('\n');
        }
    }

    private static void WriteLabels(StringBuilder text, IReadOnlyList<MetricLabel> labels)
    {
        for (int i = 0; i < labels.Count; i++)
        {
            text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"");
            AppendEscaped(text, labels[i].Value, isLabel: true);
            text.Append('"');
        }

        if (labels.Count > 0)
        {
            text.Append('}');
        }
    }

    // Label values escape backslash, quote and line feed; help text only backslash and line feed.
    private static void AppendEscaped(StringBuilder text, string value, bool isLabel)
    {
        foreach (char c in value)
        {
            _ = c switch
            {
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '"' when isLabel => text.Append("\\\""),
                _ => text.Append(c),
            };
        }
    }

    private static string Name(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
