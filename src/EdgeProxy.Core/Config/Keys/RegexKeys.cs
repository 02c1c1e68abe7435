using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Config.Keys;

/// <summary>How a regular expression, and what replaces its matches, is refused.</summary>
internal static class RegexText
{
    /// <summary>Why not, or null.</summary>
    public static string? Refusal(string text, out MatchPattern? pattern)
    {
        pattern = MatchPattern.Create(text, out PatternError error);
        return pattern is null ? Describe(error) : null;
    }

    public static string Describe(PatternError error) => string.Create(
        CultureInfo.InvariantCulture, $"is no regular expression: at character {error.Offset + 1}, {error.Message}");
}

/// <summary>A regular expression in Go's dialect.</summary>
internal sealed class RegexKey(string name, string doc) : Key<MatchPattern?>(name, doc)
{
    public override string TypeText => "regular expression";

    public override string Accepts => "write Go's dialect (RE2), " + ExampleToml;

    public override string Range => "Go's dialect (RE2)";

    protected override bool TryParse(TomlNode node, TableScope scope, out MatchPattern? value)
    {
        value = null;
        return TryText(node, scope, out string? text)
            && (RegexText.Refusal(text, out value) is not { } reason || RefuseText(node, text, scope, reason));
    }
}

/// <summary>Regular expressions in Go's dialect.</summary>
internal sealed class RegexListKey(string name, string doc) : ListKey<MatchPattern>(name, doc)
{
    public override string TypeText => "list of regular expressions";

    public override string Accepts => "write Go's dialect (RE2), " + ExampleToml;

    public override string Range => "Go's dialect (RE2)";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out MatchPattern? item) => RegexText.Refusal(text, out item);
}

/// <summary>
/// What takes the place of a match: text, and $1, ${1} or ${name} for groups, as Traefik's users write it. No
/// ${env:...} is filled in here: the same sign cannot mean both.
/// </summary>
/// <param name="refusal">Why the text, without what its groups stand for, will not do; or null.</param>
internal sealed class ReplacementKey(string name, string doc, Func<string, string?> refusal) : Key<string?>(name, doc)
{
    private const int CharsMax = 2048;

    public override string TypeText => "string";

    public override string Accepts => "write text with groups, " + ExampleToml;

    public override string Range => "text; ${1} and ${name} stand for groups, $$ for the sign";

    /// <summary>Null, reported unless there is no regular expression to look groups up in.</summary>
    public Replacement? ReadFor(TableScope scope, MatchPattern? regex)
    {
        if (Read(scope) is not { } text || regex is null)
        {
            return null;
        }

        if (Replacement.Parse(text, regex.Groups, out string problem) is { } replacement)
        {
            return replacement;
        }

        if (scope.TryFind(Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, Name, problem);
        }

        return null;
    }

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        value = (node as TomlString)?.Value;
        if (value is null)
        {
            return Refuse(node, scope, "is not a string");
        }

        string? reason = value.Length > CharsMax ? $"is longer than {CharsMax} characters"
            : value.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0 ? "has control characters"
            : refusal(value);
        return reason is null || Refuse(node, scope, reason);
    }
}
