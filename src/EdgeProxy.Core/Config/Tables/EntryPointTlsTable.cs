using System;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Tables;

/// <summary>[entrypoints.NAME.tls]</summary>
internal static class EntryPointTlsTable
{
    // What RFC 9325 section 4.2 lets stand: forward secrecy and authenticated encryption.
    private static readonly string[] CipherNames =
        [.. TlsContext.Ciphers13.Split(':'), .. TlsContext.Ciphers12.Split(':')];

    private static readonly TimeSpan HandshakeTimeoutMin = TimeSpan.FromMilliseconds(100);

    private static readonly ChoiceKey VersionMin = TlsKeys.VersionMin();

    private static readonly ChoiceListKey Ciphers = new("ciphers", CipherNames,
        "Ciphers, best first, as OpenSSL names them; TLS_* are those of TLS 1.3. Without those of a version: all of "
            + "them, the cheapest first.")
    {
        Default = [],
        ExampleToml = "[\"TLS_AES_256_GCM_SHA384\", \"ECDHE-ECDSA-AES256-GCM-SHA384\"]",
    };

    private static readonly BooleanKey StrictSni = new("strict_sni",
        "Refuse clients that ask for a name no certificate has, or for none, and answer 421 to a request for a host "
            + "that another certificate is for.")
    {
        Default = false,
        DefaultToml = "false",
    };

    private static readonly BooleanKey SessionTickets = new("session_tickets",
        "Clients may resume a session without a full handshake.")
    {
        Default = true,
        DefaultToml = "true",
    };

    private static readonly ChoiceKey ClientAuth = new("client_auth", ["none", "request", "require", "verify"],
        "request: clients may show a certificate; require: they have to; verify: one that client_ca signed. What it "
            + "says goes to the server in X-Forwarded-Tls-Client-Cert and -Info; of one that is not verified and "
            + "longer than 8 KiB its hash only.")
    {
        Default = "none",
        DefaultToml = "\"none\"",
    };

    private static readonly PemFileKey ClientCa = new("client_ca", isSecret: false,
        "Who signs clients' certificates.")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/clients-ca.pem\"",
    };

    private static readonly DurationKey HandshakeTimeout = new("handshake_timeout", HandshakeTimeoutMin,
        TlsLimits.HandshakeTimeoutMax, "From accept to the end of the handshake; then closed.")
    {
        Default = TlsLimits.HandshakeTimeoutDefault,
        DefaultToml = $"\"{DurationText.Format(TlsLimits.HandshakeTimeoutDefault)}\"",
    };

    private static readonly IntegerKey Handshakes = new("handshakes_max", 1, TlsLimits.HandshakesMax, "handshakes",
        "Handshakes under way at once. Over it the connection is closed.")
    {
        Default = TlsLimits.HandshakesDefault,
        DefaultToml = TlsLimits.HandshakesDefault.ToString(CultureInfo.InvariantCulture),
    };

    private static readonly IntegerKey HandshakesPerAddress = new("handshakes_per_address_max", 0,
        TlsLimits.HandshakesMax, "handshakes",
        "Handshakes under way at once from one address (IPv6: one /64). Over it the connection is closed.")
    {
        Default = TlsLimits.HandshakesPerAddressDefault,
        DefaultToml = TlsLimits.HandshakesPerAddressDefault.ToString(CultureInfo.InvariantCulture),
        ZeroMeans = "no limit",
    };

    public static TableDeclaration Declaration { get; } = new("tls", IsNamed: false,
        "Clients speak TLS here; tls = {} takes the defaults. Certificates are those of [[tls.certificates]].",
        [
            VersionMin, Ciphers, StrictSni, SessionTickets, ClientAuth, ClientCa, HandshakeTimeout, Handshakes,
            HandshakesPerAddress,
        ]);

    /// <summary>Null if there is none, or nothing to show.</summary>
    public static TlsServerSettings? Parse(TableScope parent, bool offersHttp2)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        ClientAuth clientAuth = ReadClientAuth(scope, out PemText? clientCa);
        Sequence<CertificateSettings> certificates = scope.Certificates;
        if (OpenSsl.Problem is { } problem)
        {
            scope.Report(scope.Table, "", problem);
        }
        else if (certificates.Count == 0 && !scope.HasTop(TlsTable.Declaration))
        {
            scope.Report(scope.Table, "", "has no certificate to show; write [[tls.certificates]] with cert and key");
        }

        return new TlsServerSettings
        {
            Certificates = certificates,
            OffersHttp2 = offersHttp2,
            VersionMin = TlsKeys.VersionOf(VersionMin.Read(scope)),
            Ciphers = PlacedItems.Values(Ciphers.Read(scope)),
            StrictSni = StrictSni.Read(scope),
            SessionTickets = SessionTickets.Read(scope),
            ClientAuth = clientAuth,
            ClientCaPem = clientCa?.Text ?? "",
            HandshakeTimeout = HandshakeTimeout.Read(scope),
            HandshakesMax = Handshakes.ReadValue(scope),
            HandshakesPerAddressMax = HandshakesPerAddress.ReadValue(scope),
        };
    }

    private static ClientAuth ReadClientAuth(TableScope scope, out PemText? clientCa)
    {
        ClientAuth auth = ClientAuth.Read(scope) switch
        {
            "request" => Transport.Tls.ClientAuth.Request,
            "require" => Transport.Tls.ClientAuth.Require,
            "verify" => Transport.Tls.ClientAuth.Verify,
            _ => Transport.Tls.ClientAuth.None,
        };
        clientCa = ClientCa.ReadCertificates(scope);
        if (auth == Transport.Tls.ClientAuth.Verify && !scope.TryFind(ClientCa.Name, out _)
            && scope.TryFind(ClientAuth.Name, out TomlEntry verify))
        {
            scope.Report(verify.Value, ClientAuth.Name, "\"verify\" needs to know whom to trust; write client_ca");
        }
        else if (auth == Transport.Tls.ClientAuth.None && scope.TryFind(ClientCa.Name, out TomlEntry ca))
        {
            scope.Report(ca.Value, ClientCa.Name, "does nothing without client_auth");
        }

        return auth;
    }
}
