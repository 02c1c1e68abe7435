using System;

namespace EdgeProxy.Services.Choosing;

/// <summary>
/// The same key to the same server, on every loop, after every restart: rendezvous hashing (Thaler and Ravishankar,
/// 1998), weighted by -w / ln(u). A server that comes or goes moves its own share of the keys and no others; a key
/// whose server is unhealthy has a fixed second choice. Requests without the key take turns.
/// </summary>
internal sealed class Rendezvous : Strategy
{
    // 2^-53: a hash's upper 53 bits as a fraction.
    private const double Fraction = 1.0 / (1UL << 53);

    private readonly RoundRobin _withoutKey = new();

    public override int Choose(in Candidates candidates)
    {
        if (!candidates.HasKey)
        {
            return _withoutKey.Choose(candidates);
        }

        int best = None;
        double bestScore = 0;
        bool isEven = candidates.Weights.IsEven && !candidates.HasSlowStart;
        for (int place = 0; place < candidates.Count; place++)
        {
            if (!candidates.IsUsable(place))
            {
                continue;
            }

            ulong hash = RandomSequence.Mix(candidates.Key ^ candidates.Identity(place));
            double unit = ((hash >> 11) + 0.5) * Fraction; // 0 < unit < 1
            double score = isEven ? unit : -candidates.Weights[place] * candidates.Share(place) / Math.Log(unit);
            if (best < 0 || score > bestScore)
            {
                best = place;
                bestScore = score;
            }
        }

        return best;
    }
}
