using System.Collections.Generic;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Primitives.Time;

namespace EdgeProxy.Bench.Primitives.Time;

/// <summary>
/// What a request does to its connection's timer: push the deadline out. Against the obvious ordered set, with as many
/// connections as a busy appliance has.
/// </summary>
[MemoryDiagnoser]
public class TimerWheelBenchmarks
{
    private const int TimerCount = 10_000;
    private const int TimeoutMs = 60_000;

    private readonly TimerWheel _wheel = new();
    private readonly List<TimerNode> _timers = [];
    private readonly SortedSet<(long DeadlineMs, int Timer)> _sorted = [];
    private readonly long[] _deadlines = new long[TimerCount];
    private readonly long _nowMs = 1;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        var owner = new Nobody();
        for (int i = 0; i < TimerCount; i++)
        {
            var timer = new TimerNode(owner);
            _timers.Add(timer);
            _wheel.Arm(timer, _nowMs + TimeoutMs + i);
            _deadlines[i] = _nowMs + TimeoutMs + i;
            _sorted.Add((_deadlines[i], i));
        }
    }

    [Benchmark(Baseline = true)]
    public int SortedSet_PushOut()
    {
        int timer = Next();
        _sorted.Remove((_deadlines[timer], timer));
        _deadlines[timer] = _nowMs + TimeoutMs;
        _sorted.Add((_deadlines[timer], timer));
        return timer;
    }

    [Benchmark]
    public int Wheel_PushOut()
    {
        int timer = Next();
        _wheel.Arm(_timers[timer], _nowMs + TimeoutMs);
        return timer;
    }

    [Benchmark]
    public int Wheel_DisarmAndArm()
    {
        int timer = Next();
        _wheel.Disarm(_timers[timer]);
        _wheel.Arm(_timers[timer], _nowMs + TimeoutMs);
        return timer;
    }

    /// <summary>What a turn of the loop pays when nothing is due: almost always.</summary>
    [Benchmark]
    public int Wheel_AdvanceAndSleep_NothingDue()
    {
        _wheel.Advance(_nowMs);
        return _wheel.SleepMs(_nowMs);
    }

    private int Next() => _next = (_next + 7_919) % TimerCount; // a prime, so that neighbours are not in the cache

    private sealed class Nobody : ITimerOwner
    {
        public void OnTimer(TimerNode timer, long nowMs)
        {
        }
    }
}
