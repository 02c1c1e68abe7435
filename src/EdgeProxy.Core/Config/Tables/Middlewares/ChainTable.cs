using System.Collections.Generic;
using EdgeProxy.Config.Keys;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.chain]: a name for several others.</summary>
internal static class ChainTable
{
    private static readonly NameListKey Middlewares = new("middlewares", "middleware",
        "The middlewares it stands for, in order; chains among them, too.")
    {
        IsRequired = true,
        ExampleToml = "[\"strip\", \"fields\"]",
    };

    public static TableDeclaration Declaration { get; } = new("chain", IsNamed: false,
        "Stands for several middlewares.", [Middlewares])
    {
        ExampleName = "all",
    };

    public static IReadOnlyList<Placed<string>> Parse(TableScope scope) => Middlewares.Read(scope) ?? [];
}
