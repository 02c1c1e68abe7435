using System;
using EdgeProxy.Ai;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;
using EdgeProxy.Services;

namespace EdgeProxy.Config.Tables;

/// <summary>[ai.providers.NAME]</summary>
internal static class AiProviderTable
{
    private const string OpenAi = "openai";
    private const string Anthropic = "anthropic";
    private const string Ollama = "ollama";
    private const string Compatible = "openai_compatible";

    private static readonly ChoiceKey Kind = new("kind", [OpenAi, Anthropic, Ollama, Compatible],
        "What it understands. openai_compatible: vLLM, llama.cpp and others that speak OpenAI's API.")
    {
        IsRequired = true,
        ExampleToml = "\"ollama\"",
    };

    private static readonly ApiUrlKey Url = new("base_url",
        "Where it is, http or https; with the path its API begins with, for OpenAI's the version, too.")
    {
        IsRequired = true,
        ExampleToml = "\"http://127.0.0.1:11434\"",
    };

    private static readonly SecretKey ApiKey = new("api_key", 1, AiLimits.ApiKeyCharsMax,
        "The proxy's own credential there; clients never see it, and theirs never leave the proxy.")
    {
        ExampleToml = "\"change-me\"",
    };

    private static readonly BooleanKey StreamUsage = new("stream_usage",
        "It takes stream_options.include_usage, so that streams of chat completions are counted. Without it: true for "
            + "openai and ollama, false for openai_compatible, which may refuse what it does not know.")
    {
        ExampleToml = "true",
    };

    private static readonly DurationKey ResponseTimeout = new("response_timeout", TimeSpan.FromMilliseconds(100),
        ServiceLimits.TimeoutMax,
        "Longest wait for the first byte of an answer after the request is sent. Over it: 504.")
    {
        Default = AiLimits.ResponseTimeoutDefault,
        DefaultToml = $"\"{DurationText.Format(AiLimits.ResponseTimeoutDefault)}\"",
        ZeroMeans = "no limit",
    };

    private static readonly DurationKey ResponseIdleTimeout = new("response_idle_timeout",
        TimeSpan.FromMilliseconds(100), ServiceLimits.TimeoutMax,
        "Longest silence within an answer. Over it the client is cut off.")
    {
        Default = ServiceLimits.ResponseIdleTimeoutDefault,
        DefaultToml = $"\"{DurationText.Format(ServiceLimits.ResponseIdleTimeoutDefault)}\"",
        ZeroMeans = "no limit",
    };

    public static TableDeclaration Declaration { get; } = new("providers", IsNamed: true,
        "Who serves models: where, and with which credential.",
        [Kind, Url, ApiKey, StreamUsage, ResponseTimeout, ResponseIdleTimeout])
    {
        ExampleName = "local",
    };

    /// <summary>Null if it lacks what is required.</summary>
    public static ProviderSettings? Parse(string name, TableScope scope)
    {
        string? kind = Kind.Read(scope);
        ApiUrl? url = Url.Read(scope);
        string? key = ApiKey.Read(scope);
        bool isStreamUsage = StreamUsage.Read(scope);
        TimeSpan responseTimeout = ResponseTimeout.Read(scope);
        TimeSpan idleTimeout = ResponseIdleTimeout.Read(scope);
        if (key is not null && key.AsSpan().ContainsAnyExceptInRange('!', '~')
            && scope.TryFind(ApiKey.Name, out Toml.TomlEntry entry))
        {
            scope.Report(entry.Value, ApiKey.Name, "has characters that no header may have");
            return null;
        }

        return kind is null || url is not { } at ? null : new ProviderSettings
        {
            Name = name,
            Kind = kind switch
            {
                OpenAi => ProviderKind.OpenAi,
                Anthropic => ProviderKind.Anthropic,
                Ollama => ProviderKind.Ollama,
                _ => ProviderKind.OpenAiCompatible,
            },
            BasePath = at.Path,
            ApiKey = key ?? "",
            StreamUsage = scope.Count(StreamUsage) > 0 ? isStreamUsage : kind is OpenAi or Ollama,
            Service = new ServiceSettings
            {
                Name = $"ai.providers.{name}",
                Servers = [new ServerSettings(at.Host, at.Port, 1) { IsTls = at.IsTls }],
                PassHostHeader = false,
                ResponseTimeout = responseTimeout,
                ResponseIdleTimeout = idleTimeout,
            },
        };
    }
}
