using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>Where the key stands, and what else <see cref="IdentitySettings"/> says.</summary>
internal sealed record ApiKeySettings : IdentitySettings
{
    /// <summary>
    /// Longest key in bytes when it stands in a query, encoded; elsewhere <see cref="CredentialPlace.BytesMax"/>.
    /// </summary>
    public const int QueryBytesMax = 512;

    public required CredentialSettings Place { get; init; }
}

/// <summary>
/// <c>api_key</c>: lets those pass that show a key of a consumer. Keys are looked up by their SHA-256, so that neither
/// the configuration nor the time an answer takes says anything about them; a key is random, so it needs no slow hash
/// (which would be an attacker's to spend).
/// </summary>
internal sealed class ApiKey : Middleware
{
    private readonly CredentialPlace _place;
    private readonly Admission _admission;
    private readonly Dictionary<Digest256, Consumer> _consumers = [];
    private readonly bool _isForwarded;

    public ApiKey(ApiKeySettings settings)
    {
        _place = new CredentialPlace(settings.Place);
        _isForwarded = settings.IsForwarded;
        string scheme = settings.Place.Scheme.Length > 0 ? settings.Place.Scheme : "ApiKey";
        _admission = new Admission(settings, $"{scheme} realm={Admission.Quoted(settings.Name)}");
        for (int i = 0; i < settings.Consumers.Count; i++)
        {
            ConsumerSettings known = settings.Consumers[i];
            var consumer = new Consumer(known.Name, i);
            foreach (Digest256 key in known.Keys)
            {
                _consumers.Add(key, consumer);
            }
        }
    }

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        Span<byte> room = stackalloc byte[ApiKeySettings.QueryBytesMax];
        if (!_place.TryFind(exchange, room, out ReadOnlySpan<byte> key)
            || !_consumers.TryGetValue(Digest256.Of(key), out Consumer? consumer))
        {
            return _admission.Refuse(exchange);
        }

        if (!_isForwarded && !_place.TryRemove(exchange))
        {
            return exchange.Reject(Primitives.Http.RejectReason.HeadTooLarge);
        }

        return _admission.Admit(exchange, consumer);
    }
}
