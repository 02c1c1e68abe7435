using System;

namespace EdgeProxy.Primitives.Time;

/// <summary>
/// Hashed timer wheel of one loop. Arming later than before costs a store (the node moves when its old slot comes
/// round), so a deadline pushed out on every request is nearly free. Not thread-safe.
/// </summary>
/// <remarks>
/// Each slot knows the earliest tick at which it must be looked at, and the wheel the earliest of all slots. So a turn
/// without a due timer is one comparison, and ten thousand timers a minute away do not wake the loop at every tick.
/// </remarks>
internal sealed class TimerWheel
{
    public const int TickMs = 16;
    public const int SlotCount = 512; // 8.2 s a turn; later deadlines go round again

    private const int Unlinked = -1;
    private const int Due = SlotCount; // one more list: taken out of the wheel, waiting for its call in Advance
    private const long TickMax = long.MaxValue / TickMs;

    private readonly TimerNode?[] _heads = new TimerNode?[SlotCount + 1];

    // No node of a slot is due before this tick; MaxValue for an empty slot.
    private readonly long[] _slotTicks = new long[SlotCount];

    private long _nowMs;                    // of the last Advance
    private long _tick;                     // the same in ticks
    private long _nextTick = long.MaxValue; // no slot needs a look before this tick
    private bool _isAdvancing;

    public TimerWheel() => Array.Fill(_slotTicks, long.MaxValue);

    /// <summary>Timers armed now.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Arms or re-arms; a deadline in the past fires on the next <see cref="Advance"/>, <see cref="long.MaxValue"/>
    /// disarms.
    /// </summary>
    public void Arm(TimerNode timer, long deadlineMs)
    {
        ArgumentNullException.ThrowIfNull(timer);
        if (deadlineMs == long.MaxValue)
        {
            Disarm(timer);
            return;
        }

        timer.DeadlineMs = deadlineMs;
        int slot = timer.Slot;
        if (slot == Unlinked)
        {
            Link(timer);
            Count++;
        }
        else if (slot != Due && TickOf(deadlineMs) < _slotTicks[slot])
        {
            // Only an earlier deadline must move; a later one is found, and moved, when the old slot is looked at.
            Unlink(timer);
            Link(timer);
        }
    }

    public void Disarm(TimerNode timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
        timer.DeadlineMs = long.MaxValue;
        if (timer.Slot != Unlinked)
        {
            Unlink(timer);
            Count--;
        }
    }

    /// <summary>
    /// Fires everything due; an owner may arm and disarm any timer meanwhile. Never fires early, at most a tick late.
    /// </summary>
    public void Advance(long nowMs)
    {
        long tick = nowMs / TickMs;
        bool isSomethingDue = tick >= _nextTick || _heads[Due] is not null;
        _nowMs = Math.Max(_nowMs, nowMs);
        _tick = Math.Max(_tick, tick);
        if (!isSomethingDue || _isAdvancing)
        {
            return;
        }

        _isAdvancing = true;
        try
        {
            Collect(nowMs, tick);
            Fire(nowMs);
        }
        finally
        {
            // An owner that throws leaves the rest in the due list, for the next Advance.
            _isAdvancing = false;
        }
    }

    /// <summary>Milliseconds a loop may sleep, -1 for ever.</summary>
    public int SleepMs(long nowMs)
    {
        if (Count == 0)
        {
            return -1;
        }

        long sleepMs = _heads[Due] is not null ? 0 : (Math.Min(_nextTick, TickMax) * TickMs) - nowMs;
        return (int)Math.Clamp(sleepMs, 0, int.MaxValue);
    }

    // The first tick that does not start before the deadline; the present one if the deadline is over.
    private long TickOf(long deadlineMs)
    {
        if (deadlineMs <= _nowMs)
        {
            return _tick;
        }

        long tick = (deadlineMs / TickMs) + (deadlineMs % TickMs > 0 ? 1 : 0);
        return Math.Clamp(tick, _tick, Math.Max(_tick, TickMax));
    }

    // Everything due moves to the due list before the first owner is called, so that what owners arm meanwhile waits.
    private void Collect(long nowMs, long tick)
    {
        // A tick further back than one turn shares its slot with one within the turn.
        long first = Math.Max(_nextTick, tick - SlotCount + 1);
        for (long at = first; at <= tick; at++)
        {
            int slot = (int)(at % SlotCount);
            if (_slotTicks[slot] <= tick)
            {
                CollectSlot(slot, nowMs);
            }
        }

        _nextTick = Earliest();
    }

    private void CollectSlot(int slot, long nowMs)
    {
        TimerNode? node = _heads[slot];
        _heads[slot] = null;
        _slotTicks[slot] = long.MaxValue;
        while (node is not null)
        {
            TimerNode? next = node.Next;
            if (node.DeadlineMs <= nowMs)
            {
                Push(node, Due);
            }
            else
            {
                Link(node);
            }

            node = next;
        }
    }

    private void Fire(long nowMs)
    {
        while (_heads[Due] is { } node)
        {
            Unlink(node);
            if (node.DeadlineMs > nowMs)
            {
                Link(node); // an owner called before pushed it out
                continue;
            }

            node.DeadlineMs = long.MaxValue;
            Count--;
            node.Owner.OnTimer(node, nowMs);
        }
    }

    private long Earliest()
    {
        long earliest = long.MaxValue;
        foreach (long tick in _slotTicks)
        {
            earliest = Math.Min(earliest, tick);
        }

        return earliest;
    }

    private void Link(TimerNode node)
    {
        long tick = TickOf(node.DeadlineMs);
        int slot = (int)(tick % SlotCount);
        _slotTicks[slot] = Math.Min(_slotTicks[slot], tick);
        _nextTick = Math.Min(_nextTick, tick);
        Push(node, slot);
    }

    private void Push(TimerNode node, int slot)
    {
        TimerNode? head = _heads[slot];
        node.Slot = slot;
        node.Previous = null;
        node.Next = head;
        if (head is not null)
        {
            head.Previous = node;
        }

        _heads[slot] = node;
    }

    private void Unlink(TimerNode node)
    {
        int slot = node.Slot;
        if (node.Next is { } next)
        {
            next.Previous = node.Previous;
        }

        if (node.Previous is { } previous)
        {
            previous.Next = node.Next;
        }
        else
        {
            _heads[slot] = node.Next;
            if (node.Next is null && slot != Due)
            {
                _slotTicks[slot] = long.MaxValue;
            }
        }

        node.Previous = null;
        node.Next = null;
        node.Slot = Unlinked;
    }
}
