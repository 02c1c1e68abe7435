using System;
using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Control;

/// <summary>How metrics are written.</summary>
internal enum MetricsForm : byte
{
    /// <summary>Prometheus' text format, version 0.0.4.</summary>
    Prometheus,

    /// <summary>OpenMetrics 1.0: the same, with examples of what a bucket holds.</summary>
    OpenMetrics,
}

/// <summary>Writes what /metrics answers.</summary>
internal static class MetricsText
{
    private const string Total = "_total";

    public static string ContentType(MetricsForm form) => form == MetricsForm.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>What an Accept field asks for: OpenMetrics only if it is named and not refused.</summary>
    public static MetricsForm FormFor(string accept)
    {
        foreach (string range in accept.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] parts = range.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0].Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase)
                && !Array.Exists(parts, static part => part is "q=0" or "q=0.0"))
            {
                return MetricsForm.OpenMetrics;
            }
        }

        return MetricsForm.Prometheus;
    }

    /// <summary>Families in order of first appearance; the format wants all lines of a family together.</summary>
    public static string Write(IReadOnlyList<MetricSample> samples) =>
        Encoding.UTF8.GetString(Write(samples, [], MetricsForm.Prometheus).Span);

    /// <inheritdoc cref="Write(IReadOnlyList{MetricSample})"/>
    public static ReadOnlyMemory<byte> Write(
        IReadOnlyList<MetricSample> samples, IReadOnlyList<DurationFamily> durations, MetricsForm form)
    {
        var text = new MetricsBuffer();
        bool isCut = DurationLines.Write(text, durations, form);
        foreach (List<MetricSample> family in Group(samples))
        {
            WriteFamily(text, family, form);
        }

        if (durations.Count > 0)
        {
            WriteFamily(text,
            [
                new MetricSample("edgeproxy_metrics_series_left_out",
                    "1 if there are more series of durations than are shown.", MetricKind.Gauge, isCut ? 1 : 0, []),
            ], form);
        }

        if (form == MetricsForm.OpenMetrics)
        {
            text.Add("# EOF\n"u8);
        }

        return text.Written;
    }

    /// <summary>HELP and TYPE.</summary>
    public static void WriteHead(MetricsBuffer text, string family, string help, MetricKind kind, MetricsForm form)
    {
        // A counter's family has no suffix there, its samples do.
        string name = form == MetricsForm.OpenMetrics && kind == MetricKind.Counter
            && family.EndsWith(Total, StringComparison.Ordinal) ? family[..^Total.Length] : family;
        text.Add("# HELP "u8).Add(name).Add(" "u8).AddEscaped(help, isLabel: false)
            .Add("\n# TYPE "u8).Add(name).Add(" "u8).Add(Name(kind)).Add("\n"u8);
    }

    private static List<List<MetricSample>> Group(IReadOnlyList<MetricSample> samples)
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

        return order;
    }

    private static void WriteFamily(MetricsBuffer text, List<MetricSample> family, MetricsForm form)
    {
        MetricSample first = family[0];
        WriteHead(text, first.Family, first.Help, first.Kind, form);
        foreach (MetricSample sample in family)
        {
            text.Add(sample.Family).Add(sample.Suffix);
            if (sample.Labels.Count > 0)
            {
                text.Add("{"u8).AddLabels(sample.Labels).Add("}"u8);
            }

            text.Add(" "u8).Add(sample.Value).Add("\n"u8);
        }
    }

    private static string Name(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };
}
