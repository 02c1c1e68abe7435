using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Telemetry;

/// <summary>Whose word is taken for what a client may say of a request: its id, its trace.</summary>
internal enum ClientTrust : byte
{
    /// <summary>Nobody's.</summary>
    None,

    /// <summary>That of the entrypoint's trusted_ips.</summary>
    Trusted,

    Any,
}

/// <summary>[telemetry]: what is recorded of requests. A part of every snapshot: what loops look at.</summary>
internal sealed record TelemetrySettings
{
    public static TelemetrySettings Default { get; } = new();

    /// <summary>Whose X-Request-Id is kept; others get one of the proxy's own.</summary>
    public ClientTrust RequestIds { get; init; } = ClientTrust.Any;

    /// <summary>Answers tell their request's id, in X-Request-Id.</summary>
    public bool AnswersRequestId { get; init; }

    /// <summary>Durations of requests and tries are counted, by router, server, method and outcome.</summary>
    public bool CountsDurations { get; init; } = true;

    /// <summary>The field of answers in which servers tell their version; null: none is looked for.</summary>
    public FieldName? VersionHeader { get; init; }

    /// <summary>[telemetry.grafana]; null: deployments are not told to a Grafana.</summary>
    public GrafanaSettings? Grafana { get; init; }

    /// <summary>Null: no spans are made; a client's trace context passes on as it is.</summary>
    public TraceSettings? Traces { get; init; }

    /// <summary>[telemetry.otlp]; null: nothing is sent.</summary>
    public OtlpSettings? Otlp { get; init; }

    /// <summary>[access_log]; null: there is none.</summary>
    public AccessLogSettings? AccessLog { get; init; }
}

/// <summary>[telemetry.traces]</summary>
internal sealed record TraceSettings
{
    /// <summary>Whose trace is continued, and whose decision to record it is followed.</summary>
    public ClientTrust Parents { get; init; } = ClientTrust.Any;

    /// <summary>The share of traces begun here that is recorded.</summary>
    public TraceRatio Ratio { get; init; } = TraceRatio.Of(TelemetryLimits.TraceRatioDefault);

    /// <summary>Requests that end in a fault or a 5xx are recorded whatever was decided.</summary>
    public bool Errors { get; init; } = true;

    /// <summary>So are those that take this long, in milliseconds; 0: none for that.</summary>
    public long SlowMs { get; init; } = (long)TelemetryLimits.SlowDefault.TotalMilliseconds;
}
