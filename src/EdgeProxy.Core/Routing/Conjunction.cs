using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Routing;

/// <summary>
/// Literals that must all hold, simplified: what another literal already implies is gone, and what can never hold
/// together was refused. Two conjunctions with the same text take the same requests.
/// </summary>
internal sealed class Conjunction
{
    private Conjunction(List<Literal> literals, Matcher? host, Matcher? path, Matcher? model)
    {
        Literals = literals;
        Host = host;
        Path = path;
        Specificity = Specificity.Of(literals.Count, host, path, model);
        var text = new StringBuilder();
        foreach (Literal literal in literals)
        {
            AsksModel |= literal.Matcher.Kind == MatcherKind.Model;
            text.Append(text.Length > 0 ? " && " : "").Append(literal.Text);
        }

        Text = text.Length > 0 ? text.ToString() : Matcher.AnyHost.Text;
    }

    /// <summary>In the order of their kinds, cheap ones first.</summary>
    public IReadOnlyList<Literal> Literals { get; }

    /// <summary>
    /// The literal it is filed under by host: exact, else wildcard, else a regular expression, else null.
    /// </summary>
    public Matcher? Host { get; }

    /// <summary>
    /// The literal it is filed under by path: exact, else prefix, else a regular expression, else null.
    /// </summary>
    public Matcher? Path { get; }

    /// <summary>Whether it takes a request is the model's to decide, too.</summary>
    public bool AsksModel { get; }

    public Specificity Specificity { get; }

    public string Text { get; }

    /// <summary>Null if no request can match; then <paramref name="contradiction"/> says why.</summary>
    public static Conjunction? Create(IReadOnlyList<Literal> all, out string contradiction)
    {
        var literals = new List<Literal>(all.Count);
        foreach (Literal literal in all)
        {
            if (literal.Matcher.Kind == MatcherKind.AnyHost)
            {
                if (literal.Negated)
                {
                    contradiction = $"{literal.Text} excludes every request";
                    return null;
                }
            }
            else if (!literals.Contains(literal))
            {
                literals.Add(literal);
            }
        }

        if (literals.Count > 1)
        {
            contradiction = Simplify(literals);
            if (contradiction.Length > 0)
            {
                return null;
            }

            literals.Sort(static (a, b) => a.Matcher.Kind != b.Matcher.Kind
                ? a.Matcher.Kind.CompareTo(b.Matcher.Kind)
                : string.CompareOrdinal(a.Text, b.Text));
        }

        contradiction = "";
        return new Conjunction(
            literals,
            First(literals, MatcherKind.Host, MatcherKind.HostWildcard, MatcherKind.HostRegexp),
            First(literals, MatcherKind.Path, MatcherKind.PathPrefix, MatcherKind.PathRegexp),
            First(literals, MatcherKind.Model, MatcherKind.Model, MatcherKind.Model));
    }

    // A negation never files a rule under a name (CVE-2026-114656: "!Host(...)" counted as a served domain).
    private static Matcher? First(List<Literal> literals, MatcherKind best, MatcherKind second, MatcherKind third)
    {
        Matcher? found = null;
        foreach (Literal literal in literals)
        {
            MatcherKind kind = literal.Matcher.Kind;
            if (!literal.Negated
                && (kind == best || kind == second || kind == third)
                && Outranks(literal.Matcher, found))
            {
                found = literal.Matcher;
            }
        }

        return found;
    }

    private static bool Outranks(Matcher matcher, Matcher? found) =>
        found is null
        || matcher.Kind < found.Kind
        || (matcher.Kind == found.Kind && matcher.Pattern?.LiteralPrefix.Length > found.Pattern?.LiteralPrefix.Length);

    // Lets every positive literal judge the others: either it implies one, which goes, or it excludes one, or it says
    // nothing.
    private static string Simplify(List<Literal> literals)
    {
        for (int i = 0; i < literals.Count; i++)
        {
            if (literals[i].Negated)
            {
                continue;
            }

            for (int j = literals.Count - 1; j >= 0; j--)
            {
                if (i == j)
                {
                    continue;
                }

                bool? implied = Entailment.Of(literals[i].Matcher, literals[j].Matcher);
                if (implied is not { } holds)
                {
                    continue;
                }

                if (holds == literals[j].Negated)
                {
                    return $"{literals[i].Text} and {literals[j].Text} exclude each other";
                }

                literals.RemoveAt(j);
                i -= j < i ? 1 : 0;
            }
        }

        return "";
    }
}
