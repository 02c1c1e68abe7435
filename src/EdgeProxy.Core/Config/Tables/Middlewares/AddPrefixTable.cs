using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.add_prefix]</summary>
internal static class AddPrefixTable
{
    private static readonly PathKey Prefix = new("prefix", "What is put before the path.")
    {
        IsRequired = true,
        ExampleToml = "\"/api\"",
    };

    public static TableDeclaration Declaration { get; } = new("add_prefix", IsNamed: false,
        "Puts a prefix before the path.",
        [Prefix])
    {
        ExampleName = "prefix",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope) =>
        Prefix.Read(scope) is { } prefix ? new AddPrefixSettings { Name = name, Prefix = prefix } : null;
}
