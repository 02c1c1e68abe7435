using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>What a <see cref="ModelServer"/> says, in the dialect of the path it was asked at.</summary>
internal static class ModelAnswers
{
    public const string ToolArguments = "{\"city\":\"Zagreb\"}";

    private const string OllamaCall = " \"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
        + "{\"function\":{\"name\":\"weather\",\"arguments\":" + ToolArguments + "}}]}";

    private static string All => string.Concat(ModelServer.Words);

    public static string Whole(string path, JsonNode? body, ModelServer server)
    {
        string model = Quote(body?["model"]?.GetValue<string>() ?? "");
        bool hasTools = body?["tools"] is not null;
        string usage = server.Temper == ModelTemper.NoUsage ? "" : UsageOf(path, server);
        if (path.EndsWith("/count_tokens", StringComparison.Ordinal))
        {
            return $$"""{"input_tokens":{{server.InputTokens}}}""";
        }

        if (path.EndsWith("/messages", StringComparison.Ordinal))
        {
            string content = hasTools
                ? $$"""{"type":"tool_use","id":"toolu_1","name":"weather","input":{{ToolArguments}} }"""
                : $$"""{"type":"text","text":{{Quote(All)}} }""";
            string stop = hasTools ? "tool_use" : "end_turn";
            return $$"""{"id":"msg_1","type":"message","role":"assistant","model":{{model}},"content":[{{content}}],"""
                + $$""" "stop_reason":"{{stop}}","stop_sequence":null{{usage}} }""";
        }

        if (path.EndsWith("/embeddings", StringComparison.Ordinal))
        {
            return $$"""{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-1]}],"model":{{model}}{{usage}} }""";
        }

        if (path.EndsWith("/responses", StringComparison.Ordinal))
        {
            return $$"""{"id":"resp_1","object":"response","created_at":1,"status":"completed","error":null,"model":{{model}},"""
                + """ "output":[{"type":"message","id":"m","role":"assistant","status":"completed","content":["""
                + $$"""{"type":"output_text","text":{{Quote(All)}},"annotations":[]}]}]{{usage}} }""";
        }

        if (path.Contains("/api/", StringComparison.Ordinal))
        {
            string said = !path.EndsWith("/chat", StringComparison.Ordinal) ? $"\"response\":{Quote(All)}"
                : hasTools ? OllamaCall
                : $$""" "message":{"role":"assistant","content":{{Quote(All)}} }""";
            return $$"""{"model":{{model}},"created_at":"2026-01-01T00:00:00Z",{{said}},"done":true,"done_reason":"stop"{{usage}} }""";
        }

        string message = hasTools
            ? $$""" "content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":{{Quote(ToolArguments)}} } }]"""
            : $"\"content\":{Quote(All)}";
        string reason = hasTools ? "tool_calls" : "stop";
        return $$"""{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":{{model}},"choices":[{"index":0,"""
            + $$""" "message":{"role":"assistant",{{message}} },"finish_reason":"{{reason}}"}]{{usage}} }""";
    }

    /// <summary>Each piece is an event, or a line.</summary>
    public static List<string> Stream(string path, JsonNode body, ModelServer server)
    {
        string model = Quote(body["model"]!.GetValue<string>());
        bool isCounted = server.Temper != ModelTemper.NoUsage;
        if (path.EndsWith("/messages", StringComparison.Ordinal))
        {
            return [.. Messages(model, body["tools"] is not null, isCounted, server)];
        }

        if (path.EndsWith("/responses", StringComparison.Ordinal))
        {
            return [.. Responses(model, isCounted, server)];
        }

        return path.Contains("/api/", StringComparison.Ordinal)
            ? [.. Lines(path, model, body["tools"] is not null, isCounted, server)]
            : [.. Chunks(model, body, isCounted, server)];
    }

    public static string ErrorEvent(string path) =>
        path.EndsWith("/messages", StringComparison.Ordinal)
            ? Event("error", """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""")
            : path.EndsWith("/responses", StringComparison.Ordinal)
                ? Event("error",
                    """{"type":"error","code":"server_error","message":"Overloaded","param":null,"sequence_number":2}""")
            : path.Contains("/api/", StringComparison.Ordinal)
                ? "{\"error\":\"out of memory\"}\n"
                : "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n";

    private static IEnumerable<string> Chunks(string model, JsonNode body, bool isCounted, ModelServer server)
    {
        bool isAsked = isCounted && body["stream_options"]?["include_usage"]?.GetValue<bool>() == true;
        string none = isAsked ? ",\"usage\":null" : "";
        string start = $"data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":{model},\"choices\":[";
        yield return $"{start}{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"\"}},\"finish_reason\":null}}]{none}}}\n\n";
        if (body["tools"] is not null)
        {
            const string Tool = "{\"index\":0,\"id\":\"call_1\",\"type\":\"function\","
                + "\"function\":{\"name\":\"weather\",\"arguments\":\"\"}}";
            string arguments = $"{{\"index\":0,\"function\":{{\"arguments\":{Quote(ToolArguments)}}}}}";
            foreach (string part in new[] { Tool, arguments })
            {
                yield return $"{start}{{\"index\":0,\"delta\":{{\"tool_calls\":[{part}]}},\"finish_reason\":null}}]{none}}}\n\n";
            }
        }
        else
        {
            foreach (string word in ModelServer.Words)
            {
                yield return $"{start}{{\"index\":0,\"delta\":{{\"content\":{Quote(word)}}},\"finish_reason\":null}}]{none}}}\n\n";
            }
        }

        string reason = body["tools"] is not null ? "tool_calls" : "stop";
        yield return $"{start}{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]{none}}}\n\n";
        if (isAsked)
        {
            yield return $"{start}]{UsageOf("/chat/completions", server)}}}\n\n";
        }

        yield return "data: [DONE]\n\n";
    }

