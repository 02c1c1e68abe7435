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
/// src/TRANSLATION.md, made of the declarations requests are translated by. UPDATE_GOLDEN=1 writes it.
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
            own declarations (`src/EdgeProxy.Core/Ai/Translation`); every line is a test in `RequestTranslationTests`.
            `ollama` providers speak OpenAI's chat and Anthropic's Messages themselves and get those as they are.

            **lost**: treated as `on_unsupported` says. A member that is null, false, 0 or empty says nothing and is no loss.


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
            ## Answers

            | | chat completions | Messages | Ollama |
            |---|---|---|---|
            | the model ended | `stop` | `end_turn` (from `stop_sequence`, `pause_turn`, too) | `stop` |
            | its most tokens | `length` | `max_tokens` (from `model_context_window_exceeded`, too) | `length` |
            | it calls a tool | `tool_calls` (from `stop` with a call, too) | `tool_use` | `stop` |
            | it refuses | `content_filter` | `refusal` | `stop` |
            | thinking | `reasoning_content` | `thinking` with an empty signature | `thinking` |
            | refusal text | `content` | `text` | `content` |
            | tokens of the prompt | all of them | what a cache had to do with apart; in a stream at its end | all of them |

            Left out of answers: log probabilities, citations, signatures, redacted thinking, blocks of tools that the
            provider ran, sound, choices after the first, the stop sequence that was met, times of Ollama's.

            """);
        return text.ToString();
    }

    private static string NameOf(AiCallKind kind) => kind switch
    {
        AiCallKind.Messages => "Anthropic's Messages",
        AiCallKind.OllamaChat => "Ollama's chat",
        _ => "OpenAI's chat completions",
    };
}
