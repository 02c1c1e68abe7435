using System;
using System.Linq;
using EdgeProxy.Ai;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class OperationMetricsTests
{
    // What is left out would have the count of calls, and their mean, wrong.
    [Fact]
    public void AddDuration_EveryOutcome_IsInOneSeriesThatIsTold()
    {
        var metrics = new OperationMetrics(loopCount: 1);
        CallOutcome[] all = Enum.GetValues<CallOutcome>();
        foreach (CallOutcome outcome in all)
        {
            metrics.AddDuration(loop: 0, outcome, durationUs: 5);
        }

        long[] told = [.. Enumerable.Range(0, (int)CallOutcomes.LastError + 1)
            .Select(i => metrics.ReadBucket(OperationSeries.Duration + i, bucket: 0))];

        Assert.Equal(all.Length, told.Sum());
        Assert.Equal(all.Count(static o => !CallOutcomes.IsError(o)), told[0]);
        Assert.All(told[1..], static count => Assert.Equal(1, count));
    }
}