    private static IEnumerable<string> Messages(string model, bool hasTools, bool isCounted, ModelServer server)
    {
        string input = isCounted ? $",\"usage\":{{\"input_tokens\":{server.InputTokens},\"output_tokens\":1}}" : "";
        string start = $$"""{"id":"msg_1","type":"message","role":"assistant","model":{{model}},"content":[],"""
            + $$""" "stop_reason":null,"stop_sequence":null{{input}} }""";
        yield return Event("message_start", $$"""{"type":"message_start","message":{{start}} }""");
        string block = hasTools ? """{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}""" : """{"type":"text","text":""}""";
        yield return Event("content_block_start", $$"""{"type":"content_block_start","index":0,"content_block":{{block}}}""");
        yield return Event("ping", """{"type":"ping"}""");
        IEnumerable<string> deltas = hasTools
            ? [$$"""{"type":"input_json_delta","partial_json":{{Quote(ToolArguments)}}}"""]
            : ModelServer.Words.Select(word => $$"""{"type":"text_delta","text":{{Quote(word)}} }""");
        foreach (string delta in deltas)
        {
            yield return Event("content_block_delta", $$"""{"type":"content_block_delta","index":0,"delta":{{delta}}}""");
        }

        yield return Event("content_block_stop", """{"type":"content_block_stop","index":0}""");
        string output = isCounted ? $",\"usage\":{{\"output_tokens\":{server.OutputTokens}}}" : "";
        string stop = hasTools ? "tool_use" : "end_turn";
        yield return Event("message_delta",
            $$"""{"type":"message_delta","delta":{"stop_reason":"{{stop}}","stop_sequence":null}{{output}} }""");
        yield return Event("message_stop", """{"type":"message_stop"}""");
    }

    private static IEnumerable<string> Responses(string model, bool isCounted, ModelServer server)
    {
        int number = 0;
        string made = $$""" "response":{"id":"resp_1","object":"response","created_at":1,"model":{{model}},"error":null,"output":[]""";
        yield return Event("response.created", $$$"""{"type":"response.created","sequence_number":{{{number++}}},{{{made}}},"status":"in_progress"}}""");
        foreach (string word in ModelServer.Words)
        {
            yield return Event("response.output_text.delta",
                $$"""{"type":"response.output_text.delta","sequence_number":{{number++}},"item_id":"m","""
                + $$""" "output_index":0,"content_index":0,"delta":{{Quote(word)}} }""");
        }

        string usage = isCounted ? UsageOf("/responses", server) : "";
        yield return Event("response.completed",
            $$"""{"type":"response.completed","sequence_number":{{number}},{{made}},"status":"completed"{{usage}} } }""");
    }

    private static IEnumerable<string> Lines(
        string path, string model, bool hasTools, bool isCounted, ModelServer server)
    {
        bool isChat = path.EndsWith("/chat", StringComparison.Ordinal);
        string[] words = hasTools ? ["call"] : ModelServer.Words;
        foreach (string word in (string[])[.. words, ""])
        {
            string said = hasTools && word.Length > 0 ? OllamaCall : isChat
                ? $$""" "message":{"role":"assistant","content":{{Quote(word)}} }"""
                : $"\"response\":{Quote(word)}";
            string end = word.Length > 0 ? "false" : "true,\"done_reason\":\"stop\"" + (isCounted ? UsageOf(path, server) : "");
            yield return $$"""{"model":{{model}},"created_at":"2026-01-01T00:00:00Z",{{said}},"done":{{end}}}""" + "\n";
        }
    }

    private static string UsageOf(string path, ModelServer server) =>
        path.EndsWith("/messages", StringComparison.Ordinal) || path.EndsWith("/responses", StringComparison.Ordinal)
            ? $",\"usage\":{{\"input_tokens\":{server.InputTokens},\"output_tokens\":{server.OutputTokens}}}"
            : path.Contains("/api/", StringComparison.Ordinal)
                ? $",\"prompt_eval_count\":{server.InputTokens},\"eval_count\":{server.OutputTokens}"
                : $",\"usage\":{{\"prompt_tokens\":{server.InputTokens},\"completion_tokens\":{server.OutputTokens},"
                    + $"\"total_tokens\":{server.InputTokens + server.OutputTokens}}}";

    private static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";

    private static string Quote(string text) => JsonValue.Create(text)!.ToJsonString();
}
