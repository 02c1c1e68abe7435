using System;
using System.Text;
using EdgeProxy.Primitives.Time;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Time;

public sealed class CoarseClockTests
{
    [Fact]
    public void DateText_AnyDate_IsImfFixdate()
    {
        // The example of RFC 9110 section 5.6.7.
        var time = new HandTime { Wall = new DateTimeOffset(1994, 11, 6, 8, 49, 37, TimeSpan.Zero) };
        var clock = new CoarseClock(time);

        Assert.Equal("Sun, 06 Nov 1994 08:49:37 GMT", Encoding.ASCII.GetString(clock.DateText));
        Assert.Equal(CoarseClock.DateTextBytes, clock.DateText.Length);
    }

    [Fact]
    public void DateText_SecondTurns_Follows()
    {
        var time = new HandTime { Wall = new DateTimeOffset(2026, 1, 1, 0, 0, 0, 900, TimeSpan.Zero) };
        var clock = new CoarseClock(time);
        Assert.Equal("Thu, 01 Jan 2026 00:00:00 GMT", Encoding.ASCII.GetString(clock.DateText));

        time.Pass(99);
        clock.Refresh();
        Assert.Equal("Thu, 01 Jan 2026 00:00:00 GMT", Encoding.ASCII.GetString(clock.DateText));

        time.Pass(1);
        clock.Refresh();
        Assert.Equal("Thu, 01 Jan 2026 00:00:01 GMT", Encoding.ASCII.GetString(clock.DateText));
    }

    [Fact]
    public void DateText_ClockWasStepped_FollowsWithinASecond()
    {
        var time = new HandTime { Wall = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero) };
        var clock = new CoarseClock(time);
        _ = clock.DateText;

        time.Wall = new DateTimeOffset(2025, 6, 1, 12, 0, 0, TimeSpan.Zero);
        time.Pass(1000);
        clock.Refresh();

        Assert.Equal("Sun, 01 Jun 2025 12:00:01 GMT", Encoding.ASCII.GetString(clock.DateText));
        Assert.Equal(time.Wall.ToUnixTimeMilliseconds(), clock.UnixMs);
    }

    [Fact]
    public void NowMs_OnlyRefreshMovesIt()
    {
        var time = new HandTime();
        var clock = new CoarseClock(time);
        long before = clock.NowMs;

        time.Pass(250);
        Assert.Equal(before, clock.NowMs);
        clock.Refresh();

        Assert.Equal(before + 250, clock.NowMs);
    }

    [Fact]
    public void DateText_EverySecond_AllocatesNothing()
    {
        var time = new HandTime();
        var clock = new CoarseClock(time);
        int checksum = clock.DateText[0];

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                time.Pass(1000);
                clock.Refresh();
                checksum += clock.DateText[24];
            }
        });
        Assert.NotEqual(0, checksum);
    }

    private sealed class HandTime : TimeProvider
    {
        private long _timestamp = 5_000_000_000;

        public DateTimeOffset Wall { get; set; } = DateTimeOffset.UnixEpoch;

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => _timestamp;

        public override DateTimeOffset GetUtcNow() => Wall;

        public void Pass(int ms)
        {
            _timestamp += ms * 1_000_000L;
            Wall += TimeSpan.FromMilliseconds(ms);
        }
    }
}
