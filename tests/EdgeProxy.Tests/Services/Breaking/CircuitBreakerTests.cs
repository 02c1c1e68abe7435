using System;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Services;
using EdgeProxy.Services.Breaking;
using Xunit;

namespace EdgeProxy.Tests.Services.Breaking;

/// <summary>When a breaker opens, and how it lets requests pass again.</summary>
public class CircuitBreakerTests
{
    private const long StartMs = 1_000_500;
    private const string Errors = "NetworkErrorRatio() > 0.5";

    [Fact]
    public void NetworkErrors_OverTheShare_OpenIt()
    {
        CircuitBreaker breaker = Breaker(Errors);
        for (int i = 0; i < 10; i++)
        {
            Assert.False(breaker.Note(0, StartMs + i, 200, isNetworkError: false, 5));
        }

        // 10 of 20 are not more than half.
        int opened = Enumerable.Range(0, 11).First(i => breaker.Note(0, StartMs + 100 + (200 * i), 502, true, 5));

        Assert.Equal(10, opened);
        Assert.Equal(BreakerState.Open, breaker.StateAt(StartMs + 2_100));
        Assert.Equal(10_000, breaker.OpenForMs(StartMs + 2_100));
        Assert.False(breaker.Admits(StartMs + 2_100, 0));
    }

    [Fact]
    public void FewRequests_SayNothing()
    {
        CircuitBreaker breaker = Breaker(Errors);

        for (int i = 0; i < 9; i++)
        {
            Assert.False(breaker.Note(0, StartMs + (200 * i), 502, true, 5));
        }

        Assert.True(breaker.Note(0, StartMs + 2_000, 502, true, 5));
    }

    [Fact]
    public void OldRequests_SayNothing()
    {
        CircuitBreaker breaker = Breaker(Errors);
        for (int i = 0; i < 9; i++)
        {
            breaker.Note(0, StartMs, 502, true, 5);
        }

        Assert.False(breaker.Note(0, StartMs + 10_000, 502, true, 5));
        Assert.Equal(BreakerState.Closed, breaker.StateAt(StartMs + 10_000));
    }

    [Fact]
    public void AllLoops_AreCountedTogether()
    {
        CircuitBreaker breaker = Breaker(Errors, loops: 2);
        for (int i = 0; i < 9; i++)
        {
            Assert.False(breaker.Note(0, StartMs, 502, true, 5));
        }

        Assert.True(breaker.Note(1, StartMs + 200, 502, true, 5));
    }

    [Fact]
    public void CheckPeriod_BoundsHowOftenItLooks()
    {
        CircuitBreaker breaker = Breaker(Errors);
        Assert.False(breaker.Note(0, StartMs, 502, true, 5)); // looked: one is too few

        for (int i = 0; i < 50; i++)
        {
            Assert.False(breaker.Note(0, StartMs + 99, 502, true, 5));
        }

        Assert.True(breaker.Note(0, StartMs + 100, 502, true, 5));
    }

    [Theory]
    [InlineData("ResponseCodeRatio(500, 600, 0, 600) > 0.4", "200 200 500 599", true)]
    [InlineData("ResponseCodeRatio(500, 600, 0, 600) > 0.5", "200 200 500 599", false)]
    [InlineData("ResponseCodeRatio(500, 600, 400, 600) > 0.6", "200 404 500 599", true)]
    [InlineData("ResponseCodeRatio(500, 600, 400, 600) > 0.7", "200 404 500 599", false)]
    [InlineData("ResponseCodeRatio(500, 503, 0, 600) > 0", "503 503 503 503", false)]
    [InlineData("ResponseCodeRatio(503, 504, 0, 600) >= 1", "503 503 503 503", true)]
    [InlineData("ResponseCodeRatio(500, 600, 100, 200) > 0", "500 500 500 500", false)]
    public void ResponseCodes_Ratio(string expression, string statuses, bool opens)
    {
        CircuitBreaker breaker = Breaker(expression, requestsMin: 4);
        bool opened = false;
        int at = 0;
        foreach (string status in statuses.Split(' '))
        {
            opened = breaker.Note(0, StartMs + (200 * at++), int.Parse(status), false, 5);
        }

        Assert.Equal(opens, opened);
    }

    [Theory]
    [InlineData(50, 100, false)]
    [InlineData(50, 99, true)]
    [InlineData(90, 100, false)]
    [InlineData(91, 100, true)]
    [InlineData(100, 2900, true)]
    [InlineData(100, 3100, false)]
    public void Latency_Quantile(double percent, int thresholdMs, bool opens)
    {
        // Nine of 100 ms, one of three seconds.
        CircuitBreaker breaker = Breaker($"LatencyAtQuantileMS({percent}) > {thresholdMs}");
        for (int i = 0; i < 9; i++)
        {
            breaker.Note(0, StartMs, 200, false, 100);
        }

        Assert.Equal(opens, breaker.Note(0, StartMs + 200, 200, false, 3_000));
    }

