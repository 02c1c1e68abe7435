using System;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>
/// Writes a chat request that came in one dialect in another, on one loop. What it read is kept until the next one.
/// </summary>
internal sealed class RequestTranslation
{
    /// <summary>Most tokens of an answer, where a dialect has to be told and nobody said.</summary>
    public const int TokensDefault = 4096;

    private readonly ChatRequest _request = new();
    private readonly TranslatedText _text = new();
    private readonly ChatRequestReader _chat = new();
    private readonly MessagesRequestReader _messages = new();
    private readonly OllamaRequestReader _ollama = new();
    private readonly ChatRequestWriter _toChat;
    private readonly MessagesRequestWriter _toMessages;

    public RequestTranslation()
    {
        _toChat = new ChatRequestWriter(_text);
        _toMessages = new MessagesRequestWriter(_text);
    }

    /// <summary>There was no memory for it.</summary>
    public bool IsFull => _text.IsFull;

    /// <summary>What the other dialect cannot say.</summary>
    public ref readonly Losses Losses => ref _request.Losses;

    /// <summary>The call it becomes for a provider that does not speak the caller's; None if it cannot.</summary>
    public static AiCallKind SentAs(AiCallKind kind, ProviderKind provider) => kind switch
    {
        _ when AiApi.IsSpoken(kind, provider) => kind,
        AiCallKind.ChatCompletions or AiCallKind.OllamaChat when provider == ProviderKind.Anthropic =>
            AiCallKind.Messages,
        AiCallKind.Messages or AiCallKind.OllamaChat when provider != ProviderKind.Anthropic =>
            AiCallKind.ChatCompletions,
        _ => AiCallKind.None,
    };

    /// <summary>Null, or the member that is not what its dialect has there.</summary>
    /// <param name="index">Of the body.</param>
    /// <param name="tokensMax">The service's own limit; 0 for none.</param>
    /// <param name="output">Empty, and bound.</param>
    public string? Translate(
        JsonIndex index,
        ReadOnlySpan<byte> body,
        AiCallKind from,
        AiCallKind to,
        ProviderKind provider,
        int tokensMax,
        HeldBody output)
    {
        RequestReader reader = from switch
        {
            AiCallKind.Messages => _messages,
            AiCallKind.OllamaChat => _ollama,
            _ => _chat,
        };
        _text.Begin(output);
        string? fault = reader.Read(index, body, _request, to);
        if (fault is not null)
        {
            return fault;
        }

        _request.IsStream = RequestFacts.Of(index, from).IsStream;
        RequestWriter writer = to == AiCallKind.Messages ? _toMessages : _toChat;
        return writer.Write(new RequestSource(
            index, body, _request, provider, tokensMax > 0 ? tokensMax : TokensDefault));
    }
}
