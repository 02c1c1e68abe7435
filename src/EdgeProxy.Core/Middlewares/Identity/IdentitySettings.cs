using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>What every middleware that finds out who calls has in common.</summary>
internal abstract record IdentitySettings : MiddlewareSettings
{
    /// <summary>
    /// All consumers of the configuration in its order, so that a change of them makes the middleware anew: a kept one
    /// knows each by its place (<see cref="Consumer.Index"/>).
    /// </summary>
    public Sequence<ConsumerSettings> Consumers { get; init; } = Sequence<ConsumerSettings>.Empty;

    /// <summary>Names of those that may pass; 403 to others. Empty: whoever is known.</summary>
    public Sequence<string> Allowed { get; init; } = Sequence<string>.Empty;

    /// <summary>
    /// Tells the server the consumer's name; the client's own lines of that name are removed. Null: none.
    /// </summary>
    public FieldName? ConsumerHeader { get; init; }

    /// <summary>The credential goes on to the server.</summary>
    public bool IsForwarded { get; init; }
}