    [Fact]
    public void Latency_AnyTime_IsWithinThreePercent()
    {
        BreakerExpression expression = BreakerParser.Parse("LatencyAtQuantileMS(100) > 0", out _, out _)!;
        foreach (long elapsedMs in new long[] { 0, 1, 31, 32, 33, 63, 64, 65, 127, 1_000, 12_345, 1_048_575 })
        {
            var window = new BreakerWindow(expression);
            window.Note(expression, 7, 200, false, elapsedMs);

            double found = BreakerWindow.Quantile([window], expression, 100, 7, 0);

            Assert.InRange(found, elapsedMs * 0.97, elapsedMs * 1.03);
        }

        var late = new BreakerWindow(expression);
        late.Note(expression, 7, 200, false, long.MaxValue);
        Assert.InRange(BreakerWindow.Quantile([late], expression, 100, 7, 0), 1_000_000, 1_048_576);
    }

    [Fact]
    public void Recovery_SharePassesLinearly_ThenAll()
    {
        CircuitBreaker breaker = Open(out long openedMs);
        long recoversMs = openedMs + 10_000;

        Assert.False(breaker.Admits(recoversMs - 1, 0));
        Assert.True(breaker.Admits(recoversMs, 0));
        Assert.Equal(BreakerState.Recovering, breaker.StateAt(recoversMs));
        foreach (int percent in new[] { 10, 25, 50, 90 })
        {
            long nowMs = recoversMs + (percent * 100);
            int passed = Enumerable.Range(0, 1000)
                .Count(i => breaker.Admits(nowMs, (uint)(i * (uint.MaxValue / 1000))));
            Assert.InRange(passed, (percent * 10) - 1, (percent * 10) + 1);
        }

        Assert.True(breaker.Admits(recoversMs + 10_000, uint.MaxValue));
        Assert.Equal(BreakerState.Closed, breaker.StateAt(recoversMs + 10_000));
    }

    [Fact]
    public void Recovery_FirstFault_OpensItAgain()
    {
        CircuitBreaker breaker = Open(out long openedMs);

        // Late answers to what was sent before say nothing.
        Assert.False(breaker.Note(0, openedMs + 9_900, 502, true, 9_900));
        Assert.False(breaker.Note(0, openedMs + 11_000, 200, false, 5));
        Assert.False(breaker.Note(0, openedMs + 11_200, 502, true, 5)); // half
        Assert.True(breaker.Note(0, openedMs + 11_400, 502, true, 5));
        Assert.Equal(BreakerState.Open, breaker.StateAt(openedMs + 21_300));
    }

    // A server that hung answers in time-outs for as long as those take, however well it is by then.
    [Fact]
    public void Recovery_TriesBegunBeforeIt_SayNothing()
    {
        CircuitBreaker breaker = Open(out long openedMs);

        for (int i = 0; i < 100; i++)
        {
            Assert.False(breaker.Note(0, openedMs + 10_500 + (i * 90), 504, true, 60_000));
        }

        Assert.Equal(BreakerState.Closed, breaker.StateAt(openedMs + 20_000));
    }

    [Fact]
    public void Reload_OtherRecoveryDuration_ClosedStaysClosedAndAShareStaysAShare()
    {
        var directory = new ServiceDirectory(loopCount: 1, seed: 1);
        Service first = Apply(directory, Settings(Errors));
        for (int i = 0; i < 10; i++)
        {
            first.Breaker!.Note(0, StartMs + (200 * i), 502, true, 5);
        }

        long openUntilMs = StartMs + 1_800 + 10_000;
        Assert.Equal(BreakerState.Open, first.Breaker!.StateAt(openUntilMs - 1));

        CircuitBreaker longer = Apply(
            directory, Settings(Errors) with { RecoveryDuration = TimeSpan.FromHours(1) }).Breaker!;

        Assert.Equal(BreakerState.Open, longer.StateAt(openUntilMs - 1));
        Assert.True(longer.Admits(openUntilMs + 6_000, uint.MaxValue / 2));
        Assert.Equal(BreakerState.Closed, longer.StateAt(openUntilMs + 10_000));

        // From its next opening on the new duration counts.
        for (int i = 0; i < 10; i++)
        {
            longer.Note(0, openUntilMs + 60_000 + (200 * i), 502, true, 5);
        }

        Assert.Equal(BreakerState.Recovering, longer.StateAt(openUntilMs + 60_000 + 1_800 + 10_000 + 60_000));
    }

