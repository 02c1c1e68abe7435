using EdgeProxy.Config.Keys;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Config.Tables;

/// <summary>[telemetry]</summary>
internal static class TelemetryTable
{
    private static readonly ChoiceKey RequestIds = TrustKeys.Create("request_ids",
        "Whose X-Request-Id is kept: anybody's, that of an entrypoint's trusted_ips, none. Other requests get one made "
            + "here.");

    private static readonly BooleanKey AnswersRequestId = new("answer_request_id",
        "Answers have their request's id in X-Request-Id.")
    {
        Default = false,
        DefaultToml = "false",
    };

    private static readonly BooleanKey Durations = new("durations",
        "How long requests and tries take is counted, by router, server, method and outcome: 17 lines of /metrics for "
            + "each that occurs. Without it deploy list and top have nothing to say of requests.")
    {
        Default = true,
        DefaultToml = "true",
    };

    private static readonly HeaderNameKey VersionHeader = new("version_header",
        "The field of answers in which servers tell their version. One that no other server of the service runs is "
            + "marked as a deployment.")
    {
        ExampleToml = "\"X-App-Version\"",
    };

    public static TableDeclaration Declaration { get; } = new("telemetry", IsNamed: false,
        "What is recorded of requests, and where it goes.", [RequestIds, AnswersRequestId, Durations, VersionHeader])
    {
        Tables = [TracesTable.Declaration, OtlpTable.Declaration, SpoolTable.Declaration, GrafanaTable.Declaration],
    };

    public static TelemetrySettings Parse(TableScope scope)
    {
        OtlpSettings? otlp = OtlpTable.Parse(scope);
        TraceSettings? traces = TracesTable.Parse(scope);
        return new TelemetrySettings
        {
            RequestIds = TrustKeys.Of(RequestIds.Read(scope)),
            AnswersRequestId = AnswersRequestId.Read(scope),
            CountsDurations = Durations.Read(scope),
            VersionHeader = VersionHeader.Read(scope),
            Grafana = GrafanaTable.Parse(scope),
            Otlp = otlp,
            Traces = traces ?? (otlp is { SendsTraces: true } ? new TraceSettings() : null),
        };
    }
}
