using EdgeProxy.Control;
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
}
