using System;
using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.replace_path_regex]</summary>
internal static class ReplacePathRegexTable
{
    private static readonly RegexKey Regex = new("regex", "Matched in the canonical path, anywhere unless ^ and $ say.")
    {
        IsRequired = true,
        ExampleToml = "'^/api/v[0-9]+/(.*)'",
    };

    private static readonly ReplacementKey Replacement = new("replacement",
        "Takes the place of each match. An outcome that does not start with '/' is refused with 400.", Refusal)
    {
        IsRequired = true,
        ExampleToml = "\"/${1}\"",
    };

    public static TableDeclaration Declaration { get; } = new("replace_path_regex", IsNamed: false,
        "Replaces what a regular expression matches in the path; the server hears what the path was as "
            + "X-Replaced-Path.",
        [Regex, Replacement])
    {
        ExampleName = "rewrite",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        MatchPattern? regex = Regex.Read(scope);
        return Replacement.ReadFor(scope, regex) is { } replacement
            ? new ReplacePathRegexSettings { Name = name, Regex = regex!, Replacement = replacement }
            : null;
    }

    private static string? Refusal(string text) =>
        text.AsSpan().ContainsAny('?', '#') ? "has a '?' or '#', which no path holds" : null;
}
