using System;

namespace EdgeProxy.Primitives.Time;

/// <summary>Who is told that a timer is due.</summary>
internal interface ITimerOwner
{
    void OnTimer(TimerNode timer, long nowMs);
}

/// <summary>One timer: allocated once with its owner, armed as often as wanted. Belongs to at most one wheel.</summary>
internal sealed class TimerNode(ITimerOwner owner)
{
    public ITimerOwner Owner { get; } = owner;

    /// <summary>When it is due, in the wheel's milliseconds; <see cref="long.MaxValue"/> when not armed.</summary>
    public long DeadlineMs { get; internal set; } = long.MaxValue;

    internal TimerNode? Previous { get; set; }

    internal TimerNode? Next { get; set; }

    internal int Slot { get; set; } = -1;
}

/// <summary>
/// Hashed timer wheel of one loop. Arming later than before costs a store (the node moves when its old slot comes round), so
/// a deadline pushed out on every request is nearly free. Not thread-safe.
/// </summary>
internal sealed class TimerWheel
{
    public const int TickMs = 16;
    public const int SlotCount = 512; // 8.2 s a turn; later deadlines go round again

    /// <summary>Arms or re-arms; a deadline in the past fires on the next <see cref="Advance"/>.</summary>
    public void Arm(TimerNode timer, long deadlineMs) => throw new NotSupportedException();

    public void Disarm(TimerNode timer) => throw new NotSupportedException();

    /// <summary>Fires everything due; an owner may arm and disarm any timer meanwhile. Never fires early, at most a tick late.</summary>
    public void Advance(long nowMs) => throw new NotSupportedException();

    /// <summary>Milliseconds a loop may sleep, -1 for ever.</summary>
    public int SleepMs(long nowMs) => throw new NotSupportedException();
}
