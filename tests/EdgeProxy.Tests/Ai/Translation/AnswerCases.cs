using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Translation;

namespace EdgeProxy.Tests.Ai.Translation;

/// <summary>
/// A case for every cell of the tables of answers in src/TRANSLATION.md: an answer that says the member, whole and as
/// a stream. A cell without one fails the test that goes through them.
/// </summary>
internal static class AnswerCases
{
    private const string Sign = "SIGN";
    private const string ChatCall = "[{\"index\":0,\"id\":\"?id\",\"type\":\"function\",\"function\":"
        + "{\"name\":\"?name\",\"arguments\":\"{\\\"?input\\\":1}\"}}]";

    private const string ChatWhole = "{\"id\":\"i\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":"
        + "{\"role\":\"assistant\",\"content\":\"base\"},\"finish_reason\":\"stop\"}],"
        + "\"usage\":{\"prompt_tokens\":9000,\"completion_tokens\":9000}}";

    private const string MessagesWhole = "{\"id\":\"i\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\","
        + "\"content\":[{\"type\":\"text\",\"text\":\"base\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
        + "\"usage\":{\"input_tokens\":9000,\"output_tokens\":9000}}";

    private static readonly string[] ChatStream =
    [
        "{\"id\":\"i\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"
            + "{\"role\":\"assistant\",\"content\":\"base\"},\"finish_reason\":null}]}",
        "{\"id\":\"i\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
        "{\"id\":\"i\",\"choices\":[],\"usage\":{\"prompt_tokens\":9000,\"completion_tokens\":9000}}",
    ];

