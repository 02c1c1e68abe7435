using System.Collections.Generic;
using System.Text;
using EdgeProxy.Control;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Tracing;
using EdgeProxy.Telemetry;
using Xunit;

namespace EdgeProxy.Tests.Control;

public sealed class MetricsTextTests
{
    [Fact]
    public void Write_FamiliesInterleaved_StandTogetherUnderOneHead()
    {
        MetricSample[] samples =
        [
            new("a_total", "A.", MetricKind.Counter, 1, [new MetricLabel("x", "1")]),
            new("b", "B.", MetricKind.Gauge, 2, []),
            new("a_total", "A.", MetricKind.Counter, 3, [new MetricLabel("x", "2"), new MetricLabel("y", "3")]),
        ];

        Assert.Equal(
            "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\"} 1\na_total{x=\"2\",y=\"3\"} 3\n"
            + "# HELP b B.\n# TYPE b gauge\nb 2\n",
            MetricsText.Write(samples));
    }

    [Fact]
    public void Write_Histogram_KeepsSuffixesInOneFamily()
    {
        MetricSample[] samples =
        [
            new("d_seconds", "D.", MetricKind.Histogram, 4, [new MetricLabel("le", "+Inf")], "_bucket"),
            new("d_seconds", "D.", MetricKind.Histogram, 0.25, [], "_sum"),
            new("d_seconds", "D.", MetricKind.Histogram, 4, [], "_count"),
        ];

        Assert.Equal(
            "# HELP d_seconds D.\n# TYPE d_seconds histogram\n"
            + "d_seconds_bucket{le=\"+Inf\"} 4\nd_seconds_sum 0.25\nd_seconds_count 4\n",
            MetricsText.Write(samples));
    }

    [Fact]
    public void Write_OddText_IsEscaped()
    {
        MetricSample[] samples =
            [new("m", "a\\b\nc\"", MetricKind.Gauge, double.PositiveInfinity, [new MetricLabel("r", "a\"b\\c\nd")])];

        Assert.Equal(
            "# HELP m a\\\\b\\nc\"\n# TYPE m gauge\nm{r=\"a\\\"b\\\\c\\nd\"} +Inf\n", MetricsText.Write(samples));
    }

    [Fact]
    public void Write_Durations_AsConventionsNameThem()
    {
        var metrics = new DurationMetrics(2);
        metrics.Of(0, Method.Get, 1).Add(6_000);
        metrics.Of(1, Method.Get, 1).Add(3_000_000);
        metrics.Of(1, Method.Other, Outcome.Timeout).Add(1);

        string text = Write(metrics, MetricsForm.Prometheus);

        Assert.StartsWith("# HELP d_seconds D.\n# TYPE d_seconds histogram\nd_seconds_bucket{http_route=\"a\\\"b\",", text);
        const string labels = "http_route=\"a\\\"b\",http_request_method=\"GET\",edgeproxy_status_class=\"2xx\"";
        Assert.Contains($"d_seconds_bucket{{{labels},le=\"0.005\"}} 0\n", text);
        Assert.Contains($"d_seconds_bucket{{{labels},le=\"0.01\"}} 1\n", text);
        Assert.Contains($"d_seconds_bucket{{{labels},le=\"5\"}} 2\n", text);
        Assert.Contains($"d_seconds_bucket{{{labels},le=\"+Inf\"}} 2\n", text);
        Assert.Contains($"d_seconds_sum{{{labels}}} 3.006\nd_seconds_count{{{labels}}} 2\n", text);
        Assert.Contains("http_request_method=\"_OTHER\",error_type=\"timeout\",le=\"0.005\"} 1\n", text);
    }

    [Fact]
    public void Write_OpenMetrics_HasExamplesAndAnEnd()
    {
        var metrics = new DurationMetrics(1);
        metrics.Of(0, Method.Get, 1).Add(6_000);
        metrics.Of(0, Method.Get, 1).AddExample(6_000, new TraceParent(1, 2, 3, true), unixMs: 1_700_000_000_250);

        string text = Write(metrics, MetricsForm.OpenMetrics);

        Assert.Contains(
            "le=\"0.01\"} 1 # {trace_id=\"00000000000000010000000000000002\",span_id=\"0000000000000003\"} 0.006 "
                + "1700000000.25\n",
            text);
        Assert.Contains("le=\"1.0\"} 1\n", text);
        Assert.Contains("# TYPE c counter\nc_total 5\n", text);
        Assert.EndsWith("\n# EOF\n", text);
    }

    [Theory]
    [InlineData("", MetricsForm.Prometheus)]
    [InlineData("text/plain", MetricsForm.Prometheus)]
    [InlineData("*/*", MetricsForm.Prometheus)]
    [InlineData("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", MetricsForm.OpenMetrics)]
    [InlineData("text/plain;q=0.5, application/openmetrics-text; version=1.0.0; q=0.75", MetricsForm.OpenMetrics)]
    [InlineData("application/openmetrics-text;q=0,text/plain", MetricsForm.Prometheus)]
    public void FormFor_IsWhatIsAskedFor(string accept, object form) =>
        Assert.Equal((MetricsForm)form, MetricsText.FormFor(accept));

    [Fact]
    public void Write_AThousandRouters_IsBounded()
    {
        var series = new List<DurationSeries>();
        for (int i = 0; i < 1_001; i++)
        {
            var metrics = new DurationMetrics(1);
            for (int outcome = 0; outcome < Outcome.Count; outcome++)
            {
                metrics.Of(0, Method.Get, outcome).Add(1);
            }

            series.Add(new DurationSeries([new MetricLabel("http_route", $"router-{i}")], metrics));
        }

        string text = Encoding.UTF8.GetString(
            MetricsText.Write([], [new DurationFamily("d_seconds", "D.", series)], MetricsForm.Prometheus).Span);

        Assert.Equal(TelemetryLimits.SeriesMax, text.Split("d_seconds_count{").Length - 1);
        Assert.Contains("edgeproxy_metrics_series_left_out 1\n", text);
        Assert.InRange(text.Length, 0, 32 * 1024 * 1024);
    }

    private static string Write(DurationMetrics metrics, MetricsForm form)
    {
        var family = new DurationFamily(
            "d_seconds", "D.", [new DurationSeries([new MetricLabel("http_route", "a\"b")], metrics)]);
        MetricSample[] samples = [new("c_total", "C.", MetricKind.Counter, 5, [])];
        return Encoding.UTF8.GetString(MetricsText.Write(samples, [family], form).Span);
    }
}
