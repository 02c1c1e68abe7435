using System;
using System.Linq;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using Xunit;

namespace EdgeProxy.Tests.Services.Choosing;

/// <summary>Servers of a later priority get requests only while too few of an earlier one are usable.</summary>
public class PriorityTests
{
    public static TheoryData<string> Strategies() => [.. Enum.GetNames<StrategyKind>()];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void EnoughOfTheFirst_OthersGetNothing(string strategy)
    {
        ServicePicks picks = Picks(strategy, spillBelow: 50, 0, 0, 3, 3);

        Assert.Equal("11..", Who(picks));
        picks.SetUsable(0, false);
        Assert.Equal(".1..", Who(picks)); // half is enough
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void TooFewOfTheFirst_TheNextTakesPart(string strategy)
    {
        ServicePicks picks = Picks(strategy, spillBelow: 51, 0, 0, 3, 3);
        picks.SetUsable(0, false);

        Assert.Equal(".111", Who(picks));
        picks.SetUsable(1, false);
        Assert.Equal("..11", Who(picks));
        picks.SetUsable(0, true);
        picks.SetUsable(1, true);
        Assert.Equal("11..", Who(picks));
    }

    [Fact]
    public void TooFewOfTwo_TheThirdTakesPart()
    {
        ServicePicks picks = Picks("RoundRobin", spillBelow: 100, 7, 1, 1, 0);

        Assert.Equal("...1", Who(picks));
        picks.SetUsable(3, false);
        Assert.Equal(".11.", Who(picks));
        picks.SetUsable(2, false);
        Assert.Equal("11..", Who(picks));
        picks.SetUsable(0, false);
        picks.SetUsable(1, false);
        Assert.Equal(Strategy.None, picks.Pick());
    }

    [Fact]
    public void FurtherTry_AllOfTheFirstTried_GoesToTheNext()
    {
        ServicePicks picks = Picks("RoundRobin", spillBelow: 50, 0, 1);
        picks.Tried.Add(0);

        Assert.Equal(1, picks.Pick());
    }

    [Fact]
    public void FirstIsFull_TheNextTakesItsPlace()
    {
        var picks = new ServicePicks(StrategyKind.RoundRobin, 1, 1);
        picks.Apply(Settings(picks, 50, 0, 1) with { Capacity = new CapacitySettings { RequestsMax = 1 } });
        Assert.True(picks.Service.Servers[0].TryTakeSlot(1));

        Assert.Equal(1, picks.Pick());
        picks.Service.Servers[0].GiveSlot();
        Assert.Equal(0, picks.Pick());
    }

    [Fact]
    public void Pick_Warm_AllocatesNothing()
    {
        ServicePicks picks = Picks("RoundRobin", spillBelow: 100, 0, 0, 1, 1);
        picks.SetUsable(0, false);

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                _ = picks.Pick();
            }
        });
    }

    private static ServicePicks Picks(string strategy, int spillBelow, params int[] priorities)
    {
        var picks = new ServicePicks(strategy, [.. priorities.Select(_ => 1)]);
        picks.Apply(Settings(picks, spillBelow, priorities));
        return picks;
    }

    private static ServiceSettings Settings(ServicePicks picks, int spillBelow, params int[] priorities) =>
        picks.Settings with
        {
            SpillBelow = spillBelow,
            Servers =
                [.. picks.Settings.Servers.Select((server, place) => server with { Priority = priorities[place] })],
        };

    // 1 for a server that is chosen now and then.
    private static string Who(ServicePicks picks) => string.Concat(
        picks.Count(400, i => RandomSequence.Mix((ulong)i)).Select(count => count > 0 ? '1' : '.'));
}
