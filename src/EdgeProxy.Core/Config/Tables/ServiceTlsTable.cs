using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.tls]</summary>
internal static class ServiceTlsTable
{
    private static readonly PemFileKey Ca = new("ca", isSecret: false,
        "Who signs the servers' certificates, and nobody else. Without it: whom the system trusts (SSL_CERT_FILE).")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/servers-ca.pem\"",
    };

    private static readonly HostTextKey ServerName = new("server_name",
        "The name to ask for and to verify. Without it: the host of each server's URL, an address included; "
            + "localhost for one on a Unix socket.")
    {
        ExampleToml = "\"api.example.com\"",
    };

    private static readonly PemFileKey Certificate = new("cert", isSecret: false,
        "Our certificate, for servers that ask for one.")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/client.pem\"",
    };

    private static readonly PemFileKey PrivateKey = new("key", isSecret: true, "Its private key, not encrypted.")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/client.key\"",
    };

    private static readonly PinListKey Pins = new("pins",
        "Public keys, one of which the server has to have, whatever else is verified or not.")
    {
        ExampleToml = "[\"sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"]",
    };

    private static readonly ChoiceKey VersionMin = TlsKeys.VersionMin();

    private static readonly BooleanKey SkipVerify = new("insecure_skip_verify",
        "Take whoever answers for the server: anybody on the way can read and change everything.")
    {
        Default = false,
        DefaultToml = "false",
    };

    public static TableDeclaration Declaration { get; } = new("tls", IsNamed: false,
        "TLS towards servers whose URL says https. Their certificate is verified.",
        [Ca, ServerName, Certificate, PrivateKey, Pins, VersionMin, SkipVerify]);

    /// <summary>Null if there is none.</summary>
    public static TlsClientSettings? Parse(TableScope parent, bool isUsed)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        if (!isUsed)
        {
            scope.Report(scope.Table, "", "does nothing: no server's URL says https");
        }

        CertificateSettings? own = null;
        bool hasCertificate = scope.TryFind(Certificate.Name, out TomlEntry certificate);
        bool hasKey = scope.TryFind(PrivateKey.Name, out TomlEntry key);
        if (hasCertificate && hasKey)
        {
            own = TlsKeys.Pair(scope, Certificate, PrivateKey);
        }
        else if (hasCertificate || hasKey)
        {
            (string found, string missing) = hasCertificate
                ? (Certificate.Name, PrivateKey.Name)
                : (PrivateKey.Name, Certificate.Name);
            scope.Report((hasCertificate ? certificate : key).Value, found, $"needs {missing} beside it");
        }

        bool skipsVerify = SkipVerify.Read(scope);
        PemText? ca = Ca.ReadCertificates(scope);
        if (skipsVerify && ca is not null)
        {
            scope.Report(ca.Node, Ca.Name, "does nothing with insecure_skip_verify = true");
        }

        return new TlsClientSettings
        {
            CaPem = ca?.Text ?? "",
            ServerName = ServerName.Read(scope) ?? "",
            Certificate = own,
            Pins = PlacedItems.Values(Pins.Read(scope)),
            VersionMin = TlsKeys.VersionOf(VersionMin.Read(scope)),
            SkipVerify = skipsVerify,
        };
    }
}
