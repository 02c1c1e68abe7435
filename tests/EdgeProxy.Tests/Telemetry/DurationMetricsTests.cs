using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Tracing;
using EdgeProxy.Telemetry;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

public sealed class DurationMetricsTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(5_000, 0)]
    [InlineData(5_001, 1)]
    [InlineData(999_999, 9)]
    [InlineData(10_000_000, 13)]
    [InlineData(10_000_001, 14)]
    [InlineData(long.MaxValue / 2, 14)]
    public void Add_FallsIntoItsBucket(long durationUs, int bucket)
    {
        var histogram = new DurationHistogram();

        histogram.Add(durationUs);

        Assert.Equal(bucket, Enumerable.Range(0, DurationHistogram.BucketCount).Single(i => histogram.Read(i) == 1));
        Assert.Equal(durationUs, histogram.SumUs);
    }

    [Fact]
    public void Bounds_AreThoseOfTheConventions() => Assert.Equal(
        [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, double.PositiveInfinity],
        Enumerable.Range(0, DurationHistogram.BucketCount).Select(DurationHistogram.BoundSeconds));

    [Fact]
    public void Read_AddsLoopsUp()
    {
        var metrics = new DurationMetrics(3);
        metrics.Of(0, Method.Get, 1).Add(1_000);
        metrics.Of(2, Method.Get, 1).Add(20_000);
        metrics.Of(2, Method.Post, 4).Add(5);
        var sum = new DurationSum();

        Assert.True(metrics.TryRead(Method.Get, 1, sum));
        Assert.Equal((2, 21_000, 1, 1), (sum.Count, sum.SumUs, sum.Counts[0], sum.Counts[2]));
        Assert.True(metrics.TryRead(Method.Post, 4, sum));
        Assert.Equal((1, 5), (sum.Count, sum.SumUs));
        Assert.False(metrics.TryRead(Method.Get, 4, sum));
    }

    [Fact]
    public void Example_TheLatestOfABucketIsShown()
    {
        var metrics = new DurationMetrics(2);
        metrics.Of(0, Method.Get, 1).AddExample(1_000, new TraceParent(1, 2, 3, true), unixMs: 10);
        metrics.Of(1, Method.Get, 1).AddExample(2_000, new TraceParent(4, 5, 6, true), unixMs: 20);
        metrics.Of(0, Method.Get, 1).AddExample(6_000, new TraceParent(7, 8, 9, true), unixMs: 5);
        var sum = new DurationSum();

        Assert.True(metrics.TryRead(Method.Get, 1, sum));
        Assert.Equal(new Exemplar(new TraceParent(4, 5, 6, true), 2_000, 20), sum.Exemplars[0]);
        Assert.Equal(9UL, sum.Exemplars[1].Trace.Span);
        Assert.Equal(0UL, sum.Exemplars[2].Trace.Span);
    }

    [Fact]
    public async Task Example_ReadWhileItIsWritten_IsWholeOrNone()
    {
        var histogram = new DurationHistogram();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() =>
        {
            for (ulong i = 1; !stop.IsCancellationRequested; i++)
            {
                histogram.AddExample(1, new TraceParent(i, i, i, true), (long)i);
            }
        }, TestContext.Current.CancellationToken);
        int seen = 0;
        while (seen < 20_000)
        {
            if (histogram.TryReadExample(0, out Exemplar exemplar))
            {
                ulong number = exemplar.Trace.Span;
                Assert.Equal((number, number, (long)number),
                    (exemplar.Trace.TraceHigh, exemplar.Trace.TraceLow, exemplar.UnixMs));
                seen++;
            }
        }

        await stop.CancelAsync();
        await writing;
    }

    [Theory]
    [InlineData(200, FaultKind.None, "2xx", "")]
    [InlineData(101, FaultKind.None, "1xx", "")]
    [InlineData(599, FaultKind.UpstreamClosed, "5xx", "")]
    [InlineData(999, FaultKind.None, "5xx", "")]
    [InlineData(0, FaultKind.ConnectFailed, "", "connect_failed")]
    [InlineData(0, FaultKind.ResponseTimeout, "", "timeout")]
    [InlineData(0, FaultKind.UpstreamClosed, "", "closed")]
    [InlineData(0, FaultKind.UpstreamMalformed, "", "malformed")]
    [InlineData(0, FaultKind.ClientGone, "", "cancelled")]
    [InlineData(0, FaultKind.None, "", "cancelled")]
    public void Outcome_IsAStatusClassOrAnErrorType(int status, object fault, string statusClass, string errorType)
    {
        int outcome = Outcome.Of(status, (FaultKind)fault);

        Assert.Equal((statusClass, errorType), (Outcome.StatusClass(outcome), Outcome.ErrorType(outcome)));
    }

    [Fact]
    public void Directory_KeepsWhatBothConfigurationsName()
    {
        var directory = new DurationDirectory(1);
        directory.Commit(directory.Prepare(["a", "b"]));
        DurationMetrics kept = directory.Current["b"];

        var next = directory.Prepare(["b", "c"]);
        Assert.Equal(["a", "b"], directory.Current.Keys);
        directory.Commit(next);

        Assert.Equal(["b", "c"], directory.Current.Keys);
        Assert.Same(kept, directory.Current["b"]);
    }
}
