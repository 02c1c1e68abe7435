using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Tracing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Control;

/// <summary>
/// Writes histograms of durations for /metrics: what is counted by thousands of names, so without an object per line.
/// </summary>
internal static class DurationLines
{
    private static readonly byte[][] s_bounds = Bounds(wholeSuffix: "");
    private static readonly byte[][] s_openBounds = Bounds(wholeSuffix: ".0");

    /// <summary>The value of http.request.method.</summary>
    public static string MethodName(Method method) =>
        Methods.Text(method) is { IsEmpty: false } known ? Encoding.ASCII.GetString(known) : "_OTHER";

    /// <summary>True if there was more than may be shown.</summary>
    public static bool Write(MetricsBuffer text, IReadOnlyList<DurationFamily> families, MetricsForm form)
    {
        var sum = new DurationSum();
        var labels = new MetricsBuffer();
        int written = 0;
        foreach (DurationFamily family in families)
        {
            MetricsText.WriteHead(text, family.Name, family.Help, MetricKind.Histogram, form);
            foreach (DurationSeries series in family.Series)
            {
                for (Method method = Method.Other; (int)method < DurationMetrics.MethodCount; method++)
                {
                    for (int outcome = 0; outcome < Outcome.Count; outcome++)
                    {
                        if (!series.Metrics.TryRead(method, outcome, sum))
                        {
                            continue;
                        }

                        if (++written > TelemetryLimits.SeriesMax)
                        {
                            return true;
                        }

                        labels.Clear();
                        labels.AddLabels([.. series.Labels, .. LabelsOf(method, outcome)]);
                        WriteOne(text, family.Name, labels.Written.Span, sum, form);
                    }
                }
            }
        }

        return false;
    }

    /// <summary>The labels every series has besides its own.</summary>
    public static MetricLabel[] LabelsOf(Method method, int outcome)
    {
        string status = Outcome.StatusClass(outcome);
        return
        [
            new MetricLabel("http_request_method", MethodName(method)),
            status.Length > 0
                ? new MetricLabel("edgeproxy_status_class", status)
                : new MetricLabel("error_type", Outcome.ErrorType(outcome)),
        ];
    }

    private static void WriteOne(
        MetricsBuffer text, string name, ReadOnlySpan<byte> labels, DurationSum sum, MetricsForm form)
    {
        byte[][] bounds = form == MetricsForm.OpenMetrics ? s_openBounds : s_bounds;
        long count = 0;
        for (int bucket = 0; bucket < bounds.Length; bucket++)
        {
            count += sum.Counts[bucket];
            text.Add(name).Add("_bucket{"u8).Add(labels).Add(",le=\""u8).Add(bounds[bucket]).Add("\"} "u8).Add(count);
            if (form == MetricsForm.OpenMetrics && sum.Exemplars[bucket] is { Trace.Span: not 0 } exemplar)
            {
                WriteExample(text, exemplar);
            }

            text.Add("\n"u8);
        }

        text.Add(name).Add("_sum{"u8).Add(labels).Add("} "u8).Add(sum.SumUs / 1e6).Add("\n"u8);
        text.Add(name).Add("_count{"u8).Add(labels).Add("} "u8).Add(count).Add("\n"u8);
    }

    private static void WriteExample(MetricsBuffer text, in Exemplar exemplar)
    {
        Span<byte> trace = stackalloc byte[TraceParent.TraceTextBytes];
        Span<byte> span = stackalloc byte[TraceParent.SpanTextBytes];
        exemplar.Trace.WriteTrace(trace);
        HexDigit.WriteLower(exemplar.Trace.Span, span);
        text.Add(" # {trace_id=\""u8).Add(trace).Add("\",span_id=\""u8).Add(span).Add("\"} "u8)
            .Add(exemplar.DurationUs / 1e6).Add(" "u8).Add(exemplar.UnixMs / 1e3);
    }

    private static byte[][] Bounds(string wholeSuffix)
    {
        var bounds = new byte[DurationHistogram.BucketCount][];
        for (int i = 0; i < bounds.Length; i++)
        {
            double bound = DurationHistogram.BoundSeconds(i);
            string text = double.IsInfinity(bound) ? "+Inf"
                : bound.ToString(CultureInfo.InvariantCulture) + (double.IsInteger(bound) ? wholeSuffix : "");
            bounds[i] = Encoding.ASCII.GetBytes(text);
        }

        return bounds;
    }
}
