using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Services;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.hash]</summary>
internal static class HashTable
{
    private static readonly ChoiceKey On = new("on", ["header", "cookie", "client", "path", "query"],
        "What of a request is hashed; client is its address.")
    {
        IsRequired = true,
        ExampleToml = "\"header\"",
    };

    private static readonly TextKey Key = new("name", ServiceLimits.HashNameCharsMax,
        "The header, cookie or query parameter. Requests without it go to the servers in turn.")
    {
        ExampleToml = "\"X-User\"",
    };

    public static TableDeclaration Declaration { get; } = new("hash", IsNamed: false,
        "With strategy = \"hash\": what decides about the server. A server that goes moves its own share and no other.",
        [On, Key])
    {
        ExampleToml = """
            [services.app]
            servers = [{ url = "http://10.0.0.5:8080" }, { url = "http://10.0.0.6:8080" }]
            strategy = "hash"

            [services.app.hash]
            on = "header"
            name = "X-User"
            """,
    };

    /// <summary>Null if there is none, or it has a fault.</summary>
    public static HashSettings? Parse(TableScope parent)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        string? on = On.Read(scope);
        bool isNamed = scope.TryFind(Key.Name, out TomlEntry entry);
        string? name = isNamed ? Key.Read(scope) : null;
        if (on is null)
        {
            return null;
        }

        HashSource source = on switch
        {
            "header" => HashSource.Header,
            "cookie" => HashSource.Cookie,
            "client" => HashSource.Client,
            "path" => HashSource.Path,
            _ => HashSource.Query,
        };
        if (source is HashSource.Client or HashSource.Path)
        {
            if (isNamed)
            {
                scope.Report(entry.Value, Key.Name, $"does nothing with on = \"{on}\"");
            }

            return new HashSettings(source, "");
        }

        if (!isNamed)
        {
            scope.ReportMissing(Key);
        }

        return name is null ? null : new HashSettings(source, name);
    }
}
