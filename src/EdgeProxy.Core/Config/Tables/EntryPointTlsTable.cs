using System;
using System.Globalization;
using EdgeProxy.Config.Keys;
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

    private static readonly ClientPolicyKeys Policy = new(
        "request: clients may show a certificate; require: they have to; verify: one that client_ca signed. What it "
            + "says goes to the server in X-Forwarded-Tls-Client-Cert and -Info; of one that is not verified and "
            + "longer than 8 KiB its hash only. By host: routers.NAME.tls.");

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
            Policy.VersionMin, Ciphers, StrictSni, SessionTickets, Policy.ClientAuth, Policy.ClientCa,
            HandshakeTimeout, Handshakes,
            HandshakesPerAddress,
        ]);

    /// <summary>Null if there is none, or nothing to show.</summary>
    public static TlsServerSettings? Parse(TableScope parent, bool offersHttp2)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        ClientPolicy policy = Policy.Read(scope, name: "");
        Sequence<CertificateSettings> certificates = scope.Certificates;
        if (OpenSsl.Problem is { } problem)
        {
            scope.Report(scope.Table, "", problem);
        }
        else if (certificates.Count == 0 && !scope.HasTop(TlsTable.Declaration, TlsTable.CertificatesName))
        {
            scope.Report(scope.Table, "", "has no certificate to show; write [[tls.certificates]] with cert and key");
        }

        return new TlsServerSettings
        {
            Certificates = certificates,
            OffersHttp2 = offersHttp2,
            Policy = policy,
            Ciphers = PlacedItems.Values(Ciphers.Read(scope)),
            StrictSni = StrictSni.Read(scope),
            SessionTickets = SessionTickets.Read(scope),
            HandshakeTimeout = HandshakeTimeout.Read(scope),
            HandshakesMax = Handshakes.ReadValue(scope),
            HandshakesPerAddressMax = HandshakesPerAddress.ReadValue(scope),
        };
    }
}
