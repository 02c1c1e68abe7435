using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using EdgeProxy.Primitives.Time;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Time;

public sealed class TimerWheelTests
{
    private const long TurnMs = (long)TimerWheel.TickMs * TimerWheel.SlotCount;

    private readonly TimerWheel _wheel = new();

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(1_000)]
    [InlineData(TurnMs - 1)]
    [InlineData(TurnMs)]
    [InlineData(TurnMs + 1)]
    [InlineData(10 * TurnMs)]
    [InlineData(3_600_000)]
    public void Advance_MillisecondByMillisecond_FiresOnceNotEarlyAndWithinATick(long deadlineMs)
    {
        var owner = new Recorder();
        _wheel.Arm(owner.Timer, deadlineMs);

        for (long nowMs = 0; nowMs <= deadlineMs + TimerWheel.TickMs; nowMs++)
        {
            _wheel.Advance(nowMs);
        }

        long firedMs = Assert.Single(owner.Fired);
        Assert.InRange(firedMs, deadlineMs, deadlineMs + TimerWheel.TickMs - 1);
        Assert.False(owner.Timer.IsArmed);
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void Advance_AfterALongSleep_FiresEverythingDue()
    {
        Recorder[] owners = [.. Enumerable.Range(0, 2_000).Select(_ => new Recorder())];
        for (int i = 0; i < owners.Length; i++)
        {
            _wheel.Arm(owners[i].Timer, i * 37L);
        }

        _wheel.Advance(1_000_000);

        Assert.All(owners, owner => Assert.Equal([1_000_000L], owner.Fired));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100)]
    [InlineData(5_004)]
    [InlineData(5_005)]
    public void Arm_InThePast_FiresOnTheNextAdvance(long deadlineMs)
    {
        var owner = new Recorder();
        _wheel.Advance(5_005);

        _wheel.Arm(owner.Timer, deadlineMs);
        Assert.Equal(0, _wheel.SleepMs(5_005));
        _wheel.Advance(5_005);

        Assert.Equal([5_005L], owner.Fired);
    }

    [Fact]
    public void Arm_LaterAgainAndAgain_StaysInItsSlotAndFiresAtTheLast()
    {
        var owner = new Recorder();
        _wheel.Arm(owner.Timer, 1_000);
        int slot = owner.Timer.Slot;

        for (long deadlineMs = 1_001; deadlineMs <= 60_000; deadlineMs++)
        {
            _wheel.Arm(owner.Timer, deadlineMs);
            Assert.Equal(slot, owner.Timer.Slot);
        }

        for (long nowMs = 0; nowMs < 60_000; nowMs += 5)
        {
            _wheel.Advance(nowMs);
        }

        Assert.Empty(owner.Fired);
        _wheel.Advance(60_000 + TimerWheel.TickMs);
        Assert.Single(owner.Fired);
    }

    [Fact]
    public void Arm_Earlier_FiresAtTheEarlierTime()
    {
        var owner = new Recorder();
        _wheel.Arm(owner.Timer, 60_000);
        _wheel.Arm(owner.Timer, 100);

        _wheel.Advance(100 + TimerWheel.TickMs);
        _wheel.Advance(100_000);

        Assert.Equal([100L + TimerWheel.TickMs], owner.Fired);
    }

    [Fact]
    public void Arm_ForEver_Disarms()
    {
        var owner = new Recorder();
        _wheel.Arm(owner.Timer, 100);

        _wheel.Arm(owner.Timer, long.MaxValue);

        _wheel.Advance(1_000_000);
        Assert.Empty(owner.Fired);
        Assert.Equal(-1, _wheel.SleepMs(0));
    }

    [Fact]
    public void Advance_OwnerDisarmsAnotherDueTimer_ThatOneDoesNotFire()
    {
        var first = new Recorder();
        var second = new Recorder();
        first.OnFired = () => _wheel.Disarm(second.Timer);
        second.OnFired = () => _wheel.Disarm(first.Timer);
        _wheel.Arm(first.Timer, 50);
        _wheel.Arm(second.Timer, 50);

        _wheel.Advance(1_000);

        Assert.Equal(1, first.Fired.Count + second.Fired.Count);
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void Advance_OwnerPushesAnotherDueTimerOut_ThatOneFiresLater()
    {
        var first = new Recorder();
        var second = new Recorder();
        first.OnFired = () => _wheel.Arm(second.Timer, 5_000);
        second.OnFired = () => _wheel.Arm(first.Timer, 5_000);
        _wheel.Arm(first.Timer, 50);
        _wheel.Arm(second.Timer, 50);

        _wheel.Advance(1_000);
        Assert.Equal(1, first.Fired.Count + second.Fired.Count);

        first.OnFired = second.OnFired = null;
        _wheel.Advance(5_000 + TimerWheel.TickMs);
        Assert.Equal([1_000L, 5_000L + TimerWheel.TickMs], first.Fired.Concat(second.Fired).Order());
    }

    [Fact]
    public void Advance_OwnerRearmsItselfInThePast_FiresOncePerAdvance()
    {
        var owner = new Recorder();
        owner.OnFired = () => _wheel.Arm(owner.Timer, 1);
        _wheel.Arm(owner.Timer, 1);

        _wheel.Advance(1_000);
        _wheel.Advance(1_000);
        _wheel.Advance(1_001);

        Assert.Equal([1_000L, 1_000L, 1_001L], owner.Fired);
    }

    [Fact]
    public void Advance_OwnerThrows_OthersFireInTheNextAdvance()
    {
        Recorder[] owners = [.. Enumerable.Range(0, 3).Select(_ => new Recorder())];
        bool hasThrown = false;
        foreach (Recorder owner in owners)
        {
            owner.OnFired = () =>
            {
                if (!hasThrown)
                {
                    hasThrown = true;
                    throw new InvalidOperationException("first of the three");
                }
            };
            _wheel.Arm(owner.Timer, 50);
        }

        Assert.Throws<InvalidOperationException>(() => _wheel.Advance(1_000));
        Assert.Equal(0, _wheel.SleepMs(1_000));
        _wheel.Advance(1_000);

        Assert.All(owners, owner => Assert.Single(owner.Fired));
        Assert.Equal(-1, _wheel.SleepMs(1_000));
    }

    [Fact]
    public void SleepMs_ManyFarTimers_SleepsUntilTheFirst()
    {
        for (int i = 0; i < 10_000; i++)
        {
            _wheel.Arm(new Recorder().Timer, 60_000 + i);
        }

        int sleepMs = _wheel.SleepMs(0);

        Assert.InRange(sleepMs, 60_000, 60_000 + TimerWheel.TickMs);
    }

    [Fact]
    public void ArmDisarmAdvance_Warm_AllocatesNothing()
    {
        Recorder[] owners = [.. Enumerable.Range(0, 100).Select(_ => new Recorder { KeepsRecord = false })];
        long nowMs = 0;

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                Exercise(owners, ref nowMs);
            }
        });

        Assert.True(owners.Sum(owner => owner.Count) > 5_000);
    }

    /// <summary>Against the obvious model: a list of deadlines, looked through each time.</summary>
    [Fact]
    public void AnySequence_AgainstASortedModel_Agrees()
    {
        const int TimerCount = 12;
        Gen<(int Verb, int Timer, long Ms)> step = Gen.Select(
            Gen.Int[0, 3],
            Gen.Int[0, TimerCount - 1],
            Gen.OneOf(Gen.Long[0, 100], Gen.Long[0, 2 * TurnMs], Gen.Long[0, 20 * TurnMs]));

        step.Array[1, 200].SampleSame(steps =>
        {
            var wheel = new TimerWheel();
            Recorder[] owners = [.. Enumerable.Range(0, TimerCount).Select(_ => new Recorder())];
            var model = new Dictionary<int, long>();
            long nowMs = 1_000_000;
            wheel.Advance(nowMs);
            foreach ((int verb, int timer, long ms) in steps)
            {
                switch (verb)
                {
                    case 0 or 1:
                        wheel.Arm(owners[timer].Timer, nowMs + ms - 50);
                        model[timer] = nowMs + ms - 50;
                        break;
                    case 2:
                        wheel.Disarm(owners[timer].Timer);
                        model.Remove(timer);
                        break;
                    default:
                        nowMs += ms;
                        wheel.Advance(nowMs);
                        CheckFired(owners, model, nowMs);
                        break;
                }

                CheckSleep(wheel, model, nowMs);
            }
        }, iter: 2_000);
    }

    private static void CheckFired(Recorder[] owners, Dictionary<int, long> model, long nowMs)
    {
        for (int i = 0; i < owners.Length; i++)
        {
            bool hasFired = owners[i].Fired.Count > 0;
            owners[i].Fired.Clear();
            bool isArmed = model.TryGetValue(i, out long deadlineMs);
            Assert.False(hasFired && (!isArmed || deadlineMs > nowMs), "fired early or unarmed");
            bool isOverdue = isArmed && deadlineMs <= nowMs - TimerWheel.TickMs;
            Assert.False(isOverdue && !hasFired, "more than a tick late");
            if (hasFired)
            {
                model.Remove(i);
            }
        }
    }

    // A loop that sleeps as long as it is told wakes within a tick of the first deadline.
    private static void CheckSleep(TimerWheel wheel, Dictionary<int, long> model, long nowMs)
    {
        Assert.Equal(model.Count, wheel.Count);
        int sleepMs = wheel.SleepMs(nowMs);
        if (model.Count == 0)
        {
            Assert.Equal(-1, sleepMs);
        }
        else
        {
            Assert.InRange(sleepMs, 0, Math.Max(0, model.Values.Min() - nowMs) + TimerWheel.TickMs);
        }
    }

    private void Exercise(Recorder[] owners, ref long nowMs)
    {
        for (int i = 0; i < owners.Length; i++)
        {
            _wheel.Arm(owners[i].Timer, nowMs + (i * 200));
            if (i % 3 == 0)
            {
                _wheel.Disarm(owners[i].Timer);
            }
        }

        nowMs += 25_000;
        _wheel.Advance(nowMs);
    }

    private sealed class Recorder : ITimerOwner
    {
        public Recorder() => Timer = new TimerNode(this);

        public TimerNode Timer { get; }

        public List<long> Fired { get; } = [];

        public int Count { get; private set; }

        public bool KeepsRecord { get; init; } = true;

        public Action? OnFired { get; set; }

        public void OnTimer(TimerNode timer, long nowMs)
        {
            Assert.Same(Timer, timer);
            Count++;
            if (KeepsRecord)
            {
                Fired.Add(nowMs);
            }

            OnFired?.Invoke();
        }
    }
}
