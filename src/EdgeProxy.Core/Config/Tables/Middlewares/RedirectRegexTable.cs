using System;
using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.redirect_regex]</summary>
internal static class RedirectRegexTable
{
    private static readonly RegexKey Regex = new("regex",
        "Matched in scheme, host, port unless it is the scheme's own, canonical path and query.")
    {
        IsRequired = true,
        ExampleToml = "'^http://www\\.example\\.com/(.*)'",
    };

    private static readonly ReplacementKey Replacement = new("replacement",
        "Takes the place of each match. Its host may be text and groups of the request's host; an outcome whose host "
            + "comes from path or query, or that is no http URL, is a 400.", Refusal)
    {
        IsRequired = true,
        ExampleToml = "\"https://example.com/${1}\"",
    };

    private static readonly BooleanKey Permanent = new("permanent", "301 and 308, which clients keep.")
    {
        DefaultToml = "false",
    };

    public static TableDeclaration Declaration { get; } = new("redirect_regex", IsNamed: false,
        "Sends clients whose URL matches to another, with 301 or 302 for GET and HEAD and with 308 or 307 for other "
            + "methods.",
        [Regex, Replacement, Permanent])
    {
        ExampleName = "moved",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        MatchPattern? regex = Regex.Read(scope);
        bool isPermanent = Permanent.Read(scope);
        return Replacement.ReadFor(scope, regex) is { } replacement
            ? new RedirectRegexSettings
            {
                Name = name,
                Regex = regex!,
                Replacement = replacement,
                IsPermanent = isPermanent,
            }
            : null;
    }

    private static string? Refusal(string text) =>
        text.Length == 0 ? "is empty"
        : text.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0 ? "has a character that no URL holds"
        : null;
}
