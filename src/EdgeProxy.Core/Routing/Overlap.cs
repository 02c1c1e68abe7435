using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>Whether two conjunctions filed under the same host and path surely have a request in common.</summary>
internal static class Overlap
{
    public static bool IsCertain(Conjunction a, Conjunction b) => Adds(a, b) && Adds(b, a);

    // Everything the one asks beyond the other must be something the other leaves open.
    private static bool Adds(Conjunction one, Conjunction other)
    {
        foreach (Literal literal in one.Literals)
        {
            if (!Has(other.Literals, literal) && !IsOpen(other.Literals, literal))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Has(IReadOnlyList<Literal> literals, Literal literal)
    {
        foreach (Literal other in literals)
        {
            if (other == literal)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOpen(IReadOnlyList<Literal> literals, Literal literal)
    {
        // What an expression or a negation leaves over is not known.
        if (literal.Negated || literal.Matcher.Kind is not (MatcherKind.Method or MatcherKind.ClientIp
            or MatcherKind.Header or MatcherKind.Query or MatcherKind.Model))
        {
            return false;
        }

        foreach (Literal other in literals)
        {
            bool sameSubject = Subject(other.Matcher.Kind) == literal.Matcher.Kind
                && other.Matcher.Key == literal.Matcher.Key;
            bool together = literal.Matcher.Kind == MatcherKind.ClientIp && other.Matcher.Kind == MatcherKind.ClientIp
                && !other.Negated && other.Matcher.Range.Overlaps(literal.Matcher.Range);
            if (sameSubject && !together)
            {
                return false;
            }
        }

        return true;
    }

    // Two values of one header could both be sent, but whoever writes two such routers means two kinds of request.
    private static MatcherKind Subject(MatcherKind kind) => kind switch
    {
        MatcherKind.HeaderRegexp => MatcherKind.Header,
        MatcherKind.QueryRegexp => MatcherKind.Query,
        _ => kind,
    };
}
