using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.ai_guard]</summary>
internal static class AiGuardTable
{
    private const string Pass = "pass";
    private const string Block = "block";

    private const string Keys = " Of each: detect and action; name; report_only; reversible; pattern and "
        + "pattern_bytes_max, words or max, as what it detects needs them.";

    private static readonly GuardRulesKey Prompt = new("prompt",
        "Rules for prompts: every text of a request, parts of messages, tools and what they answered among them."
            + Keys, takesReversible: true)
    {
        Default = [new GuardRule { Name = "secret", Detect = GuardDetect.Secret, Action = FindingAction.Block }],
        DefaultToml = "[{ detect = \"secret\", action = \"block\" }]",
    };

    private static readonly GuardRulesKey Answer = new("answer",
        "Rules for answers: text, refusals, reasoning, what tools are called with. Streams are held back only where "
            + "something may be beginning. An answer that cannot be looked into is refused, unless all rules only tell."
            + Keys, takesReversible: false)
    {
        Default = [],
        ExampleToml = "[{ detect = \"card_number\", action = \"mask\" }]",
    };

    private static readonly TableListKey<GuardRule> Tools = new("tools", ToolCallRuleTable.Declaration,
        GuardLimits.RulesMax, ToolCallRuleTable.Parse,
        "Rules about calls of tools, in answers and in the history of prompts; the first that allows or blocks a call "
            + "decides. Of each: tool and action; arguments and path; name; report_only. A stream waits for the end of "
            + "a call whose arguments decide.")
    {
        Default = [],
        ExampleToml = "[{ tool = \"delete_*\", action = \"block\" }]",
    };

    private static readonly ExternalGuardsKey External = new("external",
        "Programs that are asked about each prompt or answer, all at once, after the rules and with masks in it: name; "
            + "url; about; timeout; on_failure; report_only. They answer 200 with {\"action\": \"allow\"} or "
            + "\"block\".")
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

    private static readonly SizeKey WindowBytes = new("answer_window_bytes", GuardLimits.WindowBytesMin,
        GuardLimits.WindowBytesMax,
        "External guards are asked about a stream each time it said so much, and at its end; so much is held back.")
    {
        Default = GuardLimits.WindowBytesDefault,
        DefaultToml = "\"2KiB\"",
    };

    public static TableDeclaration Declaration { get; } = new("ai_guard", IsNamed: false,
        "What prompts and answers of models must not have: it is blocked, masked or told of. For routers whose service "
            + "is one of models; one for each.",
        [Prompt, Answer, Tools, External, WindowBytes, Attachments, AnswerBytes])
    {
        ExampleName = "guard",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        IReadOnlyList<GuardRule> prompt = Prompt.Read(scope);
        IReadOnlyList<GuardRule> answer = Answer.Read(scope);
        IReadOnlyList<Placed<GuardRule>> tools = Tools.Read(scope) ?? [];
        IReadOnlyList<ExternalGuard> external = External.Read(scope);
        int window = (int)WindowBytes.Read(scope);
        if (window != GuardLimits.WindowBytesDefault && external.All(static guard => !guard.AsksAnswers)
            && scope.TryFind(WindowBytes.Name, out TomlEntry size))
        {
            scope.Report(size.Value, WindowBytes.Name, "does nothing: no external guard is asked about answers");
        }

        bool passes = Attachments.Read(scope) == Pass;
        int bytes = (int)AnswerBytes.Read(scope);
        CheckNames(scope, tools, [.. prompt, .. answer]);
        if (prompt.Count + answer.Count + tools.Count + external.Count == 0)
        {
            scope.Report(scope.Table, "", "has no rules; write prompt, answer, tools or external");
            return null;
        }

        return new AiGuardSettings
        {
            Name = name,
            Prompt = new Sequence<GuardRule>(prompt),
            Answer = new Sequence<GuardRule>(answer),
            Tools = PlacedItems.Values(tools),
            External = new Sequence<ExternalGuard>(external),
            AnswerWindowBytes = window,
            PassesAttachments = passes,
            AnswerBytesMax = bytes,
        };
    }

    // Findings are told by their rules' names.
    private static void CheckNames(TableScope scope, IReadOnlyList<Placed<GuardRule>> tools, List<GuardRule> others)
    {
        foreach (Placed<GuardRule> tool in tools)
        {
            if (others.Exists(other => other.Name == tool.Value.Name))
            {
                scope.Report(tool.Node, Tools.Name, $"has a second rule {tool.Value.Name}; give it a name of its own");
            }

            others.Add(tool.Value);
        }
    }
}
