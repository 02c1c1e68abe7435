using System;
using System.Linq;
using EdgeProxy.Services.Choosing;
using Xunit;

namespace EdgeProxy.Tests.Services.Choosing;

/// <summary>Who gets how much: exact where the strategy is exact, within chi-squared where it draws lots.</summary>
public class DistributionTests
{
    private static readonly int[] s_weights = [1, 2, 3, 6];

    [Theory]
    [InlineData(new[] { 1, 1, 1 })]
    [InlineData(new[] { 5, 1, 1 })]
    [InlineData(new[] { 1, 2, 3, 6 })]
    [InlineData(new[] { 1000, 1 })]
    public void RoundRobin_EachRound_IsExact(int[] weights)
    {
        var picks = new ServicePicks(StrategyKind.RoundRobin, weights);

        for (int round = 0; round < 5; round++)
        {
            Assert.Equal(weights, picks.Count(weights.Sum()));
        }
    }

    [Fact]
    public void RoundRobin_Weighted_IsSmooth()
    {
        var picks = new ServicePicks(StrategyKind.RoundRobin, 5, 1, 1);

        string order = string.Concat(Enumerable.Range(0, 7).Select(_ => "abc"[picks.Pick()]));

        Assert.Equal("aabacaa", order);
    }

    [Theory]
    [InlineData(new[] { 1, 1, 1, 1 })]
    [InlineData(new[] { 1, 2, 3, 6 })]
    public void RoundRobin_ServerGone_OthersShareExactly(int[] weights)
    {
        var picks = new ServicePicks(StrategyKind.RoundRobin, weights);
        picks.SetUsable(1, false);
        int[] left = [.. weights.Select((weight, place) => place == 1 ? 0 : weight)];
        int round = left.Sum();

        int[] counts = picks.Count(round * 10);

        // The neighbour of the one that is gone gets no more than its own.
        Assert.Equal([.. left.Select(weight => weight * 10)], counts);
    }

    [Theory]
    [InlineData(nameof(StrategyKind.RoundRobin))]
    [InlineData(nameof(StrategyKind.LeastConnections))]
    [InlineData(nameof(StrategyKind.LeastTime))]
    public void TakingTurns_ServersComeAndGo_SharesWithinEachPhaseAreExact(string strategy)
    {
        // What a server was owed when it left is at most a round, and it may bring that back.
        var picks = new ServicePicks(strategy, s_weights);
        var random = new RandomSequence(7);
        for (int phase = 0; phase < 200; phase++)
        {
            bool[] isUsable = [.. s_weights.Select(_ => random.Next(3) > 0)];
            isUsable[random.Next(s_weights.Length)] = true;
            for (int place = 0; place < s_weights.Length; place++)
            {
                picks.SetUsable(place, isUsable[place]);
            }

            int round = s_weights.Where((_, place) => isUsable[place]).Sum();
            int[] counts = picks.Count(10 * round);

            for (int place = 0; place < s_weights.Length; place++)
            {
                int share = isUsable[place] ? 10 * s_weights[place] : 0;
                int slack = isUsable[place] ? s_weights.Sum() : 0;
                Assert.InRange(counts[place], share - slack, share + slack);
            }
        }
    }

    [Theory]
    [InlineData(nameof(StrategyKind.Random))]
    [InlineData(nameof(StrategyKind.P2c))]
    public void ByLot_IdleServers_FollowsWeights(string strategy)
    {
        var picks = new ServicePicks(strategy, s_weights);

        int[] counts = picks.Count(120_000);

        Assert.True(ServicePicks.ChiSquared(counts, s_weights) < ServicePicks.ChiSquaredMax(3), Show(counts));
    }

