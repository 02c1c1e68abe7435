using System;
using System.Text;
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

    private static ReadOnlySpan<byte> DataUrl => "\"data:"u8;

    private static readonly ulong Images = JsonText.HashOf("images"u8);

    // Where requests have pictures and files: Anthropic's sources, OpenAI's parts. Elsewhere it is text, and read.
    private static readonly ulong[] EncodedNames =
    [
        JsonText.HashOf("data"u8), JsonText.HashOf("url"u8), JsonText.HashOf("image_url"u8),
        JsonText.HashOf("file_data"u8),
    ];

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
        for (int node = 0; node < index.Count; node++)
        {
            ref readonly JsonNode value = ref index[node];
            int length = value.End - value.Start;
            if (value.Kind == JsonToken.ArrayStart && value.NameHash == Images)
            {
                imagesEnd = value.Next;
            }
            else if (value.Kind == JsonToken.String && length > EncodedBytesMin
                && (node < imagesEnd || Array.IndexOf(EncodedNames, value.NameHash) >= 0)
                && IsEncoded(body[value.Start..value.End]))
            {
                bytes -= length;
                encoded++;
            }
        }

        return OfText(bytes) + (encoded * TokensPerEncoded);
    }

    // Base64 is ASCII without a space; a text that long has spaces, or its script has none and is not ASCII.
    private static bool IsEncoded(ReadOnlySpan<byte> quoted) =>
        quoted.StartsWith(DataUrl)
        || (quoted[1..EncodedBytesMin].IndexOfAny((byte)' ', (byte)'\\') < 0
            && Ascii.IsValid(quoted[1..EncodedBytesMin]));
}
