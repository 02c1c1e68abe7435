using EdgeProxy.Config.Toml;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Keys;

/// <summary>What may be asked of clients, in the tables that say it: min_version, client_auth, client_ca.</summary>
/// <param name="clientAuthDoc">Of client_auth.</param>
internal sealed class ClientPolicyKeys(string clientAuthDoc)
{
    public ChoiceKey VersionMin { get; } = TlsKeys.VersionMin();

    public ChoiceKey ClientAuth { get; } = new("client_auth", ["none", "request", "require", "verify"], clientAuthDoc)
    {
        Default = "none",
        DefaultToml = "\"none\"",
    };

    public PemFileKey ClientCa { get; } = new("client_ca", isSecret: false, "Who signs clients' certificates.")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/clients-ca.pem\"",
    };

    /// <summary>What does not go together is reported.</summary>
    public ClientPolicy Read(TableScope scope, string name)
    {
        ClientAuth auth = ClientAuth.Read(scope) switch
        {
            "request" => Transport.Tls.ClientAuth.Request,
            "require" => Transport.Tls.ClientAuth.Require,
            "verify" => Transport.Tls.ClientAuth.Verify,
            _ => Transport.Tls.ClientAuth.None,
        };
        PemText? authorities = ClientCa.ReadCertificates(scope);
        if (auth == Transport.Tls.ClientAuth.Verify && !scope.TryFind(ClientCa.Name, out _)
            && scope.TryFind(ClientAuth.Name, out TomlEntry verify))
        {
            scope.Report(verify.Value, ClientAuth.Name, "\"verify\" needs to know whom to trust; write client_ca");
        }
        else if (auth == Transport.Tls.ClientAuth.None && scope.TryFind(ClientCa.Name, out TomlEntry ca))
        {
            scope.Report(ca.Value, ClientCa.Name, "does nothing without client_auth");
        }

        return new ClientPolicy
        {
            Name = name,
            Auth = auth,
            CaPem = authorities?.Text ?? "",
            VersionMin = TlsKeys.VersionOf(VersionMin.Read(scope)),
        };
    }
}
