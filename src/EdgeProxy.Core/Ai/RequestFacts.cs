using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>Names in a request that mean something to the proxy, as hashes to look them up by.</summary>
internal static class RequestNames
{
    public static readonly ulong Model = JsonText.HashOf("model"u8);
    public static readonly ulong Stream = JsonText.HashOf("stream"u8);
    public static readonly ulong StreamOptions = JsonText.HashOf("stream_options"u8);
    public static readonly ulong IncludeUsage = JsonText.HashOf("include_usage"u8);
}

/// <summary>What a request says that decides how its answer is treated.</summary>
internal readonly record struct RequestFacts(bool IsStream, bool AsksUsage)
{
    public static RequestFacts Of(JsonIndex index, AiCallKind kind)
    {
        int stream = index.Find(0, RequestNames.Stream);
        bool isStream = stream >= 0
            ? index[stream].Kind == JsonToken.True
            : kind is AiCallKind.OllamaChat or AiCallKind.OllamaGenerate; // Ollama streams unless told not to
        int asked = index.Find(index.Find(0, RequestNames.StreamOptions), RequestNames.IncludeUsage);
        return new RequestFacts(isStream, asked >= 0 && index[asked].Kind == JsonToken.True);
    }
}