    private static readonly string[] MessagesStream =
    [
        "{\"type\":\"message_start\",\"message\":{\"id\":\"i\",\"model\":\"m\",\"usage\":{\"input_tokens\":9000}}}",
        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"base\"}}",
        "{\"type\":\"content_block_stop\",\"index\":0}",
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9000}}",
        "{\"type\":\"message_stop\"}",
    ];

    /// <summary>What makes an answer say a member.</summary>
    /// <param name="Whole">Where in a whole answer.</param>
    /// <param name="Event">In which event of the stream; what is inserted comes before it.</param>
    /// <param name="Streamed">Where in that; "" if whole events are inserted.</param>
    /// <param name="Value">What is put there.</param>
    /// <param name="Inserted">Events.</param>
    internal readonly record struct Case(
        string Whole, int Event, string Streamed, string Value, string Sign = Sign, string[]? Inserted = null);

    /// <summary>Null if there is none.</summary>
    public static Case? Find(AiCallKind provider, AnswerMember member)
    {
        Dictionary<string, Case> cases = provider == AiCallKind.Messages ? OfMessages : OfChat;
        if (member.Word.Length > 0)
        {
            return provider == AiCallKind.Messages
                ? new Case("stop_reason", 4, "delta.stop_reason", $"\"{member.Word}\"", "")
                : new Case("choices.0.finish_reason", 1, "choices.0.finish_reason", $"\"{member.Word}\"", "");
        }

        return cases.TryGetValue(member.Path, out Case found) ? found : null;
    }

    public static string WholeOf(AiCallKind provider, in Case with)
    {
        JsonNode root = JsonNode.Parse(provider == AiCallKind.Messages ? MessagesWhole : ChatWhole)!;
        Set(root, with.Whole, with.Value);
        return root.ToJsonString();
    }

    public static string StreamOf(AiCallKind provider, in Case with)
    {
        var text = new StringBuilder();
        string[] events = provider == AiCallKind.Messages ? MessagesStream : ChatStream;
        for (int place = 0; place < events.Length; place++)
        {
            JsonNode data = JsonNode.Parse(events[place])!;
            if (place == with.Event)
            {
                foreach (string inserted in with.Inserted ?? [])
                {
                    text.Append($"data: {inserted}\n\n");
                }

                if (with.Streamed.Length > 0)
                {
                    Set(data, with.Streamed, with.Value);
                }
            }

            text.Append($"data: {data.ToJsonString()}\n\n");
        }

        return provider == AiCallKind.Messages ? text.ToString() : text + "data: [DONE]\n\n";
    }

    /// <summary>Where a caller finds what a member means, in a whole answer and in events; * is any place.</summary>
    public static (string Whole, string Streamed) PlaceOf(AnswerPart part, AiCallKind caller) => caller switch
    {
        AiCallKind.Messages => part switch
        {
            AnswerPart.Id => ("id", "message.id"),
            AnswerPart.Model => ("model", "message.model"),
            AnswerPart.Text => ("content.*.text", "delta.text"),
            AnswerPart.Thinking => ("content.*.thinking", "delta.thinking"),
            AnswerPart.CallId => ("content.*.id", "content_block.id"),
            AnswerPart.CallName => ("content.*.name", "content_block.name"),
            AnswerPart.CallArguments => ("content.*.input", "delta.partial_json"),
            AnswerPart.Input => ("usage.input_tokens", "usage.input_tokens"),
            AnswerPart.Output => ("usage.output_tokens", "usage.output_tokens"),
            AnswerPart.Cached => ("usage.cache_read_input_tokens", "usage.cache_read_input_tokens"),
            AnswerPart.Written => ("usage.cache_creation_input_tokens", "usage.cache_creation_input_tokens"),
            AnswerPart.Reasoning => ("usage.output_tokens_details.thinking_tokens",
                "usage.output_tokens_details.thinking_tokens"),
            _ => ("stop_reason", "delta.stop_reason"),
        },
        AiCallKind.OllamaChat => Twice(part switch
        {
            AnswerPart.Model => "model",
            AnswerPart.Text => "message.content",
            AnswerPart.Thinking => "message.thinking",
            AnswerPart.CallId => "message.tool_calls.*.id",
            AnswerPart.CallName => "message.tool_calls.*.function.name",
            AnswerPart.CallArguments => "message.tool_calls.*.function.arguments",
            AnswerPart.Input => "prompt_eval_count",
            AnswerPart.Output => "eval_count",
            _ => "done_reason",
        }),
        _ => part switch
        {
            AnswerPart.Id => Twice("id"),
            AnswerPart.Model => Twice("model"),
            AnswerPart.Text => OfChoice("content"),
            AnswerPart.Thinking => OfChoice("reasoning_content"),
            AnswerPart.CallId => OfChoice("tool_calls.*.id"),
            AnswerPart.CallName => OfChoice("tool_calls.*.function.name"),
            AnswerPart.CallArguments => OfChoice("tool_calls.*.function.arguments"),
            AnswerPart.Input => Twice("usage.prompt_tokens"),
            AnswerPart.Output => Twice("usage.completion_tokens"),
            AnswerPart.Cached => Twice("usage.prompt_tokens_details.cached_tokens"),
            AnswerPart.Written => Twice("usage.prompt_tokens_details.cache_write_tokens"),
            AnswerPart.Reasoning => Twice("usage.completion_tokens_details.reasoning_tokens"),
            _ => Twice("choices.*.finish_reason"),
        },
    };

    /// <summary>All that stands at a path; * is any place of a list.</summary>
    public static IEnumerable<JsonNode> At(JsonNode root, string path)
    {
        IEnumerable<JsonNode> found = [root];
        foreach (string name in path.Split('.'))
        {
            found = found.SelectMany(node => node switch
            {
                JsonArray list => name == "*" ? list.OfType<JsonNode>() : [],
                JsonObject members => members[name] is { } value ? new[] { value } : [],
                _ => [],
            }).ToArray();
        }

        return found;
    }

    private static (string Whole, string Streamed) Twice(string path) => (path, path);

    private static (string Whole, string Streamed) OfChoice(string path) =>
        ("choices.*.message." + path, "choices.*.delta." + path);

    private static void Set(JsonNode root, string path, string value)
    {
        string[] names = path.Split('.');
        JsonNode node = root;
        foreach (string name in names[..^1])
        {
            node = int.TryParse(name, out int place) ? node[place]! : node[name] ??= new JsonObject();
        }

        if (node is JsonArray list && int.Parse(names[^1]) == list.Count)
        {
            list.Add(JsonNode.Parse(value));
        }
        else if (node is JsonArray items)
        {
            items[int.Parse(names[^1])] = JsonNode.Parse(value);
        }
        else
        {
            node[names[^1]] = JsonNode.Parse(value);
        }
    }

    private static Dictionary<string, Case> OfChat { get; } = new()
    {
        ["id"] = new("id", 0, "id", "\"SIGN\""),
        ["model"] = new("model", 0, "model", "\"SIGN\""),
        ["created"] = new("created", 0, "created", "770077", "770077"),
        ["message.content"] = InChat("content", "\"SIGN\""),
        ["message.content[].text"] = InChat("content", "[{\"type\":\"text\",\"text\":\"SIGN\"}]"),
        ["message.refusal"] = InChat("refusal", "\"SIGN\""),
        ["message.reasoning_content"] = InChat("reasoning_content", "\"SIGN\""),
        ["message.reasoning"] = InChat("reasoning", "\"SIGN\""),
        ["message.content[].thinking[].text"] = InChat("content",
            "[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"SIGN\"}]},{\"type\":\"text\",\"text\":\"a\"}]"),
        ["tool_calls[].id"] = InChat("tool_calls", ChatCall.Replace("?id", Sign)),
        ["tool_calls[].function.name"] = InChat("tool_calls", ChatCall.Replace("?name", Sign)),
        ["tool_calls[].function.arguments"] = InChat("tool_calls", ChatCall.Replace("?input", Sign)),
        ["message.annotations"] = InChat("annotations", "[{\"url\":\"SIGN\"}]"),
        ["message.audio"] = InChat("audio", "{\"data\":\"SIGN\"}"),
        ["choices[].logprobs"] = new("choices.0.logprobs", 0, "choices.0.logprobs", "{\"content\":[{\"token\":\"SIGN\"}]}"),
        ["choices[1]"] = new("choices.1", 1, "",
            "{\"index\":1,\"message\":{\"role\":\"assistant\",\"content\":\"SIGN\"},\"finish_reason\":\"length\"}",
            Inserted: ["{\"id\":\"i\",\"choices\":[{\"index\":1,\"delta\":{\"content\":\"SIGN\"},\"finish_reason\":null}]}"]),
        ["usage.prompt_tokens"] = Counted("prompt_tokens", "47110"),
        ["usage.completion_tokens"] = Counted("completion_tokens", "47110"),
        ["usage.prompt_tokens_details.cached_tokens"] = Counted("prompt_tokens_details.cached_tokens", "4711"),
        ["usage.prompt_tokens_details.cache_write_tokens"] = Counted("prompt_tokens_details.cache_write_tokens", "4711"),
        ["usage.completion_tokens_details.reasoning_tokens"] =
            Counted("completion_tokens_details.reasoning_tokens", "4711"),
        ["service_tier"] = new("service_tier", 0, "service_tier", "\"SIGN\""),
        ["system_fingerprint"] = new("system_fingerprint", 0, "system_fingerprint", "\"SIGN\""),
    };

    private static Dictionary<string, Case> OfMessages { get; } = new()
    {
        ["id"] = new("id", 0, "message.id", "\"SIGN\""),
        ["model"] = new("model", 0, "message.model", "\"SIGN\""),
        ["content[].text"] = new("content.0.text", 2, "delta.text", "\"SIGN\""),
        ["content[].citations"] = new("content.0.citations", 3, "", "[{\"cited_text\":\"SIGN\"}]", Inserted:
            ["{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"citations_delta\",\"citation\":{\"cited_text\":\"SIGN\"}}}"]),
        ["content[].thinking"] = Block("{\"type\":\"thinking\",\"thinking\":\"SIGN\",\"signature\":\"s\"}",
            "{\"type\":\"thinking\",\"thinking\":\"\"}", "{\"type\":\"thinking_delta\",\"thinking\":\"SIGN\"}"),
        ["content[].signature"] = Block("{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"SIGN\"}",
            "{\"type\":\"thinking\",\"thinking\":\"t\"}", "{\"type\":\"signature_delta\",\"signature\":\"SIGN\"}"),
        ["content[].redacted_thinking"] = Block("{\"type\":\"redacted_thinking\",\"data\":\"SIGN\"}",
            "{\"type\":\"redacted_thinking\",\"data\":\"SIGN\"}"),
        ["tool_use.id"] = Call("SIGN", "f", "a"),
        ["tool_use.name"] = Call("t", "SIGN", "a"),
        ["tool_use.input"] = Call("t", "f", "SIGN"),
        ["server_tool_use"] = Block(
            "{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{\"query\":\"SIGN\"}}",
            "{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"SIGN\",\"input\":{}}",
            "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"query\\\":\\\"SIGN\\\"}\"}"),
        ["web_search_tool_result"] = Block(
            "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[{\"title\":\"SIGN\"}]}",
            "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[{\"title\":\"SIGN\"}]}"),
        ["stop_sequence"] = new("stop_sequence", 4, "delta.stop_sequence", "\"SIGN\""),
        ["stop_details"] = new("stop_details", 4, "delta.stop_details", "{\"explanation\":\"SIGN\"}"),
        ["usage.input_tokens"] = new("usage.input_tokens", 0, "message.usage.input_tokens", "47110", "47110"),
        ["usage.output_tokens"] = new("usage.output_tokens", 4, "usage.output_tokens", "47110", "47110"),
        ["usage.cache_read_input_tokens"] = InStart("cache_read_input_tokens", "4711"),
        ["usage.cache_creation_input_tokens"] = InStart("cache_creation_input_tokens", "4711"),
        ["usage.output_tokens_details.thinking_tokens"] = new("usage.output_tokens_details.thinking_tokens", 4,
            "usage.output_tokens_details.thinking_tokens", "4711", "4711"),
        ["usage.cache_creation"] = InStart("cache_creation", "{\"ephemeral_5m_input_tokens\":770077}", "770077"),
        ["usage.server_tool_use"] = InStart("server_tool_use", "{\"web_search_requests\":770077}", "770077"),
        ["usage.service_tier"] = InStart("service_tier", "\"SIGN\"", Sign),
        ["container"] = new("container", 4, "delta.container", "{\"id\":\"SIGN\"}"),
    };

    private static Case InChat(string name, string value) =>
        new("choices.0.message." + name, 0, "choices.0.delta." + name, value);

    private static Case Counted(string name, string value) => new("usage." + name, 2, "usage." + name, value, value);

    private static Case InStart(string name, string value, string? sign = null) =>
        new("usage." + name, 0, "message.usage." + name, value, sign ?? value);

    private static Case Call(string id, string name, string input) => Block(
        $"{{\"type\":\"tool_use\",\"id\":\"{id}\",\"name\":\"{name}\",\"input\":{{\"{input}\":1}}}}",
        $"{{\"type\":\"tool_use\",\"id\":\"{id}\",\"name\":\"{name}\",\"input\":{{}}}}",
        $"{{\"type\":\"input_json_delta\",\"partial_json\":\"{{\\\"{input}\\\":1}}\"}}");

    private static Case Block(string whole, string start, string? delta = null) => new("content.1", 4, "", whole, Inserted:
    [
        $"{{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{start}}}",
        .. delta is null ? Enumerable.Empty<string>()
            : [$"{{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{delta}}}"],
        "{\"type\":\"content_block_stop\",\"index\":1}",
    ]);
}
