using EdgeProxy.Primitives.Tracing;

namespace EdgeProxy.Pipeline;

/// <summary>Where an exchange's trace comes from.</summary>
internal enum TraceOrigin : byte
{
    /// <summary>It has none, and servers hear of none.</summary>
    None,

    /// <summary>The client's passes on as it is: the proxy makes no spans.</summary>
    Passed,

    /// <summary>Begun here.</summary>
    Begun,

    /// <summary>Begun before, and continued with a span of the proxy's own.</summary>
    Continued,
}

/// <summary>An exchange's place in a distributed trace (W3C Trace Context).</summary>
internal struct ExchangeTrace
{
    public TraceOrigin Origin;

    /// <summary>
    /// Trace, decision, and the span: the client's if it passes on, else the proxy's own for the exchange.
    /// </summary>
    public TraceParent Here;

    /// <summary>The span the client named; 0 if none.</summary>
    public ulong ParentSpan;

    /// <summary>The span of the try under way: the one its server continues from.</summary>
    public ulong TrySpan;

    /// <summary>The exchange has a span of its own.</summary>
    public readonly bool IsTraced => Origin >= TraceOrigin.Begun;

    /// <summary>What was recorded of it before may be told: the client's tracestate.</summary>
    public readonly bool KeepsState => Origin is TraceOrigin.Passed or TraceOrigin.Continued;
}
