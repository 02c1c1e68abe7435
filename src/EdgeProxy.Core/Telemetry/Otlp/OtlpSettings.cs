using System;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Telemetry.Spooling;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>A field of each request to the collector; its value may be a secret.</summary>
internal readonly record struct OtlpHeader(string Name, string Value);

/// <summary>[telemetry.otlp]</summary>
internal sealed record OtlpSettings
{
    /// <summary>http or https, without v1/traces and the like.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>OTLP over gRPC instead of HTTP.</summary>
    public bool IsGrpc { get; init; }

    public Sequence<OtlpHeader> Headers { get; init; } = Sequence<OtlpHeader>.Empty;

    public TimeSpan Timeout { get; init; } = OtlpLimits.TimeoutDefault;

    /// <summary>service.name</summary>
    public string ServiceName { get; init; } = "edgeproxy";

    public bool SendsTraces { get; init; } = true;

    public bool SendsLogs { get; init; } = true;

    public bool SendsMetrics { get; init; } = true;

    public TimeSpan BatchInterval { get; init; } = OtlpLimits.BatchIntervalDefault;

    public TimeSpan MetricsInterval { get; init; } = OtlpLimits.MetricsIntervalDefault;

    /// <summary>PEM of those who sign the collector's certificate; empty: whom the system trusts.</summary>
    public string CaPem { get; init; } = "";

    /// <summary>PEM of our certificate and its key, for collectors that ask; empty: none.</summary>
    public string CertificatePem { get; init; } = "";

    public string KeyPem { get; init; } = "";

    /// <summary>Where requests wait; in memory by default.</summary>
    public SpoolSettings Spool { get; init; } = new() { BytesMax = OtlpLimits.MemoryBytes };
}
