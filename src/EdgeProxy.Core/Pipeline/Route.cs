using EdgeProxy.Audit.Payloads;
using EdgeProxy.Services.Composing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>A router, compiled: what happens to a request once its rule took it.</summary>
internal sealed record Route(string Name, ServiceNode Service, EncodedBytes AllowEncoded)
{
    /// <summary>In the order of the router's list.</summary>
    public Middleware[] Middlewares { get; init; } = [];

    /// <summary>How long its requests take.</summary>
    public DurationMetrics? Durations { get; init; }

    /// <summary>The access log tells of its requests, if there is one.</summary>
    public bool IsLogged { get; init; } = true;

    /// <summary>The router's own share of traces; null: that of all.</summary>
    public TraceRatio? TraceRatio { get; init; }

    /// <summary>What of its exchanges is recorded.</summary>
    public AuditScope Audit { get; init; }

    /// <summary>What is kept of the bodies, beside the audit chain.</summary>
    public PayloadMode Payloads { get; init; }
}
