using System;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Transport.Tls;

/// <summary>A certificate, as its files say it.</summary>
/// <param name="Name">Of its file: for messages.</param>
/// <param name="CertificatePem">The certificate, then those that lead to a root.</param>
/// <param name="KeyPem">Its private key, not encrypted.</param>
internal sealed record CertificateSettings(string Name, string CertificatePem, string KeyPem)
{
    /// <summary>For clients that ask for no name, or for one that no certificate has.</summary>
    public bool IsDefault { get; init; }

    // What a record would print holds a key.
    public override string ToString() => Name;
}

/// <summary>TLS on an entrypoint.</summary>
internal sealed record TlsServerSettings
{
    /// <summary>Never empty; the order decides between certificates with the same name.</summary>
    public required Sequence<CertificateSettings> Certificates { get; init; }

    /// <summary>What is asked of clients who come for a host that says nothing else, or for none.</summary>
    public ClientPolicy Policy { get; init; } = ClientPolicy.None;

    /// <summary>Hosts with a policy of their own, each once.</summary>
    public Sequence<HostPolicy> Hosts { get; init; } = Sequence<HostPolicy>.Empty;

    /// <summary>
    /// OpenSSL's names, TLS 1.2 and 1.3, best first; empty for <see cref="TlsContext.Ciphers12"/> and
    /// <see cref="TlsContext.Ciphers13"/>.
    /// </summary>
    public Sequence<string> Ciphers { get; init; } = Sequence<string>.Empty;

    /// <summary>ALPN may choose h2.</summary>
    public bool OffersHttp2 { get; init; } = true;

    /// <summary>Refuse clients that ask for a name no certificate has, or for none.</summary>
    public bool StrictSni { get; init; }

    /// <summary>Clients may resume a session by a ticket. Default true.</summary>
    public bool SessionTickets { get; init; } = true;

    /// <summary>From accept to the end of the handshake. Default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TlsLimits.HandshakeTimeoutDefault;

    /// <summary>
    /// Handshakes under way at once on this entrypoint. Default 4096; over it the connection is closed.
    /// </summary>
    public int HandshakesMax { get; init; } = TlsLimits.HandshakesDefault;

    /// <summary>The same from one address (IPv6: one /64). Default 1024; 0 is no limit.</summary>
    public int HandshakesPerAddressMax { get; init; } = TlsLimits.HandshakesPerAddressDefault;
}

/// <summary>Named limits and defaults of TLS.</summary>
internal static class TlsLimits
{
    public static readonly TimeSpan HandshakeTimeoutDefault = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan HandshakeTimeoutMax = TimeSpan.FromMinutes(5);
    public const int HandshakesDefault = 4096;
    public const int HandshakesPerAddressDefault = 1024;
    public const int HandshakesMax = 1_000_000;

    /// <summary>Of one PEM file: a bundle of every public root is about 220 KiB.</summary>
    public const int PemBytesMax = 1024 * 1024;
    public const int CertificatesMax = 1024;
    public const int PinsMax = 16;

    /// <summary>
    /// DER of a peer's certificate that did not verify: of a longer one only the hash is kept. OpenSSL takes 100 KiB,
    /// and usual ones have 1 to 3.
    /// </summary>
    public const int UnverifiedBytesMax = 8 * 1024;

    /// <summary>Certificates of a chain that are sent.</summary>
    public const int ChainMax = 16;

    /// <summary>A certificate that ends sooner is warned of when it is loaded.</summary>
    public const int ExpiryWarningDays = 14;
}
