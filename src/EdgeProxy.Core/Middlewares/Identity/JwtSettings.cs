using System;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>A claim whose value the server is told.</summary>
internal sealed record ClaimHeader(FieldName Header, string Path);

/// <summary>A claim that has to be there with one of these values, or with one of them among several.</summary>
/// <param name="Path">Its name; dots lead into objects.</param>
internal sealed record ClaimRule(string Path, Sequence<string> Values)
{
    /// <summary>Longest path or value in characters.</summary>
    public const int CharsMax = 256;
}

/// <summary>Which tokens are good.</summary>
internal sealed record JwtSettings : IdentitySettings
{
    /// <summary>Longest token in bytes.</summary>
    public const int TokenBytesMax = CredentialPlace.BytesMax;

    /// <summary>Tokens remembered; half a kilobyte or two each.</summary>
    public const int SeenMax = 1024;

    /// <summary>Shortest secret in bytes (RFC 7518 section 3.2: as long as the hash).</summary>
    public const int SecretBytesMin = 32;

    public static TimeSpan SkewDefault { get; } = TimeSpan.FromSeconds(60);

    public required CredentialSettings Place { get; init; }

    /// <summary>The keys of the issuers; null: <see cref="Issuer"/> has them.</summary>
    public TokenKeys? Keys { get; init; }

    /// <summary>Where the keys are fetched; null: <see cref="Keys"/> has them.</summary>
    public IssuerSettings? Issuer { get; init; }

    /// <summary>Values of iss, one of which it must have; empty: not looked at.</summary>
    public Sequence<string> Issuers { get; init; } = Sequence<string>.Empty;

    /// <summary>Values of aud, one of which it must have; empty: not looked at.</summary>
    public Sequence<string> Audiences { get; init; } = Sequence<string>.Empty;

    public TimeSpan Skew { get; init; } = SkewDefault;

    public Sequence<ClaimRule> Claims { get; init; } = Sequence<ClaimRule>.Empty;

    public Sequence<ClaimHeader> Headers { get; init; } = Sequence<ClaimHeader>.Empty;
}
