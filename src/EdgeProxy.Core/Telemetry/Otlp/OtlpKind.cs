namespace EdgeProxy.Telemetry.Otlp;

/// <summary>What is sent to a collector, in the order in which it is sent when there is a choice.</summary>
internal enum OtlpKind : byte
{
    /// <summary>Log events that mark deployments.</summary>
    Deployments,
    Metrics,
    Logs,
    Traces,
}

/// <summary>Kinds' properties.</summary>
internal static class OtlpKinds
{
    public const int Count = (int)OtlpKind.Traces + 1;

    /// <summary>The last part of a path: v1/traces.</summary>
    public static string Signal(OtlpKind kind) => kind switch
    {
        OtlpKind.Metrics => "metrics",
        OtlpKind.Traces => "traces",
        _ => "logs",
    };

    public static string Name(OtlpKind kind) => kind switch
    {
        OtlpKind.Deployments => "deployments",
        OtlpKind.Metrics => "metrics",
        OtlpKind.Logs => "logs",
        _ => "traces",
    };
}
