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

    /// <summary>SHA-256 of each client certificate (client_cert). No two consumers share one.</summary>
    public Sequence<Digest256> Certificates { get; init; } = Sequence<Digest256>.Empty;

    /// <summary>
    /// Claims of a token (jwt) that prove it, all of them together. With several issuers iss belongs among them.
    /// </summary>
    public Sequence<ClaimRule> Claims { get; init; } = Sequence<ClaimRule>.Empty;

    /// <summary>Models it may use, each a name or with a * at its end many; empty for all.</summary>
    public Sequence<string> Models { get; init; } = Sequence<string>.Empty;

    /// <summary>Name of the plan that says how much it may use; "" for none.</summary>
    public string Plan { get; init; } = "";
}
