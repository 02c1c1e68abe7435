using System;
using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>
/// Multiplies a rule out into conjunctions, any of which takes a request (disjunctive normal form). The table files
/// each under its own host and path, so "a || b" is found as fast as two routers, and ranks as them.
/// </summary>
internal static class RuleExpansion
{
    /// <summary>Those that some request can match, no two alike; null if there are too many to consider.</summary>
    public static IReadOnlyList<Conjunction>? Expand(Rule rule)
    {
        if (Products(rule, negated: false) is not { } products)
        {
            return null;
        }

        if (products.Count == 1)
        {
            return Conjunction.Create(products[0], out _) is { } only ? [only] : [];
        }

        var conjunctions = new List<Conjunction>(products.Count);
        HashSet<string> seen = [];
        foreach (Literal[] literals in products)
        {
            if (Conjunction.Create(literals, out _) is { } conjunction && seen.Add(conjunction.Text))
            {
                conjunctions.Add(conjunction);
            }
        }

        return conjunctions;
    }

    /// <summary>Why a rule that expands to nothing does.</summary>
    public static string Contradiction(Rule rule)
    {
        foreach (Literal[] literals in Products(rule, negated: false) ?? [])
        {
            if (Conjunction.Create(literals, out string contradiction) is null)
            {
                return contradiction;
            }
        }

        return "";
    }

    // Negation moves inwards (De Morgan), so that it only ever stands before a matcher.
    private static List<Literal[]>? Products(Rule rule, bool negated) => rule switch
    {
        Matcher matcher => [[new Literal(matcher, negated)]],
        NotRule not => Products(not.Inner, !negated),
        AndRule and => negated ? Either(and.Parts, negated) : Both(and.Parts, negated),
        OrRule or => negated ? Both(or.Parts, negated) : Either(or.Parts, negated),
        _ => throw new ArgumentException($"unknown rule {rule.GetType().Name}", nameof(rule)),
    };

    private static List<Literal[]>? Either(IReadOnlyList<Rule> parts, bool negated)
    {
        var all = new List<Literal[]>();
        foreach (Rule part in parts)
        {
            if (Products(part, negated) is not { } products || all.Count + products.Count > RuleLimits.ConjunctionsMax)
            {
                return null;
            }

            all.AddRange(products);
        }

        return all;
    }

    private static List<Literal[]>? Both(IReadOnlyList<Rule> parts, bool negated)
    {
        List<Literal[]> all = [[]];
        foreach (Rule part in parts)
        {
            if (Products(part, negated) is not { } products
                || (long)all.Count * products.Count > RuleLimits.ConjunctionsMax)
            {
                return null;
            }

            var next = new List<Literal[]>(all.Count * products.Count);
            foreach (Literal[] left in all)
            {
                foreach (Literal[] right in products)
                {
                    next.Add([.. left, .. right]);
                }
            }

            all = next;
        }

        return all;
    }
}
