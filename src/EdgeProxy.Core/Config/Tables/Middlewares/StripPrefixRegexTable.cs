using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.strip_prefix_regex]</summary>
internal static class StripPrefixRegexTable
{
    private static readonly RegexListKey Regex = new("regex",
        "The first that matches at the start of the path, up to the end of a segment, is taken off. The server hears "
            + "what as X-Forwarded-Prefix.")
    {
        IsRequired = true,
        ExampleToml = "['^/v[0-9]+']",
    };

    public static TableDeclaration Declaration { get; } = new("strip_prefix_regex", IsNamed: false,
        "Takes off the path what a regular expression matches at its start.",
        [Regex])
    {
        ExampleName = "version",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope) =>
        Regex.Read(scope) is { } regex
            ? new StripPrefixRegexSettings { Name = name, Regex = PlacedItems.Values(regex) }
            : null;
}
