using System;
using System.Linq;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using Xunit;

namespace EdgeProxy.Tests.Services.Choosing;

/// <summary>What holds whatever the strategy is.</summary>
public class PickTests
{
    public static TheoryData<string> Strategies() => [.. Enum.GetNames<StrategyKind>()];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Pick_TriedAndUnusable_AreNeverChosen(string strategy)
    {
        var picks = new ServicePicks(strategy, 1, 2, 3, 4);
        picks.Tried.Add(2);
        picks.SetUsable(0, false);

        int[] counts = picks.Count(400, i => RandomSequence.Mix((ulong)i));

        Assert.Equal((0, 0), (counts[0], counts[2]));
        Assert.True(counts[1] > 0 && counts[3] > 0);
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Pick_NoneUsable_IsNone(string strategy)
    {
        var picks = new ServicePicks(strategy, 1, 2);
        picks.Tried.Add(0);
        picks.SetUsable(1, false);

        Assert.Equal(Strategy.None, picks.Pick(key: 5));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Pick_OneServer_IsIt(string strategy) =>
        Assert.Equal(50, new ServicePicks(strategy, 3).Count(50)[0]);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Pick_AllocatesNothing(string strategy)
    {
        var picks = new ServicePicks(strategy, 1, 2, 3, 4, 5);
        picks.Load(1).NoteTime(20, picks.NowMs);
        picks.Load(3).Enter();
        picks.SetUsable(4, false);

        Allocations.AssertNone(() =>
        {
            for (ulong key = 0; key < 100; key++)
            {
                picks.Load(picks.Pick(key: key)).NoteTime(3, picks.NowMs);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Apply_ServersThatStay_KeepTheirState(string strategy)
    {
        var picks = new ServicePicks(strategy, 1, 1, 1, 1);
        picks.Load(3).Enter();
        picks.Load(3).NoteTime(70, picks.NowMs);
        Server before = picks.Service.Servers[3];

        picks.Apply(picks.Settings with { Servers = [.. picks.Settings.Servers.Skip(2)] });

        Assert.Same(before, picks.Service.Servers[1]);
        Assert.Equal(1, picks.Load(1).InFlight);
        Assert.Equal(70, picks.Load(1).TimeMs(picks.NowMs));
        Assert.Equal(0, picks.Load(0).InFlight);
        Assert.InRange(picks.Pick(key: 9), 0, 1); // a cursor of four servers is none of two
    }

    [Fact]
    public void Apply_BetweenTurns_TheRotationGoesOn()
    {
        var picks = new ServicePicks(StrategyKind.RoundRobin, 1, 1, 1);
        int[] counts = new int[3];
        for (int i = 0; i < 300; i++)
        {
            counts[picks.Pick()]++;
            picks.Apply(picks.Settings with { IdleConnectionsMax = i });
        }

        Assert.Equal([100, 100, 100], counts);
    }

    [Theory]
    [InlineData(new[] { 1, 1 })]
    [InlineData(new[] { 2, 1 })]
    public void RoundRobin_FurtherTries_AreNoTurns(int[] weights)
    {
        // The first server fails each time, and the request goes to the other.
        var picks = new ServicePicks(StrategyKind.RoundRobin, weights);
        int[] first = new int[2];
        for (int i = 0; i < 60; i++)
        {
            picks.Tried = default;
            int place = picks.Pick();
            first[place]++;
            if (place == 0)
            {
                picks.Tried.Add(place);
                Assert.Equal(1, picks.Pick());
            }
        }

        Assert.Equal([60 * weights[0] / weights.Sum(), 60 * weights[1] / weights.Sum()], first);
    }

    [Fact]
    public void Loops_StartApart()
    {
        var picks = new ServicePicks(StrategyKind.RoundRobin, loops: 3, [1, 1, 1]);

        Assert.Equal([0, 1, 2], Enumerable.Range(0, 3).Select(loop => picks.Pick(loop)));
    }

    [Fact]
    public void Tried_IsBounded()
    {
        var tried = default(TriedServers);
        for (int place = 0; place < 20; place++)
        {
            tried.Add(place);
        }

        Assert.Equal(TriedServers.Max, tried.Count);
        Assert.True(tried.Contains(TriedServers.Max - 1));
        Assert.False(tried.Contains(TriedServers.Max));
    }
}
