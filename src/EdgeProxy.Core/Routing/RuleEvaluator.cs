using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Routing;

/// <summary>
/// Asks a rule as it was written, matcher by matcher. Slow and obvious: it explains a decision to the operator, and the
/// tests hold
/// <see cref="RouteTable"/> to it.
/// </summary>
internal static class RuleEvaluator
{
    public const int FailuresShownMax = 3;

    public static bool Matches(Rule rule, in RouteQuery query)
    {
        switch (rule)
        {
            case Matcher matcher:
                return matcher.Matches(query);
            case NotRule not:
                return !Matches(not.Inner, query);
            case AndRule and:
                foreach (Rule part in and.Parts)
                {
                    if (!Matches(part, query))
                    {
                        return false;
                    }
                }

                return true;
            default:
                foreach (Rule part in ((OrRule)rule).Parts)
                {
                    if (Matches(part, query))
                    {
                        return true;
                    }
                }

                return false;
        }
    }

    /// <summary>
    /// The matcher because of which the rule does not hold; of an "or", what failed in each part. Null if it holds.
    /// </summary>
    public static string? FirstFailure(Rule rule, in RouteQuery query)
    {
        if (Matches(rule, query))
        {
            return null;
        }

        switch (rule)
        {
            case AndRule and:
                foreach (Rule part in and.Parts)
                {
                    if (FirstFailure(part, query) is { } failure)
                    {
                        return failure;
                    }
                }

                return null;
            case OrRule or:
                return Failures(or.Parts, query);
            default:
                return rule.Text;
        }
    }

    /// <summary>The narrowest of the conjunctions that take the request, -1 if none does.</summary>
    public static int Narrowest(IReadOnlyList<Conjunction> conjunctions, in RouteQuery query)
    {
        int best = -1;
        for (int i = 0; i < conjunctions.Count; i++)
        {
            if (Holds(conjunctions[i], query)
                && (best < 0 || conjunctions[i].Specificity.CompareTo(conjunctions[best].Specificity) > 0))
            {
                best = i;
            }
        }

        return best;
    }

    private static bool Holds(Conjunction conjunction, in RouteQuery query)
    {
        foreach (Literal literal in conjunction.Literals)
        {
            if (!literal.Holds(query))
            {
                return false;
            }
        }

        return true;
    }

    private static string Failures(IReadOnlyList<Rule> parts, in RouteQuery query)
    {
        var text = new StringBuilder();
        for (int i = 0; i < parts.Count && i < FailuresShownMax; i++)
        {
            text.Append(i > 0 ? "; " : "").Append(FirstFailure(parts[i], query));
        }

        int hidden = parts.Count - FailuresShownMax;
        return hidden > 0 ? text.Append("; and ").Append(hidden).Append(" more").ToString() : text.ToString();
    }
}
