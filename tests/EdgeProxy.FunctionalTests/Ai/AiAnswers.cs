using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeProxy.FunctionalTests.Harness;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What answers say, in the dialect of the path they were asked at, whole and as streams.</summary>
internal static class AiAnswers
{
    public const string Chat = "/v1/chat/completions";
    public const string Messages = "/v1/messages";
    public const string Ollama = "/api/chat";
    public const string Said = "Good morning, caf\u00e9!";

    /// <summary>The text of a whole answer.</summary>
    public static string TextOf(string path, JsonNode json) => Text(path switch
    {
        Messages => json["content"]![0]!["text"],
        Ollama => json["message"]!["content"],
        _ => json["choices"]![0]!["message"]!["content"],
    });

    public static List<string> LinesOf(string path, RawResponse response) => path == Ollama
        ? [.. Encoding.UTF8.GetString(response.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries)]
        : AiProxy.Events(response);

    public static (string Text, string Stop, int Input, int Output) WholeOf(string path, JsonNode json) => path switch
    {
        Messages => (Text(json["content"]![0]!["text"]), Stop(json["stop_reason"]),
            Number(json["usage"]!["input_tokens"]), Number(json["usage"]!["output_tokens"])),
        Ollama => (Text(json["message"]!["content"]), Stop(json["done_reason"]),
            Number(json["prompt_eval_count"]), Number(json["eval_count"])),
        _ => (Text(json["choices"]![0]!["message"]!["content"]), Stop(json["choices"]![0]!["finish_reason"]),
            Number(json["usage"]!["prompt_tokens"]), Number(json["usage"]!["completion_tokens"])),
    };

    public static (string Name, string City) ToolOf(string path, JsonNode json)
    {
        JsonNode call = path switch
        {
            Messages => json["content"]![0]!,
            Ollama => json["message"]!["tool_calls"]![0]!["function"]!,
            _ => json["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!,
        };
        JsonNode arguments = path switch
        {
            Messages => call["input"]!,
            Ollama => call["arguments"]!,
            _ => JsonNode.Parse(Text(call["arguments"]))!,
        };
        return (Text(call["name"]), Text(arguments["city"]));
    }

    public static (string Text, string Stop) StreamOf(string path, RawResponse response)
    {
        List<JsonNode> events = EventsOf(path, response);
        return path switch
        {
            Messages => (string.Concat(events.Select(data => (string?)data["delta"]?["text"])),
                Stop(events[^2]["delta"]!["stop_reason"])),
            Ollama => (string.Concat(events.Select(data => (string?)data["message"]!["content"])),
                Stop(events[^1]["done_reason"])),
            _ => (string.Concat(events.Select(data => (string?)data["choices"]![0]!["delta"]!["content"])),
                Stop(events[^1]["choices"]![0]!["finish_reason"])),
        };
    }

    public static (string Name, string City) StreamedToolOf(string path, RawResponse response)
    {
        List<JsonNode> events = EventsOf(path, response);
        if (path == Messages)
        {
            JsonNode block = events.First(data => data["content_block"] is not null)["content_block"]!;
            string json = string.Concat(events.Select(data => (string?)data["delta"]?["partial_json"]));
            return (Text(block["name"]), Text(JsonNode.Parse(json)!["city"]));
        }

        if (path == Ollama)
        {
            return ToolOf(path, events.First(data => data["message"]?["tool_calls"] is not null));
        }

        List<JsonNode> functions =
        [
            .. events.Select(data => data["choices"]![0]!["delta"]!["tool_calls"]?[0]!["function"])
                .Where(function => function is not null).Select(function => function!),
        ];
        string arguments = string.Concat(functions.Select(function => (string?)function["arguments"]));
        return (Text(functions[0]["name"]), Text(JsonNode.Parse(arguments)!["city"]));
    }

    // Without what is no event of the answer: its end, and its usage.
    private static List<JsonNode> EventsOf(string path, RawResponse response) =>
    [
        .. LinesOf(path, response).Where(line => line != "[DONE]").Select(line => JsonNode.Parse(line)!)
            .Where(data => data["choices"] is not JsonArray { Count: 0 }),
    ];

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static int Number(JsonNode? node) => node!.GetValue<int>();

    // However the dialect spells it.
    private static string Stop(JsonNode? node) => Text(node) is "end_turn" or "stop" ? "stop" : Text(node);
}
