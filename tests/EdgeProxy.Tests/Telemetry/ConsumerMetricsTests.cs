using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Telemetry;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

public sealed class ConsumerMetricsTests
{
    [Fact]
    public void Loops_AreAddedUp_ByEnd()
    {
        var metrics = new ConsumerMetrics(3);
        foreach (int loop in (int[])[0, 1, 2, 2])
        {
            metrics.Add(loop, Outcome.Of(200, FaultKind.None), isRefused: false, isReported: loop == 0);
        }

        metrics.Add(1, Outcome.Of(429, FaultKind.None), isRefused: true, isReported: true);
        metrics.Add(2, Outcome.Of(0, FaultKind.ClientGone), isRefused: false, isReported: false);
        metrics.Add(2, Outcome.Of(0, FaultKind.ConnectTimeout), isRefused: false, isReported: false);

        Assert.Equal([0, 4, 0, 1, 0, 2], Enumerable.Range(0, ConsumerMetrics.Ends).Select(metrics.Read));
        Assert.Equal((1, 2), (metrics.ReadRefused(), metrics.ReadReported()));
        Assert.Equal(
            ["1xx", "2xx", "3xx", "4xx", "5xx", "none"],
            Enumerable.Range(0, ConsumerMetrics.Ends).Select(ConsumerMetrics.LabelOf));
    }

    [Fact]
    public void Directory_KeepsWhoStays_AndNothingChangesUntilItIsInUse()
    {
        var directory = new ConsumerDirectory(1);
        Dictionary<string, ConsumerMetrics> first = directory.Prepare(["shop", "till"]);
        Assert.Empty(directory.Current);
        directory.Commit(first);

        Dictionary<string, ConsumerMetrics> next = directory.Prepare(["till", "desk"]);

        Assert.Same(first, directory.Current);
        Assert.Same(first["till"], next["till"]);
        Assert.Equal(["till", "desk"], next.Keys);
        directory.Commit(next);
        Assert.NotSame(first["shop"], directory.Prepare(["shop"])["shop"]);
    }
}
