using EdgeProxy.Config.Keys;
using EdgeProxy.Telemetry;

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

    public static TableDeclaration Declaration { get; } = new("telemetry", IsNamed: false,
        "What is recorded of requests, and where it goes.", [RequestIds, AnswersRequestId])
    {
        Tables = [TracesTable.Declaration],
        Later = ["otlp", "spool"],
    };

    public static TelemetrySettings Parse(TableScope scope) => new()
    {
        RequestIds = TrustKeys.Of(RequestIds.Read(scope)),
        AnswersRequestId = AnswersRequestId.Read(scope),
        Traces = TracesTable.Parse(scope),
    };
}
