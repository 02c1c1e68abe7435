using System;
using System.IO;
using System.Text;
using System.Text.Json;

namespace EdgeProxy.Host.Demo;

/// <summary>
/// The model of the demo: it says what it was told, so that whoever looks on sees what of a prompt reaches a model.
/// </summary>
internal static class DemoModel
{
    /// <summary>What its answers begin with.</summary>
    public const string Told = "I was told: ";

    /// <summary>OpenAI's chat completion, as a model's server answers a request with it.</summary>
    public static byte[] Answer(string server, string request)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, "chatcmpl-demo");
            json.WriteString("object"u8, "chat.completion");
            json.WriteNumber("created"u8, 1);
            json.WriteString("model"u8, "demo-model-1");
            json.WriteStartArray("choices"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, 0);
            json.WriteStartObject("message"u8);
            json.WriteString("role"u8, "assistant");
            json.WriteString("content"u8, $"{Told}{PromptOf(request)} ({server})");
            json.WriteEndObject();
            json.WriteString("finish_reason"u8, "stop");
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartObject("usage"u8);
            json.WriteNumber("prompt_tokens"u8, 9);
            json.WriteNumber("completion_tokens"u8, 5);
            json.WriteNumber("total_tokens"u8, 14);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
        return body.ToArray();
    }

    /// <summary>What an answer of its says it was told; null if it does not.</summary>
    public static string? ToldIn(ReadOnlySpan<byte> answer)
    {
        string text = TextOf(answer, "choices"u8, "message"u8);
        return text.StartsWith(Told, StringComparison.Ordinal) ? text[Told.Length..] : null;
    }

    private static string PromptOf(string request) => TextOf(Encoding.Latin1.GetBytes(request), "messages"u8, default);

    // The first content in the list of that name, within the member of each item that is named, too. "" if there is
    // none: whoever tries the demo sends what they like.
    private static string TextOf(ReadOnlySpan<byte> json, ReadOnlySpan<byte> list, ReadOnlySpan<byte> within)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            JsonElement item = JsonElement.ParseValue(ref reader).GetProperty(list)[0];
            JsonElement content = (within.IsEmpty ? item : item.GetProperty(within)).GetProperty("content"u8);
            return content.ValueKind == JsonValueKind.String ? content.GetString()! : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IndexOutOfRangeException
            or System.Collections.Generic.KeyNotFoundException)
        {
            return "";
        }
    }
}
