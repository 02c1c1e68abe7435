using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.api_key]</summary>
internal static class ApiKeyTable
{
    private static readonly HeaderNameKey Header = new("header", "The header that has the key. Or query, or cookie.")
    {
        ExampleToml = "\"Authorization\"",
        IsChosen = true,
    };

    private static readonly TokenKey Scheme = new("scheme", CredentialSettings.SchemeCharsMax,
        "What stands in front of the key in the header.")
    {
        ExampleToml = "\"Bearer\"",
    };

    private static readonly TextKey Query = new("query", CredentialSettings.NameCharsMax,
        "The parameter of the query that has the key. Queries end up in the logs of others: prefer a header.")
    {
        ExampleToml = "\"api_key\"",
        IsAlternative = true,
    };

    private static readonly TokenKey Cookie = new("cookie", CredentialSettings.NameCharsMax,
        "The cookie that has the key.")
    {
        ExampleToml = "\"key\"",
        IsAlternative = true,
    };

    public static TableDeclaration Declaration { get; } = new("api_key", IsNamed: false,
        "Lets consumers pass that show one of their keys; 401 to others.",
        [Header, Scheme, Query, Cookie, .. IdentityKeys.Declared])
    {
        ExampleName = "key",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        FieldName? header = Header.Read(scope);
        string? scheme = Scheme.Read(scope);
        string? query = Query.Read(scope);
        string? cookie = Cookie.Read(scope);
        int places = Count(scope, Header) + Count(scope, Query) + Count(scope, Cookie);
        if (places != 1)
        {
            scope.Report(scope.Table, "", "needs one place for the key; write one of header, query, cookie");
        }

        if (scope.TryFind(Scheme.Name, out TomlEntry entry) && !scope.TryFind(Header.Name, out _))
        {
            scope.Report(entry.Value, Scheme.Name, "does nothing without header");
        }

        if (!HasKeys(scope))
        {
            scope.Report(scope.Table, "", "lets nobody pass: no consumer has keys; write [consumers.NAME] with keys");
        }

        return IdentityKeys.Read(scope, new ApiKeySettings
        {
            Name = name,
            Place = new CredentialSettings(header, scheme ?? "", query ?? "", cookie ?? ""),
        });
    }

    private static int Count(TableScope scope, Key key) => scope.TryFind(key.Name, out _) ? 1 : 0;

    private static bool HasKeys(TableScope scope)
    {
        foreach (ConsumerSettings consumer in scope.Consumers)
        {
            if (consumer.Keys.Count > 0)
            {
                return true;
            }
        }

        return false;
    }
}
