using System;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>Why a provider refused a call, as far as it decides who is asked next.</summary>
internal enum RefusalCause : byte
{
    /// <summary>The request itself: nobody does better with it.</summary>
    Request,

    /// <summary>The target has nothing of the kind, or not for us; that says nothing of other requests.</summary>
    Elsewhere,

    /// <summary>Prompt and answer together are more than the model has room for.</summary>
    Room,

    /// <summary>Overloaded, broken, or a limit was met: it will not do better soon, whoever asks.</summary>
    Unwell,

    /// <summary>The proxy's account there has no money: it will not do better for a while.</summary>
    Account,
}

/// <summary>
/// Reads the error of an answer: its status, and what OpenAI, Anthropic, vLLM, llama.cpp and Ollama write into code,
/// type or message. Words of a message count only where a provider has no code, and decide about the one request only:
/// a client may have part in them.
/// </summary>
internal static class Refusals
{
    private static readonly ulong Code = JsonText.HashOf("code"u8);

    /// <summary>By the status alone.</summary>
    public static RefusalCause OfStatus(int status) => status switch
    {
        401 or 408 or 429 or >= 500 => RefusalCause.Unwell,
        402 => RefusalCause.Account,
        403 or 404 or 413 => RefusalCause.Elsewhere,
        _ => RefusalCause.Request,
    };

    /// <summary>By the body, where that says more than the status.</summary>
    /// <param name="index">Read from <paramref name="body"/>.</param>
    public static RefusalCause Of(int status, JsonIndex index, ReadOnlySpan<byte> body)
    {
        // llama.cpp and vLLM say it at the top, or below error.
        int error = index.Find(0, Names.Error);
        int at = error >= 0 && index[error].Kind == JsonToken.ObjectStart ? error : 0;
        return Word(index, body, at, Code) ?? Word(index, body, at, Names.Type)
            ?? (IsAboutRoom(index, body, at) ? RefusalCause.Room : OfStatus(status));
    }

    private static RefusalCause? Word(JsonIndex index, ReadOnlySpan<byte> body, int node, ulong name)
    {
        int found = Names.FindString(index, node, name);
        if (found < 0)
        {
            return null;
        }

        JsonText text = JsonText.Of(body[index[found].Start..index[found].End]);
        return OfWord(text.IsShort ? text.Span : default);
    }

    private static RefusalCause? OfWord(ReadOnlySpan<byte> word) => word switch
    {
        _ when word.SequenceEqual("context_length_exceeded"u8) => RefusalCause.Room,
        _ when word.SequenceEqual("exceed_context_size_error"u8) => RefusalCause.Room,
        _ when word.SequenceEqual("overloaded_error"u8) => RefusalCause.Unwell,
        _ when word.SequenceEqual("rate_limit_error"u8) => RefusalCause.Unwell,
        _ when word.SequenceEqual("rate_limit_exceeded"u8) => RefusalCause.Unwell,
        _ when word.SequenceEqual("insufficient_quota"u8) => RefusalCause.Account,
        _ when word.SequenceEqual("billing_error"u8) => RefusalCause.Account,
        _ when word.SequenceEqual("billing_hard_limit_reached"u8) => RefusalCause.Account,
        _ when word.SequenceEqual("model_not_found"u8) => RefusalCause.Elsewhere,
        _ when word.SequenceEqual("not_found_error"u8) => RefusalCause.Elsewhere,
        _ when word.SequenceEqual("permission_error"u8) => RefusalCause.Elsewhere,
        _ => null,
    };

    private static bool IsAboutRoom(JsonIndex index, ReadOnlySpan<byte> body, int node)
    {
        int found = Names.FindString(index, node, Names.Message);
        if (found < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> message = body[(index[found].Start + 1)..(index[found].End - 1)];
        return message.StartsWith("prompt is too long"u8)
            || message.StartsWith("input length and `max_tokens` exceed context limit"u8)
            || message.StartsWith("This model's maximum context length is"u8);
    }
}