    // Between Prepare and Commit there may be a second, in which the old one opens.
    [Fact]
    public void Reload_OpensWhileItIsPrepared_IsNotLost()
    {
        var directory = new ServiceDirectory(loopCount: 1, seed: 1);
        Service first = Apply(directory, Settings(Errors));
        Dictionary<string, Service> prepared = directory.Prepare([Named(Settings("NetworkErrorRatio() > 0.9"))]);
        for (int i = 0; i < 10; i++)
        {
            first.Breaker!.Note(0, StartMs + (200 * i), 502, true, 5);
        }

        directory.Commit(prepared);

        Assert.Equal(BreakerState.Open, prepared["app"].Breaker!.StateAt(StartMs + 2_000));
    }

    [Fact]
    public void Recovery_GoodAnswers_CloseIt()
    {
        CircuitBreaker breaker = Open(out long openedMs);

        for (int i = 0; i < 100; i++)
        {
            Assert.False(breaker.Note(0, openedMs + 10_000 + (i * 100), 200, false, 5));
        }

        Assert.Equal(BreakerState.Closed, breaker.StateAt(openedMs + 20_000));
    }

    [Fact]
    public void News_EachChangeOnce_AndNoneFromAClockBehind()
    {
        CircuitBreaker breaker = Open(out _);

        Assert.True(breaker.IsNews(BreakerState.Open));
        Assert.False(breaker.IsNews(BreakerState.Open));
        Assert.True(breaker.IsNews(BreakerState.Recovering));
        Assert.True(breaker.IsNews(BreakerState.Closed));
        Assert.False(breaker.IsNews(BreakerState.Recovering));
        Assert.True(breaker.IsNews(BreakerState.Open));
        Assert.True(breaker.IsNews(BreakerState.Closed));
    }

    [Fact]
    public void Reload_KeepsTheStateAndWithTheSettingsTheCounts()
    {
        var directory = new ServiceDirectory(loopCount: 1, seed: 1);
        Service first = Apply(directory, Settings(Errors));
        for (int i = 0; i < 9; i++)
        {
            first.Breaker!.Note(0, StartMs + (200 * i), 502, true, 5);
        }

        Service same = Apply(directory, Settings(Errors));
        Assert.Same(first.Breaker, same.Breaker);
        Assert.True(same.Breaker!.Note(0, StartMs + 2_000, 502, true, 5));
        Assert.False(same.IsUsable(StartMs + 2_000, 0));

        Service other = Apply(directory, Settings("NetworkErrorRatio() > 0.9"));
        Assert.NotSame(first.Breaker, other.Breaker);
        Assert.Equal(BreakerState.Open, other.Breaker!.StateAt(StartMs + 2_000));
        Assert.True(other.IsUsable(StartMs + 12_000, 0));
        Assert.False(other.IsUsable(StartMs + 12_000, uint.MaxValue));

        Assert.Null(Apply(directory, null).Breaker);
        Assert.Equal(BreakerState.Closed, Apply(directory, Settings(Errors)).Breaker!.StateAt(StartMs + 2_000));
    }

    [Fact]
    public void Note_Warm_AllocatesNothing()
    {
        CircuitBreaker breaker = Breaker($"{Errors} || LatencyAtQuantileMS(99) > 1000", loops: 4);
        long nowMs = StartMs;

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                breaker.Note(i % 4, nowMs += 50, 200, false, i);
                _ = breaker.Admits(nowMs, 7);
            }
        });
    }

    private static Service Apply(ServiceDirectory directory, BreakerSettings? settings)
    {
        Dictionary<string, Service> services = directory.Prepare([Named(settings)]);
        directory.Commit(services);
        return services["app"];
    }

    private static ServiceSettings Named(BreakerSettings? settings) =>
        new() { Name = "app", Servers = [new ServerSettings("10.0.0.1", 80, 1)], Breaker = settings };

    private static BreakerSettings Settings(string expression, int requestsMin = 10) => new()
    {
        Expression = BreakerParser.Parse(expression, out _, out _)!,
        RequestsMin = requestsMin,
    };

    private static CircuitBreaker Breaker(string expression, int loops = 1, int requestsMin = 10) =>
        new(Settings(expression, requestsMin), loops);

    private static CircuitBreaker Open(out long openedMs)
    {
        CircuitBreaker breaker = Breaker(Errors);
        openedMs = StartMs;
        for (int i = 0; !breaker.Note(0, openedMs, 502, true, 5) && i < 20; i++)
        {
            openedMs += 100;
        }

        return breaker;
    }
}
