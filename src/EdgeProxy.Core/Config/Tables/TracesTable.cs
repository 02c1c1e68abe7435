using System;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Config.Tables;

/// <summary>[telemetry.traces]</summary>
internal static class TracesTable
{
    private static readonly ShareKey Ratio = new("ratio", "The share of traces begun here that is recorded.")
    {
        Default = TelemetryLimits.TraceRatioDefault,
        DefaultToml = "0.01",
    };

    private static readonly ChoiceKey Parents = TrustKeys.Create("parents",
        "Whose traceparent is continued, with its decision: anybody's, that of an entrypoint's trusted_ips, none.");

    private static readonly BooleanKey Errors = new("errors",
        "Requests that end in a fault or a 5xx are recorded whatever was decided.")
    {
        Default = true,
        DefaultToml = "true",
    };

    private static readonly DurationKey Slow = new("slow", TimeSpan.FromMilliseconds(1), TelemetryLimits.SlowMax,
        "So are those that take at least this long.")
    {
        Default = TelemetryLimits.SlowDefault,
        DefaultToml = $"\"{DurationText.Format(TelemetryLimits.SlowDefault)}\"",
        ZeroMeans = "none",
    };

    public static TableDeclaration Declaration { get; } = new("traces", IsNamed: false,
        "Spans of requests and of their tries at servers, by W3C Trace Context. Without it a client's trace context "
            + "passes on as it is.",
        [Ratio, Parents, Errors, Slow]);

    /// <summary>Null if there is none.</summary>
    public static TraceSettings? Parse(TableScope parent) => parent.Below(Declaration) is { } scope
        ? new TraceSettings
        {
            Ratio = TraceRatio.Of(Ratio.ReadValue(scope)),
            Parents = TrustKeys.Of(Parents.Read(scope)),
            Errors = Errors.Read(scope),
            SlowMs = (long)Slow.Read(scope).TotalMilliseconds,
        }
        : null;
}
