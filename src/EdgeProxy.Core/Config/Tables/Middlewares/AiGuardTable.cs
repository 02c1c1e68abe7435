using System.Collections.Generic;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Config.Keys;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.ai_guard]</summary>
internal static class AiGuardTable
{
    private const string Pass = "pass";
    private const string Block = "block";

    private const string Keys = " Of each: detect and action; name; report_only; pattern and pattern_bytes_max, words "
        + "or max, as what it detects needs them.";

    private static readonly GuardRulesKey Prompt = new("prompt",
        "Rules for prompts: every text of a request, parts of messages, tools and what they answered among them."
            + Keys)
    {
        Default = [new GuardRule { Name = "secret", Detect = GuardDetect.Secret, Action = FindingAction.Block }],
        DefaultToml = "[{ detect = \"secret\", action = \"block\" }]",
    };

    private static readonly GuardRulesKey Answer = new("answer",
        "Rules for answers: text, refusals, reasoning, what tools are called with. Streams are held back only where "
            + "something may be beginning. An answer that cannot be looked into is refused, unless all rules only tell."
            + Keys)
    {
        Default = [],
        ExampleToml = "[{ detect = \"card_number\", action = \"mask\" }]",
    };

    private static readonly ExternalGuardsKey External = new("external",
        "Programs that are asked about each prompt, all at once, after the rules and with masks in it: name; url; "
            + "timeout; on_failure; report_only. They answer 200 with {\"action\": \"allow\"} or \"block\".")
    {
        Default = [],
        ExampleToml = "[{ name = \"moderation\", url = \"http://127.0.0.1:8900/check\", on_failure = \"closed\" }]",
    };

    private static readonly ChoiceKey Attachments = new("attachments", [Block, Pass],
        "What no rule can look into: images, sound, files, prompts of tokens.")
    {
        Default = Block,
        DefaultToml = $"\"{Block}\"",
    };

    private static readonly SizeKey AnswerBytes = new("answer_bytes_max", GuardLimits.AnswerBytesMin,
        GuardLimits.AnswerBytesMax,
        "Longest answer that is no stream; it is held until it was looked at. Over it: 502.")
    {
        Default = GuardLimits.AnswerBytesDefault,
        DefaultToml = "\"8MiB\"",
    };

    public static TableDeclaration Declaration { get; } = new("ai_guard", IsNamed: false,
        "What prompts and answers of models must not have: it is blocked, masked or told of. For routers whose service "
            + "is one of models; one for each.",
        [Prompt, Answer, External, Attachments, AnswerBytes])
    {
        ExampleName = "guard",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        IReadOnlyList<GuardRule> prompt = Prompt.Read(scope);
        IReadOnlyList<GuardRule> answer = Answer.Read(scope);
        IReadOnlyList<ExternalGuard> external = External.Read(scope);
        bool passes = Attachments.Read(scope) == Pass;
        int bytes = (int)AnswerBytes.Read(scope);
        if (prompt.Count + answer.Count + external.Count == 0)
        {
            scope.Report(scope.Table, "", "has no rules; write prompt, answer or external");
            return null;
        }

        return new AiGuardSettings
        {
            Name = name,
            Prompt = new Sequence<GuardRule>(prompt),
            Answer = new Sequence<GuardRule>(answer),
            External = new Sequence<ExternalGuard>(external),
            PassesAttachments = passes,
            AnswerBytesMax = bytes,
        };
    }
}
