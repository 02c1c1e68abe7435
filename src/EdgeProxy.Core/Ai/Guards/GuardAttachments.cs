using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// What no rule can look into: pictures, sound, files, and tokens in the place of texts. Told by the type of a part, or
/// by the name of its member where a server needs no type (vLLM takes {"image_url":...} alone); names in any case, as
/// servers written in Go take them.
/// </summary>
internal static class GuardAttachments
{
    private static readonly HashSet<ulong> Types = GuardNames.Of(
        "image", "image_url", "input_image", "image_file", "audio", "audio_url", "input_audio", "video", "video_url",
        "input_video", "file", "input_file", "document", "container_upload", "computer_screenshot",
        "image_generation_call", "output_audio", "output_image", "image_embeds", "audio_embeds", "video_embeds",
        "prompt_embeds", "image_pil");

    // In a request, whatever else the part says of itself.
    private static readonly HashSet<ulong> OfRequest = GuardNames.Of(
        "image", "images", "image_url", "image_file", "image_data", "audio_url", "input_audio", "video", "video_url",
        "image_embeds", "audio_embeds", "video_embeds", "prompt_embeds", "image_pil", "file_data", "file_ids",
        "b64_json", "partial_image_b64", "file_url");

    // In an answer a link to a picture is a text.
    private static readonly HashSet<ulong> OfAnswer = GuardNames.Of(
        "image", "images", "audio", "image_data", "file_data", "b64_json", "partial_image_b64");

    // An object of a request; elsewhere a name of one. (A file_id alone is what a citation has.)
    private static readonly ulong File = JsonText.HashOf("file"u8);
    private static readonly ulong Document = JsonText.HashOf("document"u8);

    // Lists of numbers that are a text: Ollama's memory of a conversation, what vLLM was asked with and said.
    private static readonly HashSet<ulong> Tokens = GuardNames.Of("context", "token_ids", "prompt_token_ids");

    /// <summary>An object, list or string is one.</summary>
    /// <param name="name">Its own, or that of the list it stands in, in lower case.</param>
    public static bool Is(JsonIndex index, ReadOnlySpan<byte> text, int node, ulong name, bool isOfAnswer)
    {
        ref readonly JsonNode at = ref index[node];
        bool isNamed = at.NameStart >= 0 && ((isOfAnswer ? OfAnswer : OfRequest).Contains(name)
            || (!isOfAnswer && name == File && at.Kind == JsonToken.ObjectStart));
        return at.Kind switch
        {
            JsonToken.ObjectStart => isNamed || IsTyped(index, text, node),
            JsonToken.ArrayStart => isNamed && at.Next > node + 1,
            JsonToken.String => (isNamed && at.End - at.Start > 2)
                || (IsLink(name) && text[(at.Start + 1)..].StartsWith("data:"u8)),
            _ => false,
        };
    }

    /// <summary>A list of numbers that stands for a text.</summary>
    public static bool IsTokens(JsonIndex index, int node, ulong name) =>
        Tokens.Contains(name) && index[node].Kind == JsonToken.ArrayStart && index[node].NameStart >= 0
        && HasNumber(index, node);

    /// <summary>A number stands somewhere in it.</summary>
    public static bool HasNumber(JsonIndex index, int node)
    {
        bool hasNumber = false;
        for (int inner = node; node >= 0 && inner < index[node].Next; inner++)
        {
            hasNumber |= index[inner].Kind == JsonToken.Number;
        }

        return hasNumber;
    }

    /// <summary>A string that is Base64 because of where it stands, if attachments pass.</summary>
    public static bool IsEncoded(ReadOnlySpan<byte> content, ulong name) =>
        IsLink(name) && content.StartsWith("data:"u8)
        && content[..Math.Min(content.Length, 256)].IndexOf(";base64,"u8) >= 0;

    private static bool IsLink(ulong name) =>
        name == GuardNames.Url || name == GuardNames.ImageUrl || name == GuardNames.FileUrl;

    private static bool IsTyped(JsonIndex index, ReadOnlySpan<byte> text, int node)
    {
        for (int member = node + 1; member < index[node].Next; member = index[member].Next)
        {
            if (index[member].Kind == JsonToken.String && Types.Contains((ulong)index[member].Number)
                && FoldedName.HashOf(index[member], text) == GuardNames.Type)
            {
                return (ulong)index[member].Number != Document || !IsTextDocument(index, text, node);
            }
        }

        return false;
    }

    private static bool IsTextDocument(JsonIndex index, ReadOnlySpan<byte> text, int node)
    {
        bool isTwice = false;
        _ = FoldedName.Find(index, text, node, GuardNames.Type, ref isTwice);
        int source = FoldedName.Find(index, text, node, GuardNames.Source, ref isTwice);
        int type = FoldedName.Find(index, text, source, GuardNames.Type, ref isTwice);
        return type >= 0 && !isTwice && ((ulong)index[type].Number == GuardNames.Text
            || (ulong)index[type].Number == GuardNames.Content);
    }
}
