namespace EdgeProxy.Services.Choosing;

/// <summary>
/// The power of two choices: two different servers by lot, then the one with less to do for its weight. Almost as even
/// as the least of all, at a cost that does not grow, and loops that know little of each other do not run together.
/// </summary>
internal sealed class TwoChoices : Strategy
{
    public override int Choose(in Candidates candidates)
    {
        int first = RandomDraw.Draw(candidates, except: None);
        if (first < 0 || candidates.Count == 1)
        {
            return first;
        }

        int second = RandomDraw.Draw(candidates, except: first);
        return second < 0 || !HasLess(candidates, second, first) ? first : second;
    }

    // a / wa < b / wb, without division.
    private static bool HasLess(in Candidates candidates, int a, int b) =>
        candidates.Load(a).InFlight * candidates.Weights[b] * candidates.Share(b)
        < candidates.Load(b).InFlight * candidates.Weights[a] * candidates.Share(a);
}
