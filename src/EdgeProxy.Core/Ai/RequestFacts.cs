using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>Names in a request that mean something to the proxy, as hashes to look them up by.</summary>
internal static class RequestNames
{
    public static readonly ulong Model = JsonText.HashOf("model"u8);
    public static readonly ulong Stream = JsonText.HashOf("stream"u8);
    public static readonly ulong StreamOptions = JsonText.HashOf("stream_options"u8);
    public static readonly ulong Choices = JsonText.HashOf("n"u8);
    public static readonly ulong Background = JsonText.HashOf("background"u8);
    public static readonly ulong IncludeUsage = JsonText.HashOf("include_usage"u8);
}

/// <summary>What a request says that decides how its answer is treated.</summary>
internal readonly record struct RequestFacts(bool IsStream, bool AsksUsage)
{
    private const int ChoicesMax = 128;

    /// <summary>Answers asked for at a time, 1 to 128.</summary>
    public int Choices { get; private init; }

    /// <summary>The most tokens of one choice, as the request has it; 0 if it does not say.</summary>
    public long MaxTokens { get; private init; }

    /// <summary>The provider goes on with it whoever hangs up: what is told of it may be before its end.</summary>
    public bool IsInBackground { get; private init; }

    public static RequestFacts Of(JsonIndex index, AiCallKind kind)
    {
        int stream = index.Find(0, RequestNames.Stream);
        bool isStream = stream >= 0
            ? index[stream].Kind == JsonToken.True
            : kind is AiCallKind.OllamaChat or AiCallKind.OllamaGenerate; // Ollama streams unless told not to
        int asked = index.Find(index.Find(0, RequestNames.StreamOptions), RequestNames.IncludeUsage);
        int choices = kind == AiCallKind.ChatCompletions ? index.Find(0, RequestNames.Choices) : -1;
        int background = kind == AiCallKind.Responses ? index.Find(0, RequestNames.Background) : -1;
        return new RequestFacts(isStream, asked >= 0 && index[asked].Kind == JsonToken.True)
        {
            Choices = choices >= 0 && index[choices].IsInteger
                ? (int)Math.Clamp(index[choices].Number, 1, ChoicesMax)
                : 1,
            MaxTokens = OutputCap.RoomOf(index, kind, cap: 0),
            IsInBackground = background >= 0 && index[background].Kind == JsonToken.True,
        };
    }
}
