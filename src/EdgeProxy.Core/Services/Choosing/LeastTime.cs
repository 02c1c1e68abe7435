namespace EdgeProxy.Services.Choosing;

/// <summary>
/// The server that answers soonest: peak EWMA of the time an answer takes to begin, times what waits there for its
/// weight. Those within a quarter of the best count as equal and take turns by weight, or noise would choose.
/// </summary>
internal sealed class LeastTime : Strategy
{
    private const double EqualWithin = 1.25;

    public override int Choose(in Candidates candidates)
    {
        double unmeasuredMs = MeanMs(candidates);
        double weightMean = candidates.Weights.Mean;
        double least = double.MaxValue;
        for (int place = 0; place < candidates.Count; place++)
        {
            ServerLoad load = candidates.Load(place);
            double cost = double.MaxValue;
            if (candidates.IsUsable(place))
            {
                double timeMs = load.IsMeasured ? load.TimeMs(candidates.NowMs) : unmeasuredMs;
                double weight = candidates.Weights[place] * candidates.Share(place);
                cost = timeMs * (1 + (load.InFlight * weightMean / weight));
            }

            load.Cost = cost;
            least = cost < least ? cost : least;
        }

        return least == double.MaxValue ? None : SmoothRotation.ChooseUpTo(candidates, least * EqualWithin);
    }

    // A server nobody knows yet is taken for an average one: taken for a fast one it would be flooded before it has
    // answered once.
    private static double MeanMs(in Candidates candidates)
    {
        double sum = 0;
        int count = 0;
        for (int place = 0; place < candidates.Count; place++)
        {
            ServerLoad load = candidates.Load(place);
            if (load.IsMeasured && candidates.IsUsable(place))
            {
                sum += load.TimeMs(candidates.NowMs);
                count++;
            }
        }

        return count == 0 ? 1 : sum / count;
    }
}
