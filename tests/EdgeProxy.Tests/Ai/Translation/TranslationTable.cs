using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Tests.Config;
using Xunit;

namespace EdgeProxy.Tests.Ai.Translation;

/// <summary>
/// src/TRANSLATION.md, made of the declarations requests and answers are translated by. UPDATE_GOLDEN=1 writes it.
/// </summary>
internal static class TranslationTable
{
    /// <summary>Every pair that is translated.</summary>
    public static IReadOnlyList<(AiCallKind From, ProviderKind Provider)> Pairs { get; } =
    [
        (AiCallKind.ChatCompletions, ProviderKind.Anthropic),
        (AiCallKind.Messages, ProviderKind.OpenAi),
        (AiCallKind.Messages, ProviderKind.OpenAiCompatible),
        (AiCallKind.OllamaChat, ProviderKind.OpenAi),
        (AiCallKind.OllamaChat, ProviderKind.Anthropic),
    ];

    /// <summary>Every pair answers are translated between.</summary>
    public static IReadOnlyList<(AiCallKind Provider, AiCallKind Caller)> AnswerPairs { get; } =
    [
        .. Pairs.Select(pair => (RequestTranslation.SentAs(pair.From, pair.Provider), pair.From)).Distinct(),
    ];

    /// <summary>Statuses of providers' errors that are told of.</summary>
    public static IReadOnlyList<int> Statuses { get; } =
        [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529];

    /// <summary>What requests of one dialect may say that the other cannot.</summary>
    public static IEnumerable<LossEntry> LossesOf(AiCallKind from, AiCallKind to) =>
        Losses.Contents.Where(loss => loss.Of.Contains(from) && loss.To.Contains(to));

    public static void AssertPublished()
    {
        string path = Path.Combine(ConfigCorpus.Root, "src", "TRANSLATION.md");
        string text = Write();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.Equal(text, File.ReadAllText(path));
    }

    private static string Write()
    {
        var text = new StringBuilder("""
            # What translation between AI dialects keeps, and what it loses

            A call of `[services.NAME.ai]` whose model's provider speaks another dialect is translated. Made of the code's
            own declarations (`src/EdgeProxy.Core/Ai/Translation`). Tests go through every line and fail for one without a case:
            `RequestTranslationTests` for requests, `AnswerCellTests` for answers, whole and streamed, and errors.
            `ollama` providers speak OpenAI's chat and Anthropic's Messages themselves and get those as they are.

            **lost**: treated as `on_unsupported` says. A member that is null, false, 0 or empty says nothing and is no loss.

            # Requests


            """);
        foreach ((AiCallKind from, AiCallKind to) in Pairs
            .Select(pair => (pair.From, RequestTranslation.SentAs(pair.From, pair.Provider))).Distinct())
        {
            text.Append($"## {NameOf(from)} to {NameOf(to)}\n\n| request | becomes |\n|---|---|\n");
            foreach (RequestMember member in RequestMembers.Of(from).All)
            {
                text.Append($"| `{member.Path}` | {RequestMembers.CellOf(member, to) ?? "**lost**"} |\n");
            }

            foreach (LossEntry loss in LossesOf(from, to))
            {
                text.Append($"| content: `{loss.Name}` | **lost**: {loss.Becomes} |\n");
            }

            text.Append('\n');
        }

        text.Append("""
            # Answers

            Whole ones and streams alike; what a stream counted is told at its end. In OpenAI's streams `message` is `delta`; `[]` is any place of a list.


            """);
        foreach ((AiCallKind provider, AiCallKind caller) in AnswerPairs)
        {
            text.Append($"## {NameOf(provider)} for callers of {NameOf(caller)}\n\n| answer | becomes |\n|---|---|\n");
            foreach (AnswerMember member in AnswerMembers.Of(provider).All)
            {
                text.Append($"| `{member}` | {AnswerMembers.CellOf(member, caller) ?? "left out"} |\n");
            }

            text.Append('\n');
        }

        WriteErrors(text);
        return text.ToString();
    }

    private static void WriteErrors(StringBuilder text)
    {
        text.Append("""
            # Errors

            A provider's words stay; its status and type become the caller's. Codes, parameters and ids of requests are left
            out. Ollama's errors have no type.

            | provider's status | chat completions | Messages | Ollama |
            |---|---|---|---|

            """);
        foreach (int status in Statuses)
        {
            int chat = AnswerErrors.StatusFor(Dialect.OpenAi, status);
            int messages = AnswerErrors.StatusFor(Dialect.Anthropic, status);
            text.Append($"| {status} | {chat} `{AiErrors.OpenAiType(chat)}` ");
            text.Append($"| {messages} `{AiErrors.AnthropicType(messages)}` ");
            text.Append($"| {AnswerErrors.StatusFor(Dialect.Ollama, status)} |\n");
        }

        text.Append("""

            Within a stream the type, or else the code, says which of those it would have been; without either it is 500.

            | type or code | chat completions | Messages |
            |---|---|---|

            """);
        foreach ((string type, int status) in AnswerErrors.Known)
        {
            text.Append($"| `{type}` | `{AiErrors.OpenAiType(status)}` | `{AiErrors.AnthropicType(status)}` |\n");
        }
    }

    private static string NameOf(AiCallKind kind) => kind switch
    {
        AiCallKind.Messages => "Anthropic's Messages",
        AiCallKind.OllamaChat => "Ollama's chat",
        _ => "OpenAI's chat completions",
    };
}
