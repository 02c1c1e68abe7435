using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>One router as the builder keeps it: its rule, multiplied out, and what decides its place.</summary>
/// <param name="Sequence">Place among the routers added; the earlier one wins where nothing else decides.</param>
internal sealed record CompiledRouter(
    int Route, Rule Rule, int Priority, int Sequence, IReadOnlyList<Conjunction> Conjunctions)
{
    /// <summary>The order of its narrowest conjunction.</summary>
    public RouteOrder BestOrder
    {
        get
        {
            Conjunction best = Conjunctions[0];
            foreach (Conjunction conjunction in Conjunctions)
            {
                best = conjunction.Specificity.CompareTo(best.Specificity) > 0 ? conjunction : best;
            }

            return OrderOf(best);
        }
    }

    public RouteOrder OrderOf(Conjunction conjunction) => new(Priority, conjunction.Specificity, Sequence);
}
