using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.buffering]</summary>
internal static class BufferingTable
{
    private static readonly SizeKey RequestBytes = new("request_bytes_max", 0, WholeBodies.BytesMax,
        "Longest request body: it is read whole before a server is asked. Over it 413. 0 lets bodies pass as they "
            + "come.")
    {
        Default = BufferingSettings.BytesDefault,
        DefaultToml = "\"1MiB\"",
    };

    private static readonly SizeKey AnswerBytes = new("answer_bytes_max", 0, WholeBodies.BytesMax,
        "Longest answer that is read whole before the client is told of it, so that one that breaks off can be tried "
            + "again or becomes a 502. 0 lets answers pass as they come.")
    {
        Default = BufferingSettings.BytesDefault,
        DefaultToml = "\"1MiB\"",
    };

    private static readonly ChoiceKey LongerAnswers = new("longer_answers", ["pass", "refuse"],
        "What becomes of an answer that is longer, or that memory does not suffice for: it passes as it comes, or is a "
            + "502.")
    {
        Default = "pass",
        DefaultToml = "\"pass\"",
    };

    private static readonly SizeKey Memory = new("memory_max", BufferingSettings.MemoryMin,
        BufferingSettings.MemoryMax, "Memory for all bodies it holds at once. Over it requests get 503.")
    {
        Default = BodyBudget.BytesDefault,
        DefaultToml = "\"64MiB\"",
    };

    public static TableDeclaration Declaration { get; } = new("buffering", IsNamed: false,
        "Reads bodies whole before they are passed on, in memory. Never gRPC, events (text/event-stream), upgrades or "
            + "answers with X-Accel-Buffering: no.",
        [RequestBytes, AnswerBytes, LongerAnswers, Memory])
    {
        ExampleName = "whole",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        var settings = new BufferingSettings
        {
            Name = name,
            RequestBytesMax = RequestBytes.Read(scope),
            AnswerBytesMax = AnswerBytes.Read(scope),
            RefusesLongerAnswer = LongerAnswers.Read(scope) == "refuse",
            Memory = Memory.Read(scope),
        };
        if (settings is { RequestBytesMax: 0, AnswerBytesMax: 0 })
        {
            scope.Report(scope.Table, "",
                $"holds nothing; write {RequestBytes.Name} or {AnswerBytes.Name} above 0");
            return null;
        }

        if (settings.AnswerBytesMax == 0 && settings.RefusesLongerAnswer
            && scope.TryFind(LongerAnswers.Name, out Toml.TomlEntry entry))
        {
            scope.Report(entry.Value, LongerAnswers.Name, $"does nothing: {AnswerBytes.Name} is 0");
        }

        return settings;
    }
}
