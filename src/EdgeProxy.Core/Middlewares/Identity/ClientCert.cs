using System.Collections.Generic;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>Whose certificates are good.</summary>
internal sealed record ClientCertSettings : IdentitySettings
{
    /// <summary>Subjects and issuers that may be named, each.</summary>
    public const int NamesMax = 256;

    /// <summary>Whole subjects as RFC 2253 writes them, one of which it must have; empty: not looked at.</summary>
    public Sequence<string> Subjects { get; init; } = Sequence<string>.Empty;

    /// <summary>Whole issuers, one of which it must have; empty: not looked at.</summary>
    public Sequence<string> Issuers { get; init; } = Sequence<string>.Empty;
}

/// <summary>
/// <c>client_cert</c>: lets those pass whose TLS connection showed a certificate that was verified against the
/// entrypoint's client_ca; 403 to others. The consumer is the one whose certificates has its fingerprint.
/// </summary>
internal sealed class ClientCert : Middleware
{
    private readonly Admission _admission;
    private readonly HashSet<string>? _subjects;
    private readonly HashSet<string>? _issuers;
    private readonly Dictionary<Digest256, Consumer> _byFingerprint = [];

    public ClientCert(ClientCertSettings settings)
    {
        _admission = new Admission(settings, "");
        _subjects = settings.Subjects.Count > 0 ? [.. settings.Subjects] : null;
        _issuers = settings.Issuers.Count > 0 ? [.. settings.Issuers] : null;
        for (int i = 0; i < settings.Consumers.Count; i++)
        {
            ConsumerSettings known = settings.Consumers[i];
            var consumer = new Consumer(known.Name, i);
            foreach (Digest256 fingerprint in known.Certificates)
            {
                _byFingerprint.Add(fingerprint, consumer);
            }
        }
    }

    public override Verdict OnRequest(Exchange exchange) =>
        ClientCertificate.Of(exchange.ClientLink) is { IsVerified: true } peer
        && _subjects?.Contains(peer.Subject) != false && _issuers?.Contains(peer.Issuer) != false
            ? _admission.Admit(exchange, _byFingerprint.GetValueOrDefault(peer.Fingerprint))
            : Admission.Forbid(exchange);
}
