using System.Collections.Generic;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Translation;

namespace EdgeProxy.Tests.Ai.Translation;

/// <summary>
/// A case for every cell of the tables of requests in src/TRANSLATION.md. A cell without one fails the test that goes
/// through them.
/// </summary>
internal static class RequestCases
{
    public const string Hi = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    private const string ChatTool = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";
    private const string MessagesTool = "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}]";
    private const string ChatSchema =
        "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":{\"a\":1}}}";

    private const string MessagesSchema = "{\"type\":\"json_schema\",\"schema\":{\"a\":1}}";

    /// <summary>What says the member, and what has to stand where for it; "" if that is the value itself.</summary>
    /// <param name="Members">Of the request, but for its model.</param>
    /// <param name="At">A path in what is written, its names and places apart by dots.</param>
    internal readonly record struct Case(string Members, string At, string Value);

    /// <summary>Null if there is none.</summary>
    /// <param name="spelled">The other dialect's member, as the table has it; "" if there is none.</param>
    public static Case? Find(AiCallKind from, AiCallKind to, RequestMember member, string spelled)
    {
        string said = ValueOf(from, member);
        string members = said.Length == 0 ? "" : $"{Hi},{Nested(member.Path, said)}";
        bool isToMessages = to == AiCallKind.Messages;
        string tool = from == AiCallKind.Messages ? MessagesTool : ChatTool;
        return member.Part switch
        {
            RequestPart.Model => new Case(Hi, "model", "\"m\""),
            RequestPart.Messages => new Case(Hi, "messages.0.content",
                isToMessages ? "[{\"type\":\"text\",\"text\":\"hi\"}]" : "\"hi\""),
            RequestPart.System => new Case(Hi + ",\"system\":\"s\"", "messages.0",
                "{\"role\":\"system\",\"content\":\"s\"}"),
            RequestPart.Tools => new Case($"{Hi},{tool}",
                isToMessages ? "tools.0.name" : "tools.0.function.name", "\"f\""),
            RequestPart.ToolChoice when from == AiCallKind.Messages =>
                new Case($"{Hi},{tool},\"tool_choice\":{{\"type\":\"any\"}}", "tool_choice", "\"required\""),
            RequestPart.ToolChoice =>
                new Case($"{Hi},{tool},\"tool_choice\":\"required\"", "tool_choice.type", "\"any\""),
            RequestPart.ParallelTools when from == AiCallKind.Messages => new Case(
                $"{Hi},{tool},\"tool_choice\":{{\"type\":\"auto\",\"disable_parallel_tool_use\":true}}", spelled, "false"),
            RequestPart.ParallelTools => new Case($"{Hi},{tool},\"parallel_tool_calls\":false", spelled, "true"),
            RequestPart.Format => new Case(members, isToMessages ? "output_config.format" : "response_format",
                isToMessages ? MessagesSchema
                    : from == AiCallKind.OllamaChat ? ChatSchema.Replace("\"strict\":true,", "") : ChatSchema),
            RequestPart.Group or RequestPart.Hint or RequestPart.Proxy or RequestPart.Choices or RequestPart.None =>
                new Case(members, "", ""),
            RequestPart.Stop => new Case(members, spelled, "[\"x\"]"),
            _ when members.Length > 0 => new Case(members, spelled, said),
            _ => null,
        };
    }

    private static string ValueOf(AiCallKind from, RequestMember member) => member.Part switch
    {
        RequestPart.Stop => "\"x\"",
        RequestPart.Stream => "true",
        RequestPart.User => "\"u\"",
        RequestPart.Temperature or RequestPart.TopP => "0.5",
        RequestPart.Choices => "1",
        RequestPart.Effort => "\"high\"",
        RequestPart.Format => from == AiCallKind.OllamaChat ? "{\"a\":1}"
            : from == AiCallKind.Messages ? MessagesSchema
            : ChatSchema,
        RequestPart.Group => "{}",
        RequestPart.None or RequestPart.Hint or RequestPart.Proxy => "{\"a\":1}",
        RequestPart.MaxTokens or RequestPart.TopK or RequestPart.Seed or RequestPart.FrequencyPenalty
            or RequestPart.PresencePenalty => "3",
        _ => "",
    };

    private static string Nested(string path, string value)
    {
        string[] names = path.Split('.');
        return names.Length == 1
            ? $"\"{names[0]}\":{value}"
            : $"\"{names[0]}\":{{\"{names[1]}\":{value}}}";
    }

    /// <summary>Requests that say what cannot be said; for each pair of dialects that has the line.</summary>
    public static IReadOnlyList<(AiCallKind From, Loss Loss, string Members)> Losses { get; } =
    [
        (AiCallKind.ChatCompletions, Loss.UnknownMember, "\"what\":1," + Hi),
        (AiCallKind.ChatCompletions, Loss.UnknownMember, User("\"content\":\"a\",\"audio\":{\"id\":\"b\"}")),
        (AiCallKind.ChatCompletions, Loss.UnknownMember,
            "\"messages\":[{\"role\":\"assistant\",\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}}]"),
        (AiCallKind.ChatCompletions, Loss.UnknownMember,
            User(Part("{\"type\":\"image_url\",\"image_url\":{\"url\":\"http://a\",\"detail\":\"low\"}}"))),
        (AiCallKind.ChatCompletions, Loss.UnknownMember,
            Hi + ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"new\":1}}]"),
        (AiCallKind.ChatCompletions, Loss.UnknownContent, User(Part("{\"type\":\"new\"}"))),
        (AiCallKind.ChatCompletions, Loss.Sound, User(Part("{\"type\":\"input_audio\"}"))),
        (AiCallKind.ChatCompletions, Loss.File, User(Part("{\"type\":\"file\",\"file\":{\"file_id\":\"a\"}}"))),
        (AiCallKind.ChatCompletions, Loss.File,
            User(Part("{\"type\":\"file\",\"file\":{\"file_data\":\"data:text/plain;base64,AA\"}}"))),
        (AiCallKind.ChatCompletions, Loss.ImageKind,
            User(Part("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png,AA\"}}"))),
        (AiCallKind.ChatCompletions, Loss.File, System("system", Part("{\"type\":\"file\",\"file\":{"
            + "\"file_data\":\"data:application/pdf;base64,AAAA\"}}"))),
        (AiCallKind.ChatCompletions, Loss.ImageKind,
            System("developer", Part("{\"type\":\"image_url\",\"image_url\":{\"url\":\"http://a\"}}"))),
        (AiCallKind.ChatCompletions, Loss.ImageKind,
            System("system", Part("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA\"}}"))),
        (AiCallKind.ChatCompletions, Loss.UnknownMember, System("system", "\"content\":\"a\",\"tool_calls\":[{"
            + "\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]")),
        (AiCallKind.ChatCompletions, Loss.SpeakerName, User("\"content\":\"a\",\"name\":\"b\"")),
        (AiCallKind.ChatCompletions, Loss.CustomTool, Hi + ",\"tools\":[{\"type\":\"custom\"}]"),
        (AiCallKind.ChatCompletions, Loss.ToolChoice, Hi + ",\"tool_choice\":{\"type\":\"allowed_tools\"}"),
        (AiCallKind.ChatCompletions, Loss.HighTemperature, Hi + ",\"temperature\":1.5"),
        (AiCallKind.ChatCompletions, Loss.ManyChoices, Hi + ",\"n\":2"),
        (AiCallKind.ChatCompletions, Loss.Format, Hi + ",\"response_format\":{\"type\":\"json_object\"}"),
        (AiCallKind.ChatCompletions, Loss.Format, Hi + ",\"response_format\":{\"type\":\"grammar\"}"),
        (AiCallKind.ChatCompletions, Loss.Format,
            Hi + ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\"}}"),
        (AiCallKind.ChatCompletions, Loss.FormatDescription, Hi + ",\"response_format\":{\"type\":\"json_schema\","
            + "\"json_schema\":{\"name\":\"a\",\"description\":\"d\",\"schema\":{\"type\":\"object\"}}}"),
        (AiCallKind.Messages, Loss.UnknownMember, "\"what\":1," + Hi),
        (AiCallKind.Messages, Loss.UnknownMember, Hi + ",\"output_config\":{\"task_budget\":{\"total\":1}}"),
        (AiCallKind.Messages, Loss.UnknownMember,
            Hi + ",\"tools\":[{\"name\":\"f\",\"input_schema\":{},\"input_examples\":[{}]}]"),
        (AiCallKind.Messages, Loss.UnknownMember,
            User(Part("{\"type\":\"document\",\"context\":\"c\",\"source\":" + Pdf + "}"))),
        (AiCallKind.Messages, Loss.UnknownContent, User(Part("{\"type\":\"search_result\"}"))),
        (AiCallKind.Messages, Loss.File,
            User(Part("{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"http://a\"}}"))),
        (AiCallKind.Messages, Loss.File, Result("\"content\":[{\"type\":\"document\",\"source\":" + Pdf + "}]")),
        (AiCallKind.Messages, Loss.ImageKind, User(Part("{\"type\":\"image\",\"source\":{\"type\":\"file\"}}"))),
        (AiCallKind.Messages, Loss.ImageInToolResult, Result("\"content\":[{\"type\":\"image\"}]")),
        (AiCallKind.Messages, Loss.ServerTool, Hi + ",\"tools\":[{\"type\":\"web_search_1\",\"name\":\"w\"}]"),
        (AiCallKind.Messages, Loss.FailedTool, Result("\"is_error\":true")),
        (AiCallKind.Messages, Loss.Citations,
            "\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"citations\":[1]}]}]"),
        (AiCallKind.Messages, Loss.Citations,
            Hi + ",\"system\":[{\"type\":\"text\",\"text\":\"a\",\"citations\":[1]}]"),
        (AiCallKind.Messages, Loss.Format, Hi + ",\"output_config\":{\"format\":{\"type\":\"xml\"}}"),
        (AiCallKind.OllamaChat, Loss.UnknownMember, "\"what\":1," + Hi),
        (AiCallKind.OllamaChat, Loss.UnknownMember, User("\"content\":\"a\",\"mood\":\"b\"")),
        (AiCallKind.OllamaChat, Loss.ImageKind, User("\"content\":\"a\",\"images\":[\"xx\"]")),
        (AiCallKind.OllamaChat, Loss.ImageKind,
            System("system", "\"content\":\"a\",\"images\":[\"iVBORw0KGgo\"]")),
        (AiCallKind.OllamaChat, Loss.UnknownMember, System("system",
            "\"content\":\"a\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{}}}]")),
        (AiCallKind.OllamaChat, Loss.ImageInToolResult,
            "\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"a\",\"images\":[\"iVBORw0KGgo\"]}]"),
        (AiCallKind.OllamaChat, Loss.HighTemperature, Hi + ",\"options\":{\"temperature\":1.5}"),
        (AiCallKind.OllamaChat, Loss.Format, Hi + ",\"format\":\"xml\""),
        (AiCallKind.OllamaChat, Loss.Format, Hi + ",\"format\":\"json\""),
    ];

    private const string Pdf = "{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"AAAA\"}";

    private static string User(string members) => $"\"messages\":[{{\"role\":\"user\",{members}}}]";

    private static string System(string role, string members) =>
        $"\"messages\":[{{\"role\":\"{role}\",{members}}},{{\"role\":\"user\",\"content\":\"hi\"}}]";

    private static string Part(string part) => $"\"content\":[{{\"type\":\"text\",\"text\":\"a\"}},{part}]";

    private static string Result(string members) =>
        User($"\"content\":[{{\"type\":\"tool_result\",\"tool_use_id\":\"a\",{members}}}]");
}
