using System;
using System.Text;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>A provider's errors in the caller's words.</summary>
internal static class AnswerErrors
{
    /// <summary>Anthropic's own, for what everybody else calls 503.</summary>
    private const int AnthropicOverloaded = 529;

    /// <summary>The status of a failure within a stream that does not say which kind it is.</summary>
    public const int Unsorted = 500;

    // Types of errors, and codes of OpenAI's, with the status each has where it is an answer of its own.
    private static readonly (string Type, int Status)[] Types =
    [
        ("invalid_request_error", 400), ("authentication_error", 401), ("billing_error", 402),
        ("permission_error", 403), ("not_found_error", 404), ("request_too_large", 413), ("rate_limit_error", 429),
        ("rate_limit_exceeded", 429), ("insufficient_quota", 429), ("api_error", 500), ("server_error", 500),
        ("overloaded_error", 503), ("timeout_error", 504),
    ];

    private static readonly ulong[] TypeNames =
        Array.ConvertAll(Types, static type => JsonText.HashOf(Encoding.ASCII.GetBytes(type.Type)));

    private static readonly ulong Code = JsonText.HashOf("code"u8);

    /// <summary>Types of errors within streams that are told apart, in whatever dialect.</summary>
    public static ReadOnlySpan<(string Type, int Status)> Known => Types;

    public const string UnreadableText = "The provider's answer cannot be read.";

    public const string UnsaidText = "The provider refused the request.";

    public static ReadOnlySpan<byte> Unreadable => "\"The provider's answer cannot be read.\""u8;

    public static ReadOnlySpan<byte> Unsaid => "\"The provider refused the request.\""u8;

    /// <summary>The status a caller of that dialect knows.</summary>
    public static int StatusFor(Dialect dialect, int status) =>
        status == AnthropicOverloaded && dialect != Dialect.Anthropic ? 503 : status;

    /// <summary>The status of an error within a stream: of its type or code, or the code itself if it is one.</summary>
    /// <param name="index">Of the event.</param>
    public static int StatusOf(JsonIndex index)
    {
        int error = index.Find(0, Names.Error);
        int code = index.Find(error, Code);
        int type = Array.IndexOf(TypeNames, Names.Word(index, index.Find(error, Names.Type)));
        type = type >= 0 ? type : Array.IndexOf(TypeNames, Names.Word(index, code));
        return type >= 0 ? Types[type].Status
            : code >= 0 && index[code].IsInteger && index[code].Number is >= 400 and < 600 ? (int)index[code].Number
            : Unsorted;
    }

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
