using System;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using Xunit;

namespace EdgeProxy.Tests.Services.Choosing;

/// <summary>What a server gets while it grows to its share.</summary>
public class SlowStartTests
{
    private const int Late = 2;
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(500, 0.1)]
    [InlineData(5_000, 0.5)]
    [InlineData(9_000, 0.9)]
    [InlineData(10_000, 1)]
    public void ShareOf_GrowsEvenlyFromATenth(long ageMs, double share)
    {
        Assert.Equal(share, SlowStart.ShareOf(1_000, 1_000 + ageMs, 10_000));
        Assert.Equal(1, SlowStart.ShareOf(1_000, 1_000 + ageMs, durationMs: 0));
        Assert.Equal(1, SlowStart.ShareOf(0, ageMs, 10_000));
    }

    // Of 1 : 1 : 1 and 2 : 1 : 3, idle servers: the late one has its weight times its share by now.
    [Theory]
    [InlineData(nameof(StrategyKind.RoundRobin), new[] { 1, 1, 1 })]
    [InlineData(nameof(StrategyKind.RoundRobin), new[] { 2, 1, 3 })]
    [InlineData(nameof(StrategyKind.LeastConnections), new[] { 1, 1, 1 })]
    [InlineData(nameof(StrategyKind.LeastConnections), new[] { 2, 1, 3 })]
    [InlineData(nameof(StrategyKind.Random), new[] { 1, 1, 1 })]
    [InlineData(nameof(StrategyKind.Random), new[] { 2, 1, 3 })]
    [InlineData(nameof(StrategyKind.P2c), new[] { 1, 1, 1 })]
    [InlineData(nameof(StrategyKind.P2c), new[] { 2, 1, 3 })]
    [InlineData(nameof(StrategyKind.Hash), new[] { 1, 1, 1 })]
    [InlineData(nameof(StrategyKind.Hash), new[] { 2, 1, 3 })]
    public void NewServer_IdleService_HasItsWeightTimesItsShare(string strategy, int[] weights)
    {
        ServicePicks picks = WithLate(strategy, weights);
        foreach (double share in new[] { 0.1, 0.3, 0.6, 1 })
        {
            picks.NowMs = 1_000_000 + (long)(share * s_duration.TotalMilliseconds);
            Func<int, ulong?>? key = strategy == nameof(StrategyKind.Hash) ? i => RandomSequence.Mix((ulong)i) : null;

            int[] counts = picks.Count(40_000, key);

            // Whether others gain what it does not take yet differs.
            double least = share * weights[Late] / weights.Sum();
            double most = weights[Late] * share / (weights[0] + weights[1] + (weights[Late] * share));
            Assert.InRange(counts[Late] / 40_000.0, least - 0.01, most + 0.01);
            Assert.Equal((double)weights[0] / weights[1], (double)counts[0] / counts[1], 0.15);
        }
    }

    // In a model in simulated time: 30 requests at a time, each 20 ms long wherever it goes.
    [Theory]
    [InlineData(nameof(StrategyKind.RoundRobin))]
    [InlineData(nameof(StrategyKind.P2c))]
    [InlineData(nameof(StrategyKind.LeastConnections))]
    [InlineData(nameof(StrategyKind.LeastTime))]
    public void NewServer_BusyService_GrowsAndNeverGetsMoreThanItsShare(string strategy)
    {
        ServicePicks picks = WithLate(strategy, [1, 1, 1]);
        int[] late = new int[12];
        int[] all = new int[12];
        var endings = new Queue<(int Place, long At)>();
        for (int second = 0; second < 12; second++)
        {
            for (int ms = 0; ms < 1_000; ms++, picks.NowMs++)
            {
                while (endings.TryPeek(out (int Place, long At) done) && done.At <= picks.NowMs)
                {
                    endings.Dequeue();
                    picks.Load(done.Place).Leave();
                    picks.Load(done.Place).NoteTime(20, picks.NowMs);
                }

                while (endings.Count < 30)
                {
                    int place = picks.Pick();
                    picks.Load(place).Enter();
                    endings.Enqueue((place, picks.NowMs + 20));
                    late[second] += place == Late ? 1 : 0;
                    all[second]++;
                }
            }
        }

        for (int second = 0; second < 10; second++)
        {
            double grown = Math.Max(0.1, (second + 1) / 10.0);
            double share = (double)late[second] / all[second];
            Assert.True(share < 1.35 * grown / (2 + grown), $"second {second}: {share:P1}");
        }

        Assert.InRange((double)late[5] / all[5], 0.1, 0.3);
        Assert.InRange((double)late[11] / all[11], 0.28, 0.38);
    }

    [Fact]
    public void Hash_WhileItGrows_EachKeyMovesOnceAndStays()
    {
        ServicePicks picks = WithLate(nameof(StrategyKind.Hash), [1, 1, 1]);
        ulong[] keys = [.. Enumerable.Range(0, 2_000).Select(i => RandomSequence.Mix((ulong)i))];
        int[] before = [.. keys.Select(key => picks.Pick(key: key))];
        for (int step = 0; step <= 20; step++, picks.NowMs += 500)
        {
            for (int i = 0; i < keys.Length; i++)
            {
                int place = picks.Pick(key: keys[i]);
                Assert.True(place == before[i] || place == Late, $"step {step}, key {i}");
                before[i] = place;
            }
        }

        Assert.InRange(before.Count(place => place == Late) / 2_000.0, 0.29, 0.38);
    }

    [Fact]
    public void OnlyLateServersLeft_AreUsedEvenly()
    {
        ServicePicks picks = WithLate(nameof(StrategyKind.RoundRobin), [1, 1, 1]);
        picks.SetUsable(0, false);
        picks.Service.Servers[1].Health.BeginLate(picks.NowMs);

        int[] counts = picks.Count(10_000);

        Assert.Equal(0, counts[0]);
        Assert.InRange(counts[1], 4_500, 5_500);
    }

    [Fact]
    public void ProbedUpAgain_AndEjected_StartOver_OthersDoNot()
    {
        var check = new HealthCheckSettings { Rise = 1, Fall = 1 };
        var health = new ServerHealth();
        health.Start(InitialHealth.Probe);
        health.NoteProbe(isGood: true, "", check, nowMs: 10);
        Assert.Equal(0, health.UpSinceMs);

        health.NoteProbe(isGood: false, "", check, nowMs: 20);
        health.NoteProbe(isGood: true, "", check, nowMs: 30);
        Assert.Equal(30, health.UpSinceMs);
        health.NoteProbe(isGood: true, "", check, nowMs: 40);
        Assert.Equal(30, health.UpSinceMs);

        long forMs = health.Eject(new PassiveHealthSettings(), 50);
        Assert.Equal(50 + forMs, health.UpSinceMs);
    }

    [Fact]
    public void NewServer_ProbedFirst_StartsWithItsFirstGoodProbe()
    {
        var health = new ServerHealth();
        health.Start(InitialHealth.Probe);
        health.BeginLate(10);
        health.NoteProbe(isGood: true, "", new HealthCheckSettings(), nowMs: 900);

        Assert.Equal(900, health.UpSinceMs);
    }

    [Fact]
    public void NewService_ItsServers_HaveTheirShareAtOnce()
    {
        var picks = new ServicePicks(StrategyKind.RoundRobin, 1, 1);

        Assert.All(picks.Service.Servers, server => Assert.Equal(0, server.Health.UpSinceMs));
    }

    // Servers 0 and 1 are there, the third comes with a reload.
    private static ServicePicks WithLate(string strategy, int[] weights)
    {
        var picks = new ServicePicks(strategy, weights[0], weights[1]);
        picks.Apply(picks.Settings with { Servers = ServicePicks.ServersOf(weights), SlowStart = s_duration });
        return picks;
    }
}
