using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using EdgeProxy.Control;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Host.Recording;

/// <summary>
/// Everything /metrics shows as one ExportMetricsServiceRequest: cumulative, so that a request lost is made good by the
/// next. Names are such that a collector's Prometheus has the same ones as /metrics.
/// </summary>
internal sealed class MetricsRequest
{
    private const string Total = "_total";
    private const string House = "edgeproxy_";

    private static readonly double[] s_durationBounds = DurationBounds();

    private readonly OtlpBatch _batch;
    private readonly ulong _startNanos;
    private ulong _nowNanos;

    public MetricsRequest(OtlpResource resource, DateTimeOffset startedAt)
    {
        _batch = new OtlpBatch(resource);
        _startNanos = Nanos(startedAt);
    }

    /// <summary>The request, compressed. One thread at a time.</summary>
    public ReadOnlyMemory<byte> Build(
        IReadOnlyList<MetricSample> samples, IReadOnlyList<DurationFamily> durations, DateTimeOffset now)
    {
        _nowNanos = Nanos(now);
        _batch.Begin();
        foreach (DurationFamily family in durations)
        {
            WriteDurations(family);
        }

        var families = new Dictionary<string, List<MetricSample>>(StringComparer.Ordinal);
        foreach (MetricSample sample in samples)
        {
            if (!families.TryGetValue(sample.Family, out List<MetricSample>? family))
            {
                family = [];
                families.Add(sample.Family, family);
            }

            family.Add(sample);
        }

        foreach (List<MetricSample> family in families.Values)
        {
            WriteFamily(family);
        }

        return BatchStore.Compress(_batch.Finish());
    }

    /// <summary>The name by OpenTelemetry's rules, and the unit.</summary>
    public static (string Name, string Unit) NameOf(string family, MetricKind kind)
    {
        string name = kind == MetricKind.Counter && family.EndsWith(Total, StringComparison.Ordinal)
            ? family[..^Total.Length]
            : family;
        string unit = name.EndsWith("_bytes", StringComparison.Ordinal) ? "By"
            : name.EndsWith("_seconds", StringComparison.Ordinal) ? "s"
            : name == "gen_ai_client_token_usage" ? "{token}"
            : "";
        name = name switch
        {
            "http_server_request_duration_seconds" => "http.server.request.duration",
            "http_client_request_duration_seconds" => "http.client.request.duration",
            "http_client_open_connections" => "http.client.open_connections",
            "http_server_active_requests" => "http.server.active_requests",
            "gen_ai_client_token_usage" => "gen_ai.client.token.usage",
            "gen_ai_client_operation_duration_seconds" => "gen_ai.client.operation.duration",
            "gen_ai_client_operation_time_to_first_chunk_seconds" => "gen_ai.client.operation.time_to_first_chunk",
            _ when name.StartsWith(House, StringComparison.Ordinal) => "edgeproxy." + name[House.Length..],
            _ => name,
        };
        return (name, unit);
    }

    /// <summary>The key of an attribute for a label.</summary>
    public static string KeyOf(string label) => label switch
    {
        "http_route" => "http.route",
        "http_connection_state" => "http.connection.state",
        "http_request_method" => "http.request.method",
        "edgeproxy_status_class" => "edgeproxy.status_class",
        "edgeproxy_service" => "edgeproxy.service",
        "edgeproxy_consumer" => "edgeproxy.consumer",
        "error_type" => "error.type",
        "server_address" => "server.address",
        "server_port" => "server.port",
        "gen_ai_request_model" => "gen_ai.request.model",
        "gen_ai_provider_name" => "gen_ai.provider.name",
        "gen_ai_operation_name" => "gen_ai.operation.name",
        "gen_ai_token_type" => "gen_ai.token.type",
        _ => label,
    };

    private void WriteFamily(List<MetricSample> family)
    {
        MetricSample first = family[0];
        ProtoWriter writer = _batch.Writer;
        int metric = BeginMetric(first.Family, first.Help, first.Kind);
        if (first.Kind == MetricKind.Histogram)
        {
            WriteHistograms(family);
        }
        else
        {
            int data = writer.Begin(first.Kind == MetricKind.Counter ? OtlpFields.MetricSum : OtlpFields.MetricGauge);
            foreach (MetricSample sample in family)
            {
                WriteNumber(sample);
            }

            if (first.Kind == MetricKind.Counter)
            {
                writer.Number(OtlpFields.Temporality, OtlpFields.Cumulative);
                writer.Number(OtlpFields.IsMonotonic, 1);
            }

            writer.End(data);
        }

        writer.End(metric);
    }

    private void WriteNumber(in MetricSample sample)
    {
        ProtoWriter writer = _batch.Writer;
        int point = writer.Begin(OtlpFields.Points);
        if (sample.Kind == MetricKind.Counter)
        {
            writer.Fixed64(OtlpFields.PointStart, _startNanos);
        }

        writer.Fixed64(OtlpFields.PointTime, _nowNanos);
        writer.Double(OtlpFields.NumberDouble, sample.Value);
        WriteLabels(OtlpFields.NumberAttributes, sample.Labels);
        writer.End(point);
        _batch.Count++;
    }

