using System;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Results;
using Xunit;

namespace EdgeProxy.Tests.LoadBench;

public sealed class StatisticsTests
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3.0)]
    [InlineData(new[] { 9.0, 1.0, 2.0 }, 2.0)]
    [InlineData(new[] { 4.0, 1.0, 2.0, 100.0 }, 3.0)]
    public void Median_IsTheMiddle(double[] values, double expected) =>
        Assert.Equal(expected, Statistics.Median(values));

    [Fact]
    public void Median_OfNothing_IsRefused() => Assert.Throws<ArgumentException>(() => Statistics.Median([]));

    [Fact]
    public void PairedRatio_ASlowRound_DoesNotCountTwice()
    {
        // The second round was slow for both: the ratio of the medians would be 10/20, that of the rounds is 0.8.
        double?[] ours = [8, 80, 10];
        double?[] theirs = [20, 100, 12.5];

        Assert.Equal(0.8, Statistics.PairedRatio(ours, theirs)!.Value, 6);
    }

    [Fact]
    public void PairedRatio_RoundsWithoutAPair_AreLeftOut()
    {
        Assert.Equal(0.5, Statistics.PairedRatio([null, 1, 3], [2, 2, null]));
        Assert.Null(Statistics.PairedRatio([1.0], [null]));
        Assert.Null(Statistics.PairedRatio([1.0], [0.0]));
    }

    [Theory]
    [InlineData(0.5, 500_000)]
    [InlineData(0.99, 990_000)]
    [InlineData(0.999, 999_000)]
    [InlineData(1, 1_000_000)]
    public void Histogram_Quantiles_AreExactToOnePercent(double share, long expected)
    {
        var histogram = new Histogram();
        for (int i = 1; i <= 1000; i++)
        {
            histogram.Add(i * 1000);
        }

        Assert.Equal(1000, histogram.Count);
        Assert.InRange(histogram.Quantile(share), expected, expected * 1.01);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(long.MaxValue)]
    public void Histogram_OneValue_IsEveryQuantile(long value)
    {
        var histogram = new Histogram();
        histogram.Add(value);

        Assert.Equal((value, value, value), (histogram.Quantile(0), histogram.Quantile(0.5), histogram.Quantile(1)));
    }

    [Fact]
    public void Histogram_Empty_HasNoQuantile() => Assert.Equal(0, new Histogram().Quantile(0.99));

    [Fact]
    public void Histogram_ManySmallValues_DoNotHideTheLargest()
    {
        var histogram = new Histogram();
        for (int i = 0; i < 999; i++)
        {
            histogram.Add(10_000);
        }

        histogram.Add(5_000_000);

        Assert.InRange(histogram.Quantile(0.998), 10_000, 10_100);
        Assert.Equal(5_000_000, histogram.Quantile(1));
        Assert.Equal(5_000_000, histogram.MaxNs);
    }
}
