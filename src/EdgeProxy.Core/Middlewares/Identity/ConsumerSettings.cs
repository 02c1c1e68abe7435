using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>[consumers.NAME]: what proves that it is this one who calls.</summary>
internal sealed record ConsumerSettings
{
    public const int KeysMax = 64;

    public required string Name { get; init; }

    /// <summary>SHA-256 of each API key. No two consumers share one.</summary>
    public Sequence<Digest256> Keys { get; init; } = Sequence<Digest256>.Empty;

    /// <summary>Names of users (basic_auth). No two consumers share one.</summary>
    public Sequence<string> Users { get; init; } = Sequence<string>.Empty;

    /// <summary>Claims of a token (jwt), any one of which proves it. No two consumers share one.</summary>
    public Sequence<ClaimSettings> Claims { get; init; } = Sequence<ClaimSettings>.Empty;
}

/// <summary>A claim of a token that has a value, or has it among several.</summary>
/// <param name="Path">Its name; dots lead into objects.</param>
internal sealed record ClaimSettings(string Path, string Value)
{
    /// <summary>Longest path or value in characters.</summary>
    public const int CharsMax = 256;
}
