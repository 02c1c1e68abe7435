using System;
using System.Text;

namespace EdgeProxy.Ai.Translation;

/// <summary>A provider's errors in the caller's words.</summary>
internal static class AnswerErrors
{
    /// <summary>Anthropic's own, for what everybody else calls 503.</summary>
    private const int AnthropicOverloaded = 529;

    public const string UnreadableText = "The provider's answer cannot be read.";

    public const string UnsaidText = "The provider refused the request.";

    public static ReadOnlySpan<byte> Unreadable => "\"The provider's answer cannot be read.\""u8;

    public static ReadOnlySpan<byte> Unsaid => "\"The provider refused the request.\""u8;

    /// <summary>The status a caller of that dialect knows.</summary>
    public static int StatusFor(Dialect dialect, int status) =>
        status == AnthropicOverloaded && dialect != Dialect.Anthropic ? 503 : status;

    /// <param name="message">What the provider said, with its quotes.</param>
    public static void Write(TranslatedText text, Dialect dialect, int status, ReadOnlySpan<byte> message)
    {
        switch (dialect)
        {
            case Dialect.Anthropic:
                text.Add("{\"type\":\"error\",\"error\":{\"type\":\""u8);
                AddWord(text, AiErrors.AnthropicType(status));
                text.Add("\",\"message\":"u8);
                text.Add(message);
                text.Add("}}"u8);
                break;
            case Dialect.Ollama:
                text.Add("{\"error\":"u8);
                text.Add(message);
                text.Add("}"u8);
                break;
            default:
                text.Add("{\"error\":{\"message\":"u8);
                text.Add(message);
                text.Add(",\"type\":\""u8);
                AddWord(text, AiErrors.OpenAiType(status));
                text.Add("\",\"param\":null,\"code\":null}}"u8);
                break;
        }
    }

    private static void AddWord(TranslatedText text, string word)
    {
        Span<byte> bytes = stackalloc byte[64];
        text.Add(bytes[..Encoding.ASCII.GetBytes(word, bytes)]);
    }
}
