using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeProxy.Ai;

namespace EdgeProxy.Tests.Ai.Guards;

/// <summary>Streamed answers that say a word and call one tool, in each dialect.</summary>
internal static class ToolStreams
{
    public static readonly AiCallKind[] Kinds =
        [AiCallKind.ChatCompletions, AiCallKind.Messages, AiCallKind.Responses, AiCallKind.OllamaChat];

    /// <param name="parts">Of the arguments' JSON text, each in an event; Ollama has them whole.</param>
    public static byte[] Of(AiCallKind kind, string tool, params string[] parts)
    {
        string[] events = kind switch
        {
            AiCallKind.ChatCompletions => Chat(tool, parts),
            AiCallKind.Messages => Messages(tool, parts),
            AiCallKind.Responses => Responses(tool, parts),
            _ =>
            [
                "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Well. \"},\"done\":false}\n",
                "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":"
                    + $"{{\"name\":{Quote(tool)},\"arguments\":{string.Concat(parts)}}}}}]}},\"done\":false}}\n",
                "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true}\n",
            ],
        };
        return Encoding.UTF8.GetBytes(string.Concat(events));
    }

    /// <summary>What a client puts together of the first call's arguments.</summary>
    public static string Arguments(AiCallKind kind, string written) => string.Concat(
        written.Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
            .Select(line => JsonNode.Parse(line[6..])!).Select(data => kind switch
            {
                AiCallKind.ChatCompletions =>
                    (string?)data["choices"]![0]!["delta"]!["tool_calls"]?[0]!["function"]!["arguments"],
                AiCallKind.Messages => (string?)data["delta"]?["partial_json"],
                _ => ((string?)data["type"] ?? "").EndsWith("arguments.delta", StringComparison.Ordinal)
                    ? (string?)data["delta"]
                    : "",
            }));

    private static string[] Chat(string tool, string[] parts) =>
    [
        Chunk("{\"role\":\"assistant\",\"content\":\"Well. \"}"),
        Chunk($"{{\"tool_calls\":[{{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{{\"name\":{Quote(tool)},\"arguments\":\"\"}}}}]}}"),
        .. parts.Select(part => Chunk($"{{\"tool_calls\":[{{\"index\":0,\"function\":{{\"arguments\":{Quote(part)}}}}}]}}")),
        Chunk("{}", "\"tool_calls\""),
        "data: [DONE]\n\n",
    ];

    private static string[] Messages(string tool, string[] parts) =>
    [
        Event("message_start", "{\"type\":\"message_start\",\"message\":{\"content\":[]}}"),
        Event("content_block_start", "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"),
        Event("content_block_delta", "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Well. \"}}"),
        Event("content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}"),
        Event("content_block_start", "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":"
            + $"{{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":{Quote(tool)},\"input\":{{}}}}}}"),
        .. parts.Select(part => Event("content_block_delta",
            $"{{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":{Quote(part)}}}}}")),
        Event("content_block_stop", "{\"type\":\"content_block_stop\",\"index\":1}"),
        Event("message_delta", "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":3}}"),
        Event("message_stop", "{\"type\":\"message_stop\"}"),
    ];

    private static string[] Responses(string tool, string[] parts)
    {
        string given = Quote(string.Concat(parts));
        string item = $"{{\"type\":\"function_call\",\"id\":\"f1\",\"call_id\":\"c1\",\"name\":{Quote(tool)},\"arguments\":{given}}}";
        List<(string Type, string Data)> events =
        [
            ("response.created", "\"response\":{\"id\":\"r1\",\"output\":[]}"),
            ("response.output_text.delta", "\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\"Well. \""),
            ("response.output_text.done", "\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"text\":\"Well. \""),
            ("response.output_item.added", "\"output_index\":1,\"item\":"
                + $"{{\"type\":\"function_call\",\"id\":\"f1\",\"call_id\":\"c1\",\"name\":{Quote(tool)},\"arguments\":\"\"}}"),
            .. parts.Select(part => ("response.function_call_arguments.delta",
                $"\"item_id\":\"f1\",\"output_index\":1,\"delta\":{Quote(part)}")),
            ("response.function_call_arguments.done", $"\"item_id\":\"f1\",\"output_index\":1,\"arguments\":{given}"),
            ("response.output_item.done", $"\"output_index\":1,\"item\":{item}"),
            ("response.completed", $"\"response\":{{\"id\":\"r1\",\"output\":[{item}]}}"),
        ];
        return [.. events.Select((one, number) => Event(
            one.Type, $"{{\"type\":\"{one.Type}\",\"sequence_number\":{number},{one.Data}}}"))];
    }

    private static string Chunk(string delta, string finish = "null") =>
        $"data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n";

    private static string Event(string type, string data) => $"event: {type}\ndata: {data}\n\n";

    public static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
