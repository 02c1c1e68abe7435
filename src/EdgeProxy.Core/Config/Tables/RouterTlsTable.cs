using EdgeProxy.Config.Keys;

namespace EdgeProxy.Config.Tables;

/// <summary>[routers.NAME.tls]</summary>
internal static class RouterTlsTable
{
    private static readonly NameKey Options = new("options", "table of tls.options",
        "What is asked of clients who come for the hosts of its rule, by the name of a table [tls.options.NAME].")
    {
        IsRequired = true,
        ExampleToml = "\"partners\"",
    };

    public static TableDeclaration Declaration { get; } = new("tls", IsNamed: false,
        "TLS of the router's hosts; its entrypoints all have tls. Routers of one host ask for the same.", [Options])
    {
        ExampleToml = TlsOptionTable.ExampleToml,
    };

    /// <summary>Null if there are none.</summary>
    public static Placed<string>? Parse(TableScope parent) =>
        parent.Below(Declaration) is { } scope ? Options.Read(scope) : null;
}
