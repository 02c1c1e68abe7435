using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>Names and words within messages, tools and answers, as hashes to look them up by.</summary>
internal static class Names
{
    public static readonly ulong Role = JsonText.HashOf("role"u8);
    public static readonly ulong Content = JsonText.HashOf("content"u8);
    public static readonly ulong Type = JsonText.HashOf("type"u8);
    public static readonly ulong Text = JsonText.HashOf("text"u8);
    public static readonly ulong Name = JsonText.HashOf("name"u8);
    public static readonly ulong Id = JsonText.HashOf("id"u8);
    public static readonly ulong Index = JsonText.HashOf("index"u8);
    public static readonly ulong Model = JsonText.HashOf("model"u8);
    public static readonly ulong Message = JsonText.HashOf("message"u8);
    public static readonly ulong Error = JsonText.HashOf("error"u8);
    public static readonly ulong Refusal = JsonText.HashOf("refusal"u8);
    public static readonly ulong Function = JsonText.HashOf("function"u8);
    public static readonly ulong Arguments = JsonText.HashOf("arguments"u8);
    public static readonly ulong Description = JsonText.HashOf("description"u8);
    public static readonly ulong Parameters = JsonText.HashOf("parameters"u8);
    public static readonly ulong InputSchema = JsonText.HashOf("input_schema"u8);
    public static readonly ulong Input = JsonText.HashOf("input"u8);
    public static readonly ulong Strict = JsonText.HashOf("strict"u8);
    public static readonly ulong ToolCalls = JsonText.HashOf("tool_calls"u8);
    public static readonly ulong ToolCallId = JsonText.HashOf("tool_call_id"u8);
    public static readonly ulong ToolUseId = JsonText.HashOf("tool_use_id"u8);
    public static readonly ulong ToolName = JsonText.HashOf("tool_name"u8);
    public static readonly ulong Tool = JsonText.HashOf("tool"u8);
    public static readonly ulong IsError = JsonText.HashOf("is_error"u8);
    public static readonly ulong ImageUrl = JsonText.HashOf("image_url"u8);
    public static readonly ulong Image = JsonText.HashOf("image"u8);
    public static readonly ulong Images = JsonText.HashOf("images"u8);
    public static readonly ulong Url = JsonText.HashOf("url"u8);
    public static readonly ulong Source = JsonText.HashOf("source"u8);
    public static readonly ulong MediaType = JsonText.HashOf("media_type"u8);
    public static readonly ulong Data = JsonText.HashOf("data"u8);
    public static readonly ulong Base64 = JsonText.HashOf("base64"u8);
    public static readonly ulong InputAudio = JsonText.HashOf("input_audio"u8);
    public static readonly ulong File = JsonText.HashOf("file"u8);
    public static readonly ulong Document = JsonText.HashOf("document"u8);
    public static readonly ulong ToolUse = JsonText.HashOf("tool_use"u8);
    public static readonly ulong ToolResult = JsonText.HashOf("tool_result"u8);
    public static readonly ulong Thinking = JsonText.HashOf("thinking"u8);
    public static readonly ulong RedactedThinking = JsonText.HashOf("redacted_thinking"u8);
    public static readonly ulong ReasoningContent = JsonText.HashOf("reasoning_content"u8);
    public static readonly ulong Reasoning = JsonText.HashOf("reasoning"u8);
    public static readonly ulong CacheControl = JsonText.HashOf("cache_control"u8);
    public static readonly ulong Citations = JsonText.HashOf("citations"u8);
    public static readonly ulong Enabled = JsonText.HashOf("enabled"u8);
    public static readonly ulong Custom = JsonText.HashOf("custom"u8);
    public static readonly ulong System = JsonText.HashOf("system"u8);
    public static readonly ulong Developer = JsonText.HashOf("developer"u8);
    public static readonly ulong User = JsonText.HashOf("user"u8);
    public static readonly ulong Assistant = JsonText.HashOf("assistant"u8);
    public static readonly ulong None = JsonText.HashOf("none"u8);
    public static readonly ulong Auto = JsonText.HashOf("auto"u8);
    public static readonly ulong Required = JsonText.HashOf("required"u8);
    public static readonly ulong Any = JsonText.HashOf("any"u8);
    public static readonly ulong OneToolOnly = JsonText.HashOf("disable_parallel_tool_use"u8);
    public static readonly ulong Json = JsonText.HashOf("json"u8);
    public static readonly ulong JsonObject = JsonText.HashOf("json_object"u8);
    public static readonly ulong JsonSchema = JsonText.HashOf("json_schema"u8);
    public static readonly ulong Schema = JsonText.HashOf("schema"u8);
    public static readonly ulong Detail = JsonText.HashOf("detail"u8);
    public static readonly ulong Annotations = JsonText.HashOf("annotations"u8);
    public static readonly ulong FileData = JsonText.HashOf("file_data"u8);
    public static readonly ulong FileName = JsonText.HashOf("filename"u8);
    public static readonly ulong Pdf = JsonText.HashOf("application/pdf"u8);
    public static readonly ulong Title = JsonText.HashOf("title"u8);
    public static readonly ulong CacheBreakpoint = JsonText.HashOf("prompt_cache_breakpoint"u8);
    public static readonly ulong EagerInput = JsonText.HashOf("eager_input_streaming"u8);
    public static readonly ulong Caller = JsonText.HashOf("caller"u8);

    /// <summary>The hash of a string's text; 0 for what is none.</summary>
    public static ulong Word(JsonIndex index, int node) =>
        node >= 0 && index[node].Kind == JsonToken.String ? (ulong)index[node].Number : 0;

    /// <summary>A member that is a string; -1 otherwise.</summary>
    public static int FindString(JsonIndex index, int node, ulong name)
    {
        int found = index.Find(node, name);
        return found >= 0 && index[found].Kind == JsonToken.String ? found : -1;
    }

    /// <summary>A member that is there and not null; -1 otherwise.</summary>
    public static int FindSaid(JsonIndex index, int node, ulong name)
    {
        int found = index.Find(node, name);
        return found >= 0 && index[found].Kind != JsonToken.Null ? found : -1;
    }

    public static bool Is(JsonIndex index, int node, JsonToken kind) => node >= 0 && index[node].Kind == kind;

    /// <summary>Whoever leaves it out says the same: null, false, 0, empty.</summary>
    public static bool SaysNothing(JsonIndex index, int node) => index[node].Kind switch
    {
        JsonToken.Null or JsonToken.False => true,
        JsonToken.Number => index[node].IsInteger && index[node].Number == 0,
        JsonToken.String => index[node].End - index[node].Start == 2,
        JsonToken.ObjectStart or JsonToken.ArrayStart => index[node].Next == node + 1,
        _ => false,
    };
}
