using System;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai;

/// <summary>How a client and its provider talk.</summary>
internal enum Dialect : byte
{
    OpenAi,
    Anthropic,
    Ollama,
}

/// <summary>What is asked for.</summary>
internal enum AiCallKind : byte
{
    None,
    Models,
    Model,
    ChatCompletions,
    Responses,
    Embeddings,
    Messages,
    CountTokens,
    OllamaTags,
    OllamaChat,
    OllamaGenerate,
    OllamaEmbed,
}

/// <summary>The paths an AI service serves, and which kinds of provider understand them.</summary>
internal static class AiApi
{
    private static ReadOnlySpan<byte> ModelPrefix => "/v1/models/"u8;

    /// <summary>None if nothing is served there.</summary>
    public static AiCallKind Find(ReadOnlySpan<byte> path) => path switch
    {
        _ when path.SequenceEqual("/v1/chat/completions"u8) => AiCallKind.ChatCompletions,
        _ when path.SequenceEqual("/v1/responses"u8) => AiCallKind.Responses,
        _ when path.SequenceEqual("/v1/embeddings"u8) => AiCallKind.Embeddings,
        _ when path.SequenceEqual("/v1/messages"u8) => AiCallKind.Messages,
        _ when path.SequenceEqual("/v1/messages/count_tokens"u8) => AiCallKind.CountTokens,
        _ when path.SequenceEqual("/v1/models"u8) => AiCallKind.Models,
        _ when path.SequenceEqual("/api/chat"u8) => AiCallKind.OllamaChat,
        _ when path.SequenceEqual("/api/generate"u8) => AiCallKind.OllamaGenerate,
        _ when path.SequenceEqual("/api/embed"u8) => AiCallKind.OllamaEmbed,
        _ when path.SequenceEqual("/api/tags"u8) => AiCallKind.OllamaTags,
        _ when path.StartsWith(ModelPrefix) && path.Length > ModelPrefix.Length => AiCallKind.Model,
        _ => AiCallKind.None,
    };

    /// <summary>
    /// From where on a path is one of a call with a model in its body, whatever a middleware takes away before it;
    /// empty if it is none.
    /// </summary>
    public static ReadOnlySpan<byte> CallWithin(ReadOnlySpan<byte> path)
    {
        int version = path.LastIndexOf("/v1/"u8);
        int at = version >= 0 ? version : path.LastIndexOf("/api/"u8);
        AiCallKind kind = at < 0 ? AiCallKind.None : Find(path[at..]);
        return kind == AiCallKind.None || IsList(kind) ? default : path[at..];
    }

    /// <summary>The model a path of <see cref="AiCallKind.Model"/> names.</summary>
    public static ReadOnlySpan<byte> ModelOf(ReadOnlySpan<byte> path) => path[ModelPrefix.Length..];

    /// <summary>The proxy answers itself.</summary>
    public static bool IsList(AiCallKind kind) =>
        kind is AiCallKind.Models or AiCallKind.Model or AiCallKind.OllamaTags;

    public static Method MethodOf(AiCallKind kind) => IsList(kind) ? Method.Get : Method.Post;

    /// <summary>The dialect of a path, of those that serve nothing, too.</summary>
    public static Dialect DialectOf(AiCallKind kind, ReadOnlySpan<byte> path) => kind switch
    {
        AiCallKind.Messages or AiCallKind.CountTokens => Dialect.Anthropic,
        _ when path.StartsWith("/v1/messages/"u8) => Dialect.Anthropic,
        _ when path.StartsWith("/api/"u8) => Dialect.Ollama,
        _ => Dialect.OpenAi,
    };

    /// <summary>The provider understands it as it is.</summary>
    public static bool IsSpoken(AiCallKind kind, ProviderKind provider) => kind switch
    {
        AiCallKind.ChatCompletions or AiCallKind.Responses or AiCallKind.Embeddings =>
            provider != ProviderKind.Anthropic,
        AiCallKind.Messages => provider is ProviderKind.Anthropic or ProviderKind.Ollama,
        AiCallKind.CountTokens => provider == ProviderKind.Anthropic,
        AiCallKind.OllamaChat or AiCallKind.OllamaGenerate or AiCallKind.OllamaEmbed =>
            provider == ProviderKind.Ollama,
        _ => false,
    };

    /// <summary>What follows the provider's base path; the version is part of that where OpenAI's own has it.</summary>
    public static ReadOnlySpan<byte> PathAt(AiCallKind kind, ProviderKind provider)
    {
        bool hasVersion = provider is ProviderKind.OpenAi or ProviderKind.OpenAiCompatible;
        return kind switch
        {
            AiCallKind.ChatCompletions => hasVersion ? "/chat/completions"u8 : "/v1/chat/completions"u8,
            AiCallKind.Responses => hasVersion ? "/responses"u8 : "/v1/responses"u8,
            AiCallKind.Embeddings => hasVersion ? "/embeddings"u8 : "/v1/embeddings"u8,
            AiCallKind.Messages => "/v1/messages"u8,
            AiCallKind.CountTokens => "/v1/messages/count_tokens"u8,
            AiCallKind.OllamaChat => "/api/chat"u8,
            AiCallKind.OllamaGenerate => "/api/generate"u8,
            AiCallKind.OllamaEmbed => "/api/embed"u8,
            _ => default,
        };
    }
}
