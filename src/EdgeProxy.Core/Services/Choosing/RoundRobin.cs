namespace EdgeProxy.Services.Choosing;

/// <summary>
/// Turn by turn, each as often as its weight says. With even weights it walks on from where it was, which costs nothing
/// per server; else it is the smooth rotation.
/// </summary>
internal sealed class RoundRobin : Strategy
{
    public override int Choose(in Candidates candidates) =>
        candidates.Weights.IsEven ? Walk(candidates) : SmoothRotation.Choose(candidates);

    private static int Walk(in Candidates candidates)
    {
        int count = candidates.Count;
        int place = candidates.Shard.Cursor;
        for (int step = 0; step < count; step++, place++)
        {
            // The cursor may be of a time with more servers.
            place = place >= count ? place % count : place;
            if (candidates.IsUsable(place))
            {
                // Behind the one chosen, not one on: an unusable server's neighbour gets no double share. A further
                // try is no turn, or every second request would begin at the server that fails.
                candidates.Shard.Cursor = candidates.IsFurtherTry ? candidates.Shard.Cursor : place + 1;
                return place;
            }
        }

        return None;
    }
}
