using System;
using System.Buffers;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Plans;

/// <summary>
/// How many tokens a text may well be, before its provider has counted them: one for four bytes, as of English. What an
/// image or a file is given as counts as one of those.
/// </summary>
internal static class InputEstimate
{
    private const int BytesPerToken = 4;

    // A string that is longer and looks like a picture is none to read.
    private const int EncodedBytesMin = 1024;
    private const int TokensPerEncoded = 2048;

    // "data:", a media type with parameters, ";base64,".
    private const int DataUrlHeadMax = 128;

    private static readonly SearchValues<byte> Base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    private static readonly ulong Images = JsonText.HashOf("images"u8);

    // Where requests have pictures and files: OpenAI's parts. Elsewhere it is text, and read.
    private static readonly ulong[] EncodedNames =
        [JsonText.HashOf("url"u8), JsonText.HashOf("image_url"u8), JsonText.HashOf("file_data"u8)];

    // Anthropic's sources and OpenAI's sounds, which say beside it of what kind it is. Tools have such a name, too.
    private static readonly ulong Data = JsonText.HashOf("data"u8);
    private static readonly ulong MediaType = JsonText.HashOf("media_type"u8);
    private static readonly ulong Format = JsonText.HashOf("format"u8);

    public static long OfText(long bytes) => (bytes + BytesPerToken - 1) / BytesPerToken;

    /// <summary>Of a request that was read.</summary>
    public static long OfRequest(JsonIndex index, ReadOnlySpan<byte> body, AiCallKind kind)
    {
        if (kind == AiCallKind.CountTokens)
        {
            return 0;
        }

        long bytes = body.Length;
        long encoded = 0;
        int imagesEnd = 0; // of Ollama's, which have no names each
        Span<int> open = stackalloc int[JsonScanner.DepthMax + 1];
        int depth = 0;
        for (int node = 0; node < index.Count; node++)
        {
            ref readonly JsonNode value = ref index[node];
            int length = value.End - value.Start;
            while (depth > 0 && index[open[depth - 1]].Next <= node)
            {
                depth--;
            }

            if (value.Kind is JsonToken.ArrayStart or JsonToken.ObjectStart)
            {
                open[depth++] = node;
                imagesEnd = value.Kind == JsonToken.ArrayStart && value.NameHash == Images ? value.Next : imagesEnd;
            }
            else if (value.Kind == JsonToken.String && length > EncodedBytesMin
                && (node < imagesEnd || IsNamed(index, value.NameHash, open[depth - 1]))
                && IsEncoded(body[value.Start..value.End]))
            {
                bytes -= length;
                encoded++;
            }
        }

        return OfText(bytes) + (encoded * TokensPerEncoded);
    }

    private static bool IsNamed(JsonIndex index, ulong name, int owner) =>
        Array.IndexOf(EncodedNames, name) >= 0
        || (name == Data && (index.Find(owner, MediaType) >= 0 || index.Find(owner, Format) >= 0));

    // All of it: else a prompt would hide behind a beginning that looks so. A slash may have a backslash before it.
    private static bool IsEncoded(ReadOnlySpan<byte> quoted)
    {
        ReadOnlySpan<byte> rest = quoted[1..^1];
        if (rest.StartsWith("data:"u8))
        {
            int head = rest[..Math.Min(rest.Length, DataUrlHeadMax)].IndexOf(";base64,"u8);
            if (head < 0)
            {
                return false;
            }

            rest = rest[(head + ";base64,"u8.Length)..];
        }

        int other;
        while ((other = rest.IndexOfAnyExcept(Base64)) >= 0 && rest[other..].StartsWith("\\/"u8))
        {
            rest = rest[(other + 2)..];
        }

        return other < 0;
    }
}
