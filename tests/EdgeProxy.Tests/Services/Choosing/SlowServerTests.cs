using System;
using System.Collections.Generic;
using EdgeProxy.Services.Choosing;
using Xunit;

namespace EdgeProxy.Tests.Services.Choosing;

/// <summary>
/// Four servers, one of them twenty times slower, requests that arrive whatever happens: an open-loop model in
/// simulated time, so that the figures are the same in every run.
/// </summary>
public class SlowServerTests(ITestOutputHelper output)
{
    private const int Requests = 40_000;
    private const double ArrivalsPerMs = 0.8;
    private const double FastMs = 4;
    private const double SlowMs = 80;
    private const int Slow = 2;

    [Theory]
    [InlineData(nameof(StrategyKind.P2c))]
    [InlineData(nameof(StrategyKind.LeastTime))]
    [InlineData(nameof(StrategyKind.LeastConnections))]
    public void OneSlowServer_P99_IsBelowRoundRobin(string strategy)
    {
        (double roundRobinP99, double roundRobinShare) = Run(nameof(StrategyKind.RoundRobin));
        (double p99, double share) = Run(strategy);
        output.WriteLine($"round robin {roundRobinP99:0} ms, {roundRobinShare:P1} slow; {strategy} {p99:0} ms, {share:P1}");

        Assert.Equal(0.25, roundRobinShare, 0.001);
        Assert.True(share < 0.1, $"{share:P1} went to the slow server");
        Assert.True(p99 < 0.6 * roundRobinP99, $"{p99:0} ms, round robin {roundRobinP99:0} ms");
    }

    [Fact]
    public void OneSlowServer_LeastTime_HidesItFromTheP99()
    {
        (double p99, double share) = Run(nameof(StrategyKind.LeastTime));

        Assert.True(share < 0.01, $"{share:P2} went to the slow server");
        Assert.True(p99 < SlowMs / 2, $"{p99:0} ms");
    }

    private static (double P99, double SlowShare) Run(string strategy)
    {
        var picks = new ServicePicks(strategy, 1, 1, 1, 1);
        var random = new RandomSequence(11);
        var endings = new PriorityQueue<(int Place, double Began), double>();
        var times = new List<double>();
        double now = picks.NowMs;
        int slow = 0;
        for (int i = 0; i < Requests; i++)
        {
            now += Exponential(ref random, 1 / ArrivalsPerMs);
            while (endings.TryPeek(out (int Place, double Began) done, out double at) && at <= now)
            {
                endings.Dequeue();
                picks.Load(done.Place).Leave();
                picks.Load(done.Place).NoteTime((long)(at - done.Began), (long)at);
                times.Add(at - done.Began);
            }

            picks.NowMs = (long)now;
            int place = picks.Pick();
            picks.Load(place).Enter();
            slow += place == Slow ? 1 : 0;
            endings.Enqueue((place, now), now + Exponential(ref random, place == Slow ? SlowMs : FastMs));
        }

        times.Sort();
        return (times[times.Count * 99 / 100], (double)slow / Requests);
    }

    private static double Exponential(ref RandomSequence random, double mean) =>
        -mean * Math.Log(((random.Next() >> 11) + 0.5) / (1UL << 53));
}
