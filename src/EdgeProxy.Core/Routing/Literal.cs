namespace EdgeProxy.Routing;

/// <summary>A matcher or its negation.</summary>
internal readonly record struct Literal(Matcher Matcher, bool Negated)
{
    public string Text => Negated ? "!" + Matcher.Text : Matcher.Text;

    public bool Holds(in RouteQuery query) => Matcher.Matches(query) != Negated;
}
