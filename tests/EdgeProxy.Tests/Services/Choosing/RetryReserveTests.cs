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
    public void EarnAndSpend_AllocateNothing() => Allocations.AssertNone(() =>
    {
        for (int i = 0; i < 100; i++)
        {
            _reserve.Earn(i * 500, WindowMs);
            _reserve.TrySpend(i * 500, WindowMs, Share);
        }
    });

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