    // Samples of one series stand together: its buckets, then its sum, then its count.
    private void WriteHistograms(List<MetricSample> family)
    {
        ProtoWriter writer = _batch.Writer;
        int data = writer.Begin(OtlpFields.MetricHistogram);
        var counts = new List<long>();
        var bounds = new List<double>();
        double sum = 0;
        foreach (MetricSample sample in family)
        {
            switch (sample.Suffix)
            {
                case "_bucket":
                    counts.Add((long)sample.Value);
                    string bound = sample.Labels[^1].Value;
                    if (bound != "+Inf")
                    {
                        bounds.Add(double.Parse(bound, CultureInfo.InvariantCulture));
                    }

                    break;
                case "_sum":
                    sum = sample.Value;
                    break;
                default:
                    for (int i = counts.Count - 1; i > 0; i--)
                    {
                        counts[i] -= counts[i - 1]; // Prometheus' buckets hold those below, too
                    }

                    WriteHistogram(sample.Labels, [], [.. counts], [.. bounds], sum, (long)sample.Value, default);
                    counts.Clear();
                    bounds.Clear();
                    break;
            }
        }

        writer.Number(OtlpFields.Temporality, OtlpFields.Cumulative);
        writer.End(data);
    }

    private void WriteDurations(DurationFamily family)
    {
        ProtoWriter writer = _batch.Writer;
        int metric = BeginMetric(family.Name, family.Help, MetricKind.Histogram);
        int data = writer.Begin(OtlpFields.MetricHistogram);
        var sum = new DurationSum();
        foreach (DurationSeries series in family.Series)
        {
            for (Method method = Method.Other; (int)method < DurationMetrics.MethodCount; method++)
            {
                for (int outcome = 0; outcome < Outcome.Count; outcome++)
                {
                    if (_batch.Count < TelemetryLimits.SeriesMax && series.Metrics.TryRead(method, outcome, sum))
                    {
                        WriteHistogram(series.Labels, DurationLines.LabelsOf(method, outcome), sum.Counts,
                            s_durationBounds, sum.SumUs / 1e6, sum.Count, sum.Exemplars);
                    }
                }
            }
        }

        writer.Number(OtlpFields.Temporality, OtlpFields.Cumulative);
        writer.End(data);
        writer.End(metric);
    }

    private void WriteHistogram(
        IReadOnlyList<MetricLabel> labels, IReadOnlyList<MetricLabel> more, ReadOnlySpan<long> counts,
        ReadOnlySpan<double> bounds, double sum, long count, ReadOnlySpan<Exemplar> exemplars)
    {
        ProtoWriter writer = _batch.Writer;
        int point = writer.Begin(OtlpFields.Points);
        writer.Fixed64(OtlpFields.PointStart, _startNanos);
        writer.Fixed64(OtlpFields.PointTime, _nowNanos);
        writer.Fixed64(OtlpFields.HistogramCount, (ulong)count);
        writer.Double(OtlpFields.HistogramSum, sum);
        writer.Packed(OtlpFields.HistogramBuckets, counts);
        writer.Packed(OtlpFields.HistogramBounds, MemoryMarshal.Cast<double, long>(bounds));
        WriteLabels(OtlpFields.HistogramAttributes, labels);
        WriteLabels(OtlpFields.HistogramAttributes, more);
        foreach (ref readonly Exemplar exemplar in exemplars)
        {
            if (exemplar.Trace.Span != 0)
            {
                int start = writer.Begin(OtlpFields.HistogramExemplars);
                writer.Fixed64(OtlpFields.ExemplarTime, (ulong)exemplar.UnixMs * 1_000_000);
                writer.Double(OtlpFields.ExemplarDouble, exemplar.DurationUs / 1e6);
                writer.SpanId(OtlpFields.ExemplarSpanId, exemplar.Trace.Span);
                writer.TraceId(OtlpFields.ExemplarTraceId, exemplar.Trace.TraceHigh, exemplar.Trace.TraceLow);
                writer.End(start);
            }
        }

        writer.End(point);
        _batch.Count++;
    }

    private int BeginMetric(string family, string help, MetricKind kind)
    {
        ProtoWriter writer = _batch.Writer;
        (string name, string unit) = NameOf(family, kind);
        int metric = writer.Begin(OtlpFields.Items);
        writer.Text(OtlpFields.MetricName, name);
        writer.Text(OtlpFields.MetricDescription, help);
        if (unit.Length > 0)
        {
            writer.Text(OtlpFields.MetricUnit, unit);
        }

        return metric;
    }

    private void WriteLabels(int field, IReadOnlyList<MetricLabel> labels)
    {
        foreach (MetricLabel label in labels)
        {
            _batch.Writer.Attribute(field, KeyOf(label.Name), label.Value);
        }
    }

    private static double[] DurationBounds()
    {
        var bounds = new double[DurationHistogram.BucketCount - 1];
        for (int i = 0; i < bounds.Length; i++)
        {
            bounds[i] = DurationHistogram.BoundSeconds(i);
        }

        return bounds;
    }

    private static ulong Nanos(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
