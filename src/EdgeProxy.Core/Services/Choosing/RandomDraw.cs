namespace EdgeProxy.Services.Choosing;

/// <summary>By lot, with as many tickets as its weight for each server.</summary>
internal sealed class RandomDraw : Strategy
{
    // Blanks drawn before the usable ones are counted instead: with half of them usable one in 256 choices comes here.
    private const int BlanksMax = 8;

    public override int Choose(in Candidates candidates) => Draw(candidates, except: None);

    /// <summary>A usable place other than one, by weight; <see cref="Strategy.None"/> if there is none.</summary>
    public static int Draw(in Candidates candidates, int except)
    {
        ref RandomSequence random = ref candidates.Shard.Random;
        for (int blanks = 0; blanks < BlanksMax; blanks++)
        {
            int place = candidates.Weights.PlaceOf(random.Next(candidates.Weights.Sum));
            if (place != except && candidates.IsUsable(place))
            {
                return place;
            }
        }

        return DrawCounted(candidates, except);
    }

    private static int DrawCounted(in Candidates candidates, int except)
    {
        int sum = 0;
        for (int place = 0; place < candidates.Count; place++)
        {
            sum += place != except && candidates.IsUsable(place) ? candidates.Weights[place] : 0;
        }

        int ticket = sum == 0 ? 0 : candidates.Shard.Random.Next(sum);
        for (int place = 0; sum > 0 && place < candidates.Count; place++)
        {
            if (place == except || !candidates.IsUsable(place))
            {
                continue;
            }

            ticket -= candidates.Weights[place];
            if (ticket < 0)
            {
                return place;
            }
        }

        // Health may change on another thread between the two looks: then the next retry, or a 503, tells.
        return None;
    }
}
