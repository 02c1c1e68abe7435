namespace EdgeProxy.Pipeline;

/// <summary>What a middleware decided about a request.</summary>
internal enum Verdict : byte
{
    /// <summary>It goes on to the next middleware, or to the service.</summary>
    Next,

    /// <summary>It ends here: the exchange has a LocalAnswer or a Fault.</summary>
    Answered,

    /// <summary>Unknown yet: <see cref="Deferred"/> work was started and brings the verdict.</summary>
    Pending,
}

/// <summary>
/// A step a router applies, made once from its settings and shared by every router that names it and by all loops: what
/// it holds of its own MUST be safe to use from several threads. Methods run on the exchange's loop and MUST NOT block.
/// </summary>
internal abstract class Middleware
{
    /// <summary>As the configuration calls it; told with what it answers. Set once, when it was made.</summary>
    public string Name { get; set; } = "";

    /// <summary>Step (3), in the order of the router's list.</summary>
    public abstract Verdict OnRequest(Exchange exchange);

    /// <summary>
    /// The body it asked for (<see cref="Bodies.WholeRequest"/>) is there whole, or there is none: how the request goes
    /// on.
    /// </summary>
    public virtual Verdict OnBody(Exchange exchange) => Verdict.Next;

    /// <summary>
    /// Step (6), in reverse order, before the answer's head is written: once for each request this middleware let
    /// pass, whoever answers. Exchange.Status is known; Exchange.ResponseHeadBytes is empty if the proxy answers
    /// itself. Setting Exchange.LocalAnswer puts that answer in the place of the one that was about to begin.
    /// </summary>
    public virtual void OnResponse(Exchange exchange)
    {
    }

    /// <summary>
    /// The exchange is over, however it ended: once for each request this middleware let pass or left pending.
    /// </summary>
    public virtual void OnEnd(Exchange exchange)
    {
    }
}

/// <summary>
/// A middleware as configured. Two that are equal behave alike, so a reload keeps the running one with its state: lists
/// in it are Sequences.
/// </summary>
internal abstract record MiddlewareSettings
{
    public required string Name { get; init; }
}
