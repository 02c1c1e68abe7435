using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.api_key]</summary>
internal static class ApiKeyTable
{
    private static readonly CredentialKeys Place = new("key", "api_key", isBearer: false);

    public static TableDeclaration Declaration { get; } = new("api_key", IsNamed: false,
        "Lets consumers pass that show one of their keys; 401 to others.",
        [.. Place.Declared, .. IdentityKeys.Declared])
    {
        ExampleName = "key",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        CredentialSettings place = Place.Read(scope);
        if (!HasKeys(scope))
        {
            scope.Report(scope.Table, "", "lets nobody pass: no consumer has keys; write [consumers.NAME] with keys");
        }

        return IdentityKeys.Read(scope, new ApiKeySettings
        {
            Name = name,
            Place = place,
        });
    }

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
