using System;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using Xunit;

namespace EdgeProxy.Tests.Services.Choosing;

/// <summary>Retries that requests earned: a share of them, for as long as the window is, and each spent once.</summary>
public sealed class RetryReserveTests
{
    private const long WindowMs = 10_000;
    private const int Share = 20;

    private readonly RetryReserve _reserve = new();

    [Fact]
    public void TrySpend_NothingEarned_IsNothing() => Assert.Equal(0, SpendAll(5_000));

    [Theory]
    [InlineData(4, 0)]
    [InlineData(5, 1)]
    [InlineData(64, 12)]
    [InlineData(1_000, 200)]
    public void TrySpend_IsTheShareOfWhatWentWell_AndSpentOnce(int requests, int retries)
    {
        Earn(requests, 5_000);

        Assert.Equal(retries, SpendAll(5_999));
        Assert.Equal(0, SpendAll(5_999));
    }

    [Fact]
    public void TrySpend_OfAnEarlierWindow_IsNothing()
    {
        Earn(100, 5_000);
        Earn(50, 9_000);

        Assert.Equal(10, SpendAll(15_000)); // what was earned at 5,000 is over
        Assert.Equal(0, SpendAll(19_000));
        Earn(5, 19_000);
        Assert.Equal(0, SpendAll(24_999)); // what was spent counts for as long
        Assert.Equal(1, SpendAll(25_000));
        Earn(100, 25_000);
        Assert.Equal(0, SpendAll(1_000_000_000));
    }

    [Fact]
    public void Earn_ForTenMinutesAtOneRate_KeepsOneWindow()
    {
        for (int i = 0; i < 6_000; i++)
        {
            Earn(1, i * 100L);
        }

        Assert.Equal(20, SpendAll(599_900));
    }

    [Fact]
    public void Earn_AnotherWindow_BeginsAnew()
    {
        Earn(100, 5_000);

        Assert.False(_reserve.TrySpend(5_000, 2 * WindowMs, Share));
        Assert.False(_reserve.TrySpend(5_000, WindowMs, Share));
    }

    [Fact]
    public void OfAShard_ReloadChangesTheWindow_ExchangesOfBothConfigurationsShareWhatIsEarned()
    {
        var picks = new ServicePicks(StrategyKind.RoundRobin, 1);
        Assert.False(EarnAndSpend(picks.Service, 100, picks.NowMs));
        Service before = picks.Apply(WithWindow(picks.Settings, seconds: 10));
        Service after = picks.Apply(WithWindow(picks.Settings, seconds: 20));

        // In turn, as they end.
        Assert.False(EarnAndSpend(before, 2, picks.NowMs));
        Assert.False(EarnAndSpend(after, 2, picks.NowMs));
        Assert.True(EarnAndSpend(before, 1, picks.NowMs));

        // What is earned lasts for the new window.
        Assert.False(EarnAndSpend(before, 4, picks.NowMs));
        Assert.True(EarnAndSpend(before, 1, picks.NowMs + 15_000));

        picks.Apply(picks.Settings with { Retry = null });
        Assert.False(EarnAndSpend(after, 100, picks.NowMs + 15_000));
    }

    [Fact]
    public void EarnAndSpend_AllocateNothing() => Allocations.AssertNone(() =>
    {
        for (int i = 0; i < 100; i++)
        {
            _reserve.Earn(i * 500, WindowMs);
            _reserve.TrySpend(i * 500, WindowMs, Share);
        }
    });

    private static ServiceSettings WithWindow(ServiceSettings settings, int seconds) =>
        settings with { Retry = new RetrySettings { BudgetWindow = TimeSpan.FromSeconds(seconds) } };

    private static bool EarnAndSpend(Service service, int requests, long nowMs)
    {
        for (int i = 0; i < requests; i++)
        {
            service.Shard(0).EarnRetry(nowMs);
        }

        return service.Shard(0).TrySpendRetry(nowMs, Share);
    }

    private void Earn(int requests, long nowMs)
    {
        for (int i = 0; i < requests; i++)
        {
            _reserve.Earn(nowMs, WindowMs);
        }
    }

    private int SpendAll(long nowMs)
    {
        int count = 0;
        while (_reserve.TrySpend(nowMs, WindowMs, Share))
        {
            count++;
        }

        return count;
    }
}
