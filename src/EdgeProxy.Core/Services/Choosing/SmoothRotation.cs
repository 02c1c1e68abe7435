namespace EdgeProxy.Services.Choosing;

/// <summary>
/// Smooth weighted round robin (nginx's): each turn every server gains its weight, the richest is taken and pays what
/// was handed out. Weights 5, 1, 1 give a a b a c a a. Only those that may be taken gain, so among them the shares stay
/// exact while others come and go.
/// </summary>
internal static class SmoothRotation
{
    public static int Choose(in Candidates candidates)
    {
        for (int place = 0; place < candidates.Count; place++)
        {
            candidates.Load(place).Cost = candidates.IsUsable(place) ? 0 : double.MaxValue;
        }

        return ChooseUpTo(candidates, 0);
    }

    /// <summary>Among those whose <see cref="ServerLoad.Cost"/>, set by the caller, is at most so much.</summary>
    public static int ChooseUpTo(in Candidates candidates, double costMax)
    {
        int best = Strategy.None;
        long bestCredit = 0;
        long sum = 0;
        for (int place = 0; place < candidates.Count; place++)
        {
            ServerLoad load = candidates.Load(place);
            if (load.Cost > costMax)
            {
                continue;
            }

            int weight = candidates.Weights[place];
            load.Credit += weight;
            sum += weight;
            if (best < 0 || load.Credit > bestCredit)
            {
                best = place;
                bestCredit = load.Credit;
            }
        }

        if (best >= 0)
        {
            candidates.Load(best).Credit -= sum;
        }

        return best;
    }
}
