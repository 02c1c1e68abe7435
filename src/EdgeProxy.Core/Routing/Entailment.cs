using System;

namespace EdgeProxy.Routing;

/// <summary>What one matcher that holds tells about another, as far as that is cheap to know.</summary>
internal static class Entailment
{
    /// <summary>True: the other holds, too. False: the other cannot hold. Null: either may be.</summary>
    public static bool? Of(Matcher matcher, Matcher other)
    {
        if (matcher == other)
        {
            return true;
        }

        switch (matcher.Kind)
        {
            case MatcherKind.Host when OfHost(other):
                return other.TakesHost(matcher.ValueBytes);
            case MatcherKind.HostWildcard when other.Kind == MatcherKind.HostWildcard:
                return false; // each host has one first label, so two different rests exclude each other
            case MatcherKind.HostWildcard when other.Kind == MatcherKind.Host && !matcher.TakesHost(other.ValueBytes):
                return false;
            case MatcherKind.Path when OfPath(other):
                return other.TakesPath(matcher.ValueBytes);
            case MatcherKind.PathPrefix when other.Kind == MatcherKind.Path && !matcher.TakesPath(other.ValueBytes):
                return false;
            case MatcherKind.PathPrefix when other.Kind == MatcherKind.PathPrefix:
                return OfPrefix(matcher, other);
            case MatcherKind.Method when other.Kind == MatcherKind.Method:
                return false;
            case MatcherKind.ClientIp when other.Kind == MatcherKind.ClientIp:
                return OfRange(matcher, other);
            case MatcherKind.Model when other.Kind == MatcherKind.Model:
                return OfModel(matcher, other);
            default:
                return null;
        }
    }

    private static bool OfHost(Matcher other) =>
        other.Kind is MatcherKind.Host or MatcherKind.HostWildcard or MatcherKind.HostRegexp;

    private static bool OfPath(Matcher other) =>
        other.Kind is MatcherKind.Path or MatcherKind.PathPrefix or MatcherKind.PathRegexp;

    // /a/b implies /a; and /a excludes /b, as neither takes the other's own text.
    private static bool? OfPrefix(Matcher matcher, Matcher other)
    {
        if (other.TakesPath(matcher.ValueBytes))
        {
            return true;
        }

        return matcher.TakesPath(other.ValueBytes) ? null : false;
    }

    // gpt-4* implies gpt-*, and excludes o1*: neither takes the other's own text.
    private static bool? OfModel(Matcher matcher, Matcher other)
    {
        if (!matcher.IsModelPrefix)
        {
            return other.TakesModel(matcher.ValueBytes);
        }

        return other.IsModelPrefix && matcher.ValueBytes.StartsWith(other.ValueBytes) ? true
            : other.ValueBytes.StartsWith(matcher.ValueBytes) ? null
            : false;
    }

    private static bool? OfRange(Matcher matcher, Matcher other)
    {
        if (!matcher.Range.Overlaps(other.Range))
        {
            return false;
        }

        return other.Range.Contains(matcher.Range.First) && other.Range.Contains(matcher.Range.Last) ? true : null;
    }
}
