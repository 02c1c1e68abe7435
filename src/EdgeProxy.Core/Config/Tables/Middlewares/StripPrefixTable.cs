using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.strip_prefix]</summary>
internal static class StripPrefixTable
{
    private static readonly PathListKey Prefixes = new("prefixes",
        "Prefixes to take off; the first that fits is, up to the end of a segment. The server hears it as "
            + "X-Forwarded-Prefix.")
    {
        IsRequired = true,
        ExampleToml = "[\"/api\"]",
    };

    public static TableDeclaration Declaration { get; } = new("strip_prefix", IsNamed: false,
        "Takes a prefix off the path.", [Prefixes])
    {
        ExampleName = "strip",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope) =>
        Prefixes.Read(scope) is { } prefixes
            ? new StripPrefixSettings { Name = name, Prefixes = PathListKey.Values(prefixes) }
            : null;
}
