using EdgeProxy.Services.Composing;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// A service that has to read a request's whole body before it knows what becomes of it: which of other services
/// answers, with which body, or none.
/// </summary>
internal abstract class BodyService : ServiceNode
{
    /// <summary>
    /// A request came to it. Null if it is answered already, or refused: the exchange has a LocalAnswer or a fault.
    /// </summary>
    public abstract BodyCall? Begin(Exchange exchange);
}