    [Theory]
    [InlineData(nameof(StrategyKind.Random))]
    [InlineData(nameof(StrategyKind.P2c))]
    public void ByLot_ServersComeAndGo_FollowsTheWeightsOfThoseThere(string strategy)
    {
        var picks = new ServicePicks(strategy, s_weights);
        for (int gone = 0; gone < s_weights.Length; gone++)
        {
            picks.SetUsable(gone, false);
            int[] left = [.. s_weights.Select((weight, place) => place == gone ? 0 : weight)];

            int[] counts = picks.Count(60_000);

            Assert.True(ServicePicks.ChiSquared(counts, left) < ServicePicks.ChiSquaredMax(2), Show(counts));
            picks.SetUsable(gone, true);
        }
    }

    [Fact]
    public void ByLot_OneOfManyUsable_IsFound()
    {
        // Eight blanks are likely here: the usable ones are counted instead.
        var picks = new ServicePicks(StrategyKind.Random, [.. Enumerable.Repeat(1, 100)]);
        for (int place = 0; place < 99; place++)
        {
            picks.SetUsable(place, false);
        }

        Assert.Equal(1_000, picks.Count(1_000)[99]);
    }

    [Theory]
    [InlineData(new[] { 1, 1, 1, 1, 1 })]
    [InlineData(new[] { 1, 2, 3, 6 })]
    public void Hash_ManyKeys_FollowWeights(int[] weights)
    {
        var picks = new ServicePicks(StrategyKind.Hash, weights);

        int[] counts = picks.Count(60_000, i => RandomSequence.Mix((ulong)i));

        Assert.True(
            ServicePicks.ChiSquared(counts, weights) < ServicePicks.ChiSquaredMax(weights.Length - 1), Show(counts));
    }

    [Theory]
    [InlineData(new[] { 1, 1, 1, 1, 1 })]
    [InlineData(new[] { 1, 2, 3, 6 })]
    public void Hash_ServerGone_MovesItsKeysOnly(int[] weights)
    {
        var picks = new ServicePicks(StrategyKind.Hash, weights);
        ulong[] keys = [.. Enumerable.Range(0, 5_000).Select(i => RandomSequence.Mix((ulong)i))];
        int[] before = [.. keys.Select(key => picks.Pick(key: key))];
        picks.SetUsable(2, false);

        int[] during = [.. keys.Select(key => picks.Pick(key: key))];
        picks.SetUsable(2, true);

        for (int i = 0; i < keys.Length; i++)
        {
            Assert.True(before[i] == 2 ? during[i] != 2 : during[i] == before[i], $"key {i}");
            Assert.Equal(before[i], picks.Pick(key: keys[i]));
        }
    }

    [Fact]
    public void Hash_ServersComeAndGo_KeysFollowTheWeightsOfThoseThere_AndMoveOnlyIfTheyMust()
    {
        var picks = new ServicePicks(StrategyKind.Hash, s_weights);
        var random = new RandomSequence(7);
        ulong[] keys = [.. Enumerable.Range(0, 6_000).Select(i => RandomSequence.Mix((ulong)i))];
        bool[] was = [true, true, true, true];
        int[] before = [.. keys.Select(key => picks.Pick(key: key))];
        for (int phase = 0; phase < 50; phase++)
        {
            bool[] isUsable = [.. s_weights.Select(_ => random.Next(3) > 0)];
            isUsable[random.Next(s_weights.Length)] = true;
            for (int place = 0; place < s_weights.Length; place++)
            {
                picks.SetUsable(place, isUsable[place]);
            }

            int[] now = [.. keys.Select(key => picks.Pick(key: key))];
            int[] left = [.. s_weights.Select((weight, place) => isUsable[place] ? weight : 0)];
            int[] counts = [.. s_weights.Select((_, place) => now.Count(chosen => chosen == place))];
            int freedom = Math.Max(1, isUsable.Count(usable => usable) - 1);
            Assert.True(ServicePicks.ChiSquared(counts, left) < ServicePicks.ChiSquaredMax(freedom), Show(counts));

            // It left because its server went, or for one that came.
            Assert.DoesNotContain(
                Enumerable.Range(0, keys.Length), i => now[i] != before[i] && isUsable[before[i]] && was[now[i]]);

            (was, before) = (isUsable, now);
        }
    }

