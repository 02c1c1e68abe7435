namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// What a loop spends on filters in one of its turns, whatever the number of answers that go through one: other
/// connections wait for as long. Touched by its loop only.
/// </summary>
internal sealed class FilterTurns
{
    /// <summary>Pieces, up to 32 KiB each: with gzip some 0.5 to 1 ms.</summary>
    public const int PiecesMax = 8;

    private long _turnMs = -1;
    private int _count;

    /// <summary>One piece more in this turn; false: in the next.</summary>
    /// <param name="nowMs">The loop's clock, which stands still within a turn.</param>
    public bool TryTake(long nowMs)
    {
        if (_turnMs != nowMs)
        {
            _turnMs = nowMs;
            _count = 0;
        }

        return _count++ < PiecesMax;
    }
}
