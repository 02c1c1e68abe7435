using System;
using EdgeProxy.Primitives.Limits;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Limits;

public class GcraTests
{
    [Fact]
    public void Take_BurstThenRate_IsExact()
    {
        var rate = new Gcra(10, TimeSpan.FromSeconds(1), 5);
        long full = 0;

        for (int i = 0; i < 5; i++)
        {
            (full, RateAnswer answer) = rate.Take(full, 1_000);
            Assert.Equal((true, 4 - i), (answer.IsAllowed, answer.Remaining));
        }

        (long same, RateAnswer refused) = rate.Take(full, 1_000);
        Assert.Equal((false, 100L, 500L), (refused.IsAllowed, refused.RetryAfterMs, refused.ResetMs));
        Assert.Equal(full, same);
        Assert.False(rate.Take(full, 1_099).Answer.IsAllowed);
        Assert.True(rate.Take(full, 1_100).Answer.IsAllowed);
    }

    [Theory]
    [InlineData(100, 1, 50)]
    [InlineData(7, 1, 1)]
    [InlineData(3, 60, 2)]
    public void Take_ForAnHour_AllowsAverageAndBurst(int average, int periodSeconds, int burst)
    {
        // Asked each millisecond, more often than allowed: what passes is the burst and then the average.
        var rate = new Gcra(average, TimeSpan.FromSeconds(periodSeconds), burst);
        const int Seconds = 3600;
        long full = 0;
        int allowed = 0;
        for (int ms = 0; ms < Seconds * 1000; ms++)
        {
            (full, RateAnswer answer) = rate.Take(full, 1 + ms);
            allowed += answer.IsAllowed ? 1 : 0;
        }

        int expected = burst + (average * Seconds / periodSeconds);

        // An interval that is no whole number of milliseconds ends at the next one.
        Assert.InRange(allowed, expected - (expected / 100) - 1, expected);
    }

    [Fact]
    public void Take_AfterAnyIdleTime_HasTheWholeBurstAndNoMore()
    {
        var rate = new Gcra(1, TimeSpan.FromSeconds(1), 3);
        long full = 0;
        for (int round = 0; round < 3; round++)
        {
            long nowMs = 1 + (round * 1_000_000_000L);
            for (int i = 0; i < 5; i++)
            {
                (full, RateAnswer answer) = rate.Take(full, nowMs);
                Assert.Equal(i < 3, answer.IsAllowed);
            }
        }
    }

    [Fact]
    public void Take_ClockThatLags_GivesNothingBack()
    {
        var rate = new Gcra(10, TimeSpan.FromSeconds(1), 1);
        (long full, _) = rate.Take(0, 1_000);

        Assert.False(rate.Take(full, 900).Answer.IsAllowed);
        Assert.False(rate.Take(full, 1_000).Answer.IsAllowed);
        Assert.True(rate.Take(full, 1_100).Answer.IsAllowed);
    }

    [Fact]
    public void Constructor_BurstThatTakesTooLong_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Gcra(1, TimeSpan.FromDays(1), 32));
        Assert.Equal(TimeSpan.MaxValue, Gcra.RefillTime(1, TimeSpan.FromDays(1), int.MaxValue));
    }
}
