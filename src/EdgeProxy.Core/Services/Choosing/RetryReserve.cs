using System;

namespace EdgeProxy.Services.Choosing;

/// <summary>
/// What one loop's requests to a service saved up for retries: those of a while that went well at the first try earn
/// a share of one each, to be spent within the same while. So what was in flight to a server that dies at once may go
/// elsewhere, and an outage of all servers earns nothing.
/// </summary>
/// <remarks>
/// Time goes by in tenths of the while, as with the windows of Finagle's and linkerd's budgets, whose retries are a
/// share of recent requests, too. Of its loop only; allocates nothing.
/// </remarks>
internal sealed class RetryReserve
{
    private const int Slots = 10;

    private readonly int[] _wellIn = new int[Slots];
    private readonly int[] _spentIn = new int[Slots];
    private long _slotMs = 1;
    private long _slot;
    private int _well;
    private int _spent;

    /// <summary>A request went well at the first try.</summary>
    /// <param name="windowMs">How long it counts, from 10 ms; reads of another length begin anew.</param>
    public void Earn(long nowMs, long windowMs)
    {
        int place = Turn(nowMs, windowMs);
        _wellIn[place]++;
        _well++;
    }

    /// <summary>Takes one retry of what was earned, if there is one.</summary>
    /// <param name="share">Of a retry, in percent, that each request earned.</param>
    public bool TrySpend(long nowMs, long windowMs, int share)
    {
        int place = Turn(nowMs, windowMs);
        if ((_spent + 1) * 100L > (long)_well * share)
        {
            return false;
        }

        _spentIn[place]++;
        _spent++;
        return true;
    }

    // The place of now; what is older than the window is forgotten.
    private int Turn(long nowMs, long windowMs)
    {
        long slotMs = Math.Max(1, windowMs / Slots);
        long slot = nowMs / slotMs;
        long passed = slot - _slot;
        if (slotMs != _slotMs || passed < 0 || passed >= Slots)
        {
            Array.Clear(_wellIn);
            Array.Clear(_spentIn);
            _well = _spent = 0;
            (_slotMs, _slot) = (slotMs, slot);
        }

        while (_slot < slot)
        {
            int left = (int)(++_slot % Slots);
            _well -= _wellIn[left];
            _spent -= _spentIn[left];
            _wellIn[left] = _spentIn[left] = 0;
        }

        return (int)(slot % Slots);
    }
}
