using System;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services;
using EdgeProxy.Services.Health;

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

    private static readonly TableListKey<PriceSettings> Prices = new("prices", PriceTable.Declaration,
        PlanLimits.PricesMax, PriceTable.Parse,
        "What each model costs, in micro-units of your currency for a million tokens: input, output, and where "
            + "they differ cached_input, cache_write, reasoning; the first that is about a model counts. Plans limit "
            + "cost by it, audit records and metrics tell it.")
    {
        ExampleToml = "[{ model = \"*\", input = 150000, output = 600000 }]",
    };

    public static TableDeclaration Declaration { get; } = new("providers", IsNamed: true,
        "Who serves models: where, and with which credential.",
        [Kind, Url, ApiKey, StreamUsage, ResponseTimeout, ResponseIdleTimeout, Prices])
    {
        ExampleName = "local",
        Tables = [HealthCheckTable.OfProvider],
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
        HealthCheckSettings? check = HealthCheckTable.Parse(scope, HealthCheckTable.OfProvider);
        Sequence<PriceSettings> prices = PlacedItems.Values(Prices.Read(scope));
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
            Prices = prices,
            StreamUsage = scope.Count(StreamUsage) > 0 ? isStreamUsage : kind is OpenAi or Ollama,
            Service = new ServiceSettings
            {
                Name = $"ai.providers.{name}",
                Servers = [new ServerSettings(at.Host, at.Port, 1) { IsTls = at.IsTls }],
                PassHostHeader = false,
                ResponseTimeout = responseTimeout,
                ResponseIdleTimeout = idleTimeout,
                HealthCheck = check,
            },
        };
    }

    /// <summary>One of prices.</summary>
    private static class PriceTable
    {
        private static readonly ModelNameKey Model = new("model",
            "The provider's name for it, with a * at its end every one that begins so.")
        {
            IsRequired = true,
            ExampleToml = "\"*\"",
        };

        private static readonly AmountKey Input = new("input", 0, PlanLimits.PriceMax, "A million tokens of prompts.")
        {
            IsRequired = true,
            ExampleToml = "150000",
        };

        private static readonly AmountKey Output = new("output", 0, PlanLimits.PriceMax, "A million tokens of answers.")
        {
            IsRequired = true,
            ExampleToml = "600000",
        };

        private static readonly AmountKey CachedInput = new("cached_input", 0, PlanLimits.PriceMax,
            "Those of prompts that come from the provider's cache. Without it: as input.")
        {
            ExampleToml = "75000",
        };

        private static readonly AmountKey CacheWrite = new("cache_write", 0, PlanLimits.PriceMax,
            "Those of prompts that are written to it, where that is counted apart. Without it: as input.")
        {
            ExampleToml = "187500",
        };

        private static readonly AmountKey Reasoning = new("reasoning", 0, PlanLimits.PriceMax,
            "Those of answers nobody sees. Without it: as output.")
        {
            ExampleToml = "600000",
        };

        public static TableDeclaration Declaration { get; } = new("prices", IsNamed: false, "What one model costs.",
            [Model, Input, Output, CachedInput, CacheWrite, Reasoning]);

        public static PriceSettings? Parse(TableScope scope)
        {
            string? model = Model.Read(scope);
            long? input = Input.Read(scope);
            long? output = Output.Read(scope);
            long? cached = CachedInput.Read(scope);
            long? written = CacheWrite.Read(scope);
            long? reasoning = Reasoning.Read(scope);
            return model is null || input is not { } ofInput || output is not { } ofOutput ? null
                : new PriceSettings(model, ofInput, ofOutput)
                {
                    CachedInput = cached ?? ofInput,
                    CacheWrite = written ?? ofInput,
                    Reasoning = reasoning ?? ofOutput,
                };
        }
    }
}
