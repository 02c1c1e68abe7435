using System;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Pipeline;

/// <summary>
/// The failovers an exchange went through to their main services, which answer for the statuses of these. Belongs to
/// its exchange; never allocates after it was made.
/// </summary>
internal sealed class Fallbacks
{
    /// <summary>Fallbacks of one exchange; with more the answer stands.</summary>
    public const int TakenMax = 8;

    private readonly FailoverService?[] _failovers = new FailoverService?[ComposedLimits.NestingMax];
    private int _count;
    private int _takenCount;

    public bool IsEmpty => _count == 0;

    /// <summary>The longest request body that any of them wants kept; 0 if none is there.</summary>
    public int BodyBytesMax { get; private set; }

    /// <summary>The exchange goes to the main service of this one, within those added before.</summary>
    public void Add(FailoverService failover)
    {
        if (_count < _failovers.Length)
        {
            _failovers[_count++] = failover;
            BodyBytesMax = Math.Max(BodyBytesMax, failover.Settings.BodyBytesMax);
        }
    }

    /// <summary>
    /// The innermost whose fallback is to be asked for this status and could answer; those within it are left. Null:
    /// the answer stands.
    /// </summary>
    public FailoverService? Take(int status, long nowMs)
    {
        for (int i = _count - 1; i >= 0 && _takenCount < TakenMax; i--)
        {
            FailoverService failover = _failovers[i]!;
            if (failover.Settings.Statuses.Contains(status)
                && failover.Members[FailoverService.Fallback].Node.IsUsable(nowMs, lot: 0))
            {
                Array.Clear(_failovers, i, _count - i);
                _count = i;
                _takenCount++;
                return failover;
            }
        }

        return null;
    }

    public void Reset()
    {
        if (_count > 0)
        {
            Array.Clear(_failovers, 0, _count);
        }

        _count = 0;
        _takenCount = 0;
        BodyBytesMax = 0;
    }
}
