using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Tables;

/// <summary>One [tls.options.NAME] as read.</summary>
internal sealed record TlsOptionDocument(ClientPolicy Policy, TomlTable Table);

/// <summary>[tls.options.NAME]</summary>
internal static class TlsOptionTable
{
    /// <summary>With a router that asks for it.</summary>
    public const string ExampleToml = """
        [entrypoints.websecure]
        address = ":443"
        tls = {}

        [tls.options.partners]
        client_auth = "require"

        [routers.app]
        entrypoints = ["websecure"]
        rule = "Host(`partners.example.com`)"
        service = "app"

        [routers.app.tls]
        options = "partners"
        """;

    private static readonly ClientPolicyKeys Policy = new(
        "As in [entrypoints.NAME.tls]; request: clients may show a certificate; require: they have to; verify: one "
            + "that client_ca signed.");

    public static TableDeclaration Declaration { get; } = new("options", IsNamed: true,
        "What is asked of clients who come for the hosts of routers that name it, in place of what the entrypoint "
            + "asks. By the name of the handshake, and again by the host of each request: 421 where they differ.",
        [Policy.VersionMin, Policy.ClientAuth, Policy.ClientCa])
    {
        ExampleName = "partners",
        ExampleToml = ExampleToml,
    };

    public static TlsOptionDocument Parse(string name, TableScope scope) =>
        new(Policy.Read(scope, name), scope.Table);
}