    [Fact]
    public void Hash_OrderOfServersAndLoop_DoNotMatter()
    {
        var picks = new ServicePicks(StrategyKind.Hash, loops: 2, [1, 2, 3]);
        ulong[] keys = [.. Enumerable.Range(0, 500).Select(i => RandomSequence.Mix((ulong)i))];
        string[] names = [.. keys.Select(key => picks.Service.Servers[picks.Pick(0, key)].Name)];

        picks.Apply(picks.Settings with { Servers = [.. picks.Settings.Servers.Reverse()] });

        Assert.Equal(names, keys.Select(key => picks.Service.Servers[picks.Pick(1, key)].Name));
    }

    [Fact]
    public void Hash_WithoutKey_TakesTurns() =>
        Assert.Equal([10, 10, 10], new ServicePicks(StrategyKind.Hash, 1, 1, 1).Count(30));

    [Fact]
    public void LeastConnections_BusyServers_ArePassedOver()
    {
        var picks = new ServicePicks(StrategyKind.LeastConnections, 1, 1, 4);
        picks.Load(0).Enter();
        picks.Load(2).Enter();
        picks.Load(2).Enter();

        // 1/1, 0/1, 2/4 in flight.
        Assert.Equal(1, picks.Pick());
        picks.Load(1).Enter();
        Assert.Equal(2, picks.Pick());
    }

    [Fact]
    public void P2c_LoadedServer_IsTakenOnlyIfNothingElseIs()
    {
        var picks = new ServicePicks(StrategyKind.P2c, 1, 1, 1);
        for (int i = 0; i < 10; i++)
        {
            picks.Load(0).Enter();
        }

        Assert.Equal(0, picks.Count(1_000)[0]);
        picks.SetUsable(1, false);
        picks.SetUsable(2, false);
        Assert.Equal(5, picks.Count(5)[0]);
    }

    [Fact]
    public void LeastTime_EqualServers_FollowWeights()
    {
        var picks = new ServicePicks(StrategyKind.LeastTime, s_weights);

        Assert.Equal([.. s_weights.Select(weight => weight * 10)], picks.Count(120));
    }

    [Fact]
    public void LeastTime_SlowServer_IsLeftAloneThenTriedAgain()
    {
        var picks = new ServicePicks(StrategyKind.LeastTime, 1, 1);
        picks.Load(0).NoteTime(500, picks.NowMs);
        picks.Load(1).NoteTime(10, picks.NowMs);

        Assert.Equal(0, picks.Count(100)[0]);

        // e^-4 of 500 ms is less than the other, which goes on answering in 10 ms.
        picks.NowMs += 4 * ServerLoad.MemoryMs;
        picks.Load(1).NoteTime(10, picks.NowMs);
        Assert.InRange(picks.Count(100)[0], 1, 100);
    }

    [Fact]
    public void LeastTime_NewServer_IsNotFlooded()
    {
        var picks = new ServicePicks(StrategyKind.LeastTime, 1, 1, 1);
        picks.Load(0).NoteTime(40, picks.NowMs);
        picks.Load(1).NoteTime(40, picks.NowMs);
        for (int i = 0; i < 30; i++)
        {
            picks.Load(picks.Pick()).Enter();
        }

        Assert.InRange(picks.Load(2).InFlight, 8, 12);
    }

    [Fact]
    public void Peak_IsBelievedAtOnceAndForgottenSlowly()
    {
        var load = new ServerLoad();
        load.NoteTime(10, 0);
        load.NoteTime(400, 0);
        Assert.Equal(400, load.TimeMs(0));

        load.NoteTime(10, 1_000);
        Assert.InRange(load.TimeMs(1_000), 200, 399);
    }

    private static string Show(int[] counts) => string.Join(" ", counts);
}
