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

    public bool IsArmed => DeadlineMs != long.MaxValue;

    internal TimerNode? Previous { get; set; }

    internal TimerNode? Next { get; set; }

    /// <summary>The list of the wheel it stands in, -1 for none.</summary>
    internal int Slot { get; set; } = -1;
}
