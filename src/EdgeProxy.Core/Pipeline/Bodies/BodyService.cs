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

    /// <summary>Longest body of a request, in bytes.</summary>
    public abstract int BodyBytesMax { get; }

    /// <summary>What the bodies of its requests are counted in, on the exchange's loop.</summary>
    public abstract BodyBudget BudgetOf(Exchange exchange);

    /// <summary>The request is one that names a model in its body, by its method and path.</summary>
    public abstract bool NamesModel(Exchange exchange);

    /// <summary>
    /// What such a request is answered with if its body is too long (413), finds no memory (503), or names a model that
    /// no router takes (404); in the words of whoever asks.
    /// </summary>
    public abstract LocalAnswer Refusal(Exchange exchange, int status);
}
