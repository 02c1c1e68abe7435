namespace EdgeProxy.Services.Choosing;

/// <summary>
/// The server with the fewest exchanges of this loop for its weight; those that tie take turns by weight.
/// </summary>
internal sealed class LeastConnections : Strategy
{
    public override int Choose(in Candidates candidates)
    {
        double least = double.MaxValue;
        for (int place = 0; place < candidates.Count; place++)
        {
            ServerLoad load = candidates.Load(place);
            double cost = candidates.IsUsable(place)
                ? load.InFlight / (candidates.Weights[place] * candidates.Share(place))
                : double.MaxValue;
            load.Cost = cost;
            least = cost < least ? cost : least;
        }

        return least == double.MaxValue ? None : SmoothRotation.ChooseUpTo(candidates, least);
    }
}
