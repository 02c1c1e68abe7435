using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.client_cert]</summary>
internal static class ClientCertTable
{
    private static readonly WordListKey Subjects = new("subjects", ClientCertSettings.NamesMax,
        "Whole subjects as openssl x509 -noout -subject -nameopt RFC2253 prints them, one of which it has. Without it "
            + "any.")
    {
        ExampleToml = "[\"CN=till-7,O=Shop\"]",
    };

    private static readonly WordListKey Issuers = new("issuers", ClientCertSettings.NamesMax,
        "Whole issuers, written alike, one of which it has. Without it any that client_ca vouches for.")
    {
        ExampleToml = "[\"CN=Tills,O=Shop\"]",
    };

    public static TableDeclaration Declaration { get; } = new("client_cert", IsNamed: false,
        "Lets those pass whose TLS certificate the entrypoint's client_ca vouches for; 403 to others.",
        [Subjects, Issuers, .. IdentityKeys.DeclaredWithoutForward])
    {
        ExampleName = "tills",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope) => IdentityKeys.Read(
        scope,
        new ClientCertSettings
        {
            Name = name,
            Subjects = PlacedItems.Values(Subjects.Read(scope)),
            Issuers = PlacedItems.Values(Issuers.Read(scope)),
        },
        hasForward: false);
}
