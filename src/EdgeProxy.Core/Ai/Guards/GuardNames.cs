using System;
using System.Buffers;
using System.Collections.Generic;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// What names of members say of their strings. A string whose name is not known is text, so that what is new in an API
/// is looked into, too.
/// </summary>
internal static class GuardNames
{
    public static readonly ulong Type = JsonText.HashOf("type"u8);
    public static readonly ulong Source = JsonText.HashOf("source"u8);
    public static readonly ulong Data = JsonText.HashOf("data"u8);
    public static readonly ulong Input = JsonText.HashOf("input"u8);
    public static readonly ulong Arguments = JsonText.HashOf("arguments"u8);
    public static readonly ulong PartialJson = JsonText.HashOf("partial_json"u8);
    public static readonly ulong Thinking = JsonText.HashOf("thinking"u8);
    public static readonly ulong Signature = JsonText.HashOf("signature"u8);
    public static readonly ulong Logprobs = JsonText.HashOf("logprobs"u8);
    public static readonly ulong Url = JsonText.HashOf("url"u8);
    public static readonly ulong ImageUrl = JsonText.HashOf("image_url"u8);
    public static readonly ulong FileUrl = JsonText.HashOf("file_url"u8);
    public static readonly ulong RedactedThinking = JsonText.HashOf("redacted_thinking"u8);
    public static readonly ulong Variables = JsonText.HashOf("variables"u8);
    public static readonly ulong Text = JsonText.HashOf("text"u8);

    public static readonly ulong Response = JsonText.HashOf("response"u8);
    public static readonly ulong Output = JsonText.HashOf("output"u8);
    public static readonly ulong Content = JsonText.HashOf("content"u8);

    // Marks, ids and enumerations: made by machines, and changed they would break what refers to them.
    private static readonly HashSet<ulong> Structure = Of(
        "model", "role", "type", "id", "object", "call_id", "tool_call_id", "tool_use_id", "item_id", "response_id",
        "previous_response_id", "signature", "encrypted_content", "format", "detail", "media_type", "effort",
        "service_tier", "status", "finish_reason", "stop_reason", "done_reason", "system_fingerprint", "obfuscation",
        "created_at", "remote_model", "remote_host", "encoding_format", "keep_alive", "phase", "native_finish_reason",
        "provider", "prompt_cache_key", "prompt_cache_retention", "truncation", "tool_choice");

    // What stands in these is anybody's: no name in them means anything to an API.
    private static readonly HashSet<ulong> Free = Of(
        "arguments", "input", "metadata", "parameters", "input_schema", "schema", "output", "properties", "action",
        "input_examples");

    // A mark has no space and no escape in it: what has is text, whatever it is called.
    private static readonly SearchValues<byte> Marks = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:/@+=|~#,;*[]()"u8);

    private static readonly HashSet<ulong> Binary = Of(
        "data", "file_data", "image", "images", "b64_json", "partial_image_b64", "image_data", "embedding");

    // What a response of Responses has of its request.
    private static readonly HashSet<ulong> OfRequest = Of(
        "instructions", "tools", "metadata", "text", "prompt", "input", "reasoning", "user", "safety_identifier",
        "conversation");

    /// <summary>No text, as long as it is a mark.</summary>
    public static bool IsStructure(ulong name) => Structure.Contains(name);

    /// <summary>One word of what marks and ids are made of.</summary>
    public static bool IsMark(ReadOnlySpan<byte> content) => !content.ContainsAnyExcept(Marks);

    /// <summary>A mark that opens and closes nothing.</summary>
    public static bool IsWord(ReadOnlySpan<byte> content) => IsMark(content) && content.IndexOfAny("[]()"u8) < 0;

    /// <summary>In an object of that name every string is text.</summary>
    public static bool IsFree(ulong name) => Free.Contains(name);

    /// <summary>An array of that name has the API's own items in it, though an object of that name is free.</summary>
    public static bool HasItems(ulong name) => name == Input || name == Output;

    /// <summary>Bytes of something, in Base64.</summary>
    public static bool IsBinary(ulong name) => Binary.Contains(name);

    /// <summary>A member of a whole response that says what it was asked for.</summary>
    public static bool IsOfRequest(ulong name) => OfRequest.Contains(name);

    public static HashSet<ulong> Of(params string[] names)
    {
        var set = new HashSet<ulong>();
        foreach (string name in names)
        {
            set.Add(JsonText.HashOf(System.Text.Encoding.ASCII.GetBytes(name)));
        }

        return set;
    }
}
