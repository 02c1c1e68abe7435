using System;

namespace EdgeProxy.Routing;

/// <summary>
/// How narrowly a conjunction describes its requests, as one number; more is narrower (decision 0011). By host first:
/// exact, wildcard, regular expression, none. Then by path: exact, prefix (longer first), regular expression (longer
/// literal start first), "/", none. Then by how many more matchers must hold, then by the model: exact, prefix (longer
/// first), none. The length of the rule's text has no say.
/// </summary>
internal readonly record struct Specificity(ulong Value) : IComparable<Specificity>
{
    private const int HostShift = 60;
    private const int PathShift = 56;
    private const int LengthShift = 32;
    private const int OthersShift = 8; // a model's name has 128 characters at most
    private const uint ExactModel = 255;

    public static Specificity Of(int literals, Matcher? host, Matcher? path, Matcher? model = null)
    {
        ulong hostClass = host?.Kind switch
        {
            MatcherKind.Host => 3,
            MatcherKind.HostWildcard => 2,
            MatcherKind.HostRegexp => 1,
            _ => 0,
        };
        (ulong pathClass, int length) = path?.Kind switch
        {
            MatcherKind.Path => (4UL, path.ValueBytes.Length),
            MatcherKind.PathPrefix when path.ValueBytes.Length > 1 => (3UL, path.ValueBytes.Length),
            MatcherKind.PathRegexp => (2UL, path.Pattern!.LiteralPrefix.Length),
            MatcherKind.PathPrefix => (1UL, 1), // "/" takes everything; it must not hide regular expressions
            _ => (0UL, 0),
        };
        int others = literals - (host is null ? 0 : 1) - (path is null ? 0 : 1);
        return new Specificity(
            (hostClass << HostShift) | (pathClass << PathShift) | ((ulong)length << LengthShift)
            | ((uint)others << OthersShift) | OfModel(model));
    }

    private static uint OfModel(Matcher? model) => model is null ? 0
        : model.IsModelPrefix ? 1 + (uint)model.ValueBytes.Length
        : ExactModel;

    public int CompareTo(Specificity other) => Value.CompareTo(other.Value);
}
