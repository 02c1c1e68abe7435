namespace EdgeProxy.Services.Composing;

/// <summary>What a router can name: a service with servers, or one composed of other services.</summary>
internal abstract class ServiceNode
{
    public abstract string Name { get; }

    /// <summary>A request would find a server. Looks at servers until one is usable; changes nothing.</summary>
    /// <param name="lot">The request's, for a circuit breaker that recovers; 0 passes as soon as any does.</param>
    public abstract bool IsUsable(long nowMs, uint lot);
}
