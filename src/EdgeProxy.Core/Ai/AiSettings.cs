using System;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services;

namespace EdgeProxy.Ai;

/// <summary>What a provider understands; the words of TOML's ai.providers.NAME.kind.</summary>
internal enum ProviderKind : byte
{
    OpenAi,
    Anthropic,
    Ollama,
    OpenAiCompatible,
}

/// <summary>
/// What becomes of a request that says what its provider's dialect cannot; the words of TOML's on_unsupported.
/// </summary>
internal enum OnUnsupported : byte
{
    /// <summary>It goes without; the answer names what was left out.</summary>
    Warn,

    /// <summary>It goes without.</summary>
    Drop,

    /// <summary>It is refused.</summary>
    Reject,
}

/// <summary>[ai] and everything that stands on it.</summary>
internal sealed record AiSettings
{
    public static AiSettings None { get; } = new();

    /// <summary>Memory for bodies that are read whole, for the process.</summary>
    public int BufferBytesMax { get; init; } = BodyBudget.BytesDefault;

    public Sequence<ProviderSettings> Providers { get; init; } = Sequence<ProviderSettings>.Empty;

    public Sequence<AiServiceSettings> Services { get; init; } = Sequence<AiServiceSettings>.Empty;

    /// <summary>Consumers that may not use every model.</summary>
    public Sequence<ModelAccess> Access { get; init; } = Sequence<ModelAccess>.Empty;

    public Sequence<PlanSettings> Plans { get; init; } = Sequence<PlanSettings>.Empty;

    /// <summary>Consumers that have one of the plans.</summary>
    public Sequence<ConsumerPlanSettings> ConsumerPlans { get; init; } = Sequence<ConsumerPlanSettings>.Empty;

    /// <summary>The plan of that name, which exists.</summary>
    public PlanSettings PlanOf(string name)
    {
        foreach (PlanSettings plan in Plans)
        {
            if (plan.Name == name)
            {
                return plan;
            }
        }

        throw new ArgumentException("there is no such plan", nameof(name));
    }
}

/// <summary>[ai.providers.NAME]</summary>
internal sealed record ProviderSettings
{
    public required string Name { get; init; }

    public required ProviderKind Kind { get; init; }

    /// <summary>How it is reached: a service with one server.</summary>
    public required ServiceSettings Service { get; init; }

    /// <summary>What its paths begin with: "" or "/v1" and the like, canonical.</summary>
    public required string BasePath { get; init; }

    /// <summary>"" for none.</summary>
    public string ApiKey { get; init; } = "";

    /// <summary>A stream tells its usage when stream_options asks for it.</summary>
    public bool StreamUsage { get; init; }

    /// <summary>What it asks for its models; the first that is about a model counts.</summary>
    public Sequence<PriceSettings> Prices { get; init; } = Sequence<PriceSettings>.Empty;

    // A secret stays out of every text.
    public override string ToString() => $"provider {Name}";
}

/// <summary>[services.NAME.ai]</summary>
internal sealed record AiServiceSettings
{
    public required string Name { get; init; }

    /// <summary>Never empty; those with the same name are targets of one model.</summary>
    public required Sequence<ModelSettings> Models { get; init; }

    /// <summary>Longest request body.</summary>
    public int BodyBytesMax { get; init; } = AiLimits.BodyBytesDefault;

    /// <summary>Most tokens of one answer, all its choices together; 0 is no limit.</summary>
    public int OutputTokensMax { get; init; }

    public OnUnsupported OnUnsupported { get; init; }

    /// <summary>Tools that the provider runs may be asked for.</summary>
    public bool ServerTools { get; init; }

    /// <summary>Names of tools, with a * at the end many; empty for all.</summary>
    public Sequence<string> ToolsAllowed { get; init; } = Sequence<string>.Empty;

    public Sequence<string> ToolsDenied { get; init; } = Sequence<string>.Empty;

    /// <summary>Rules on what requests ask for, in their order.</summary>
    public Sequence<ParameterRule> Parameters { get; init; } = Sequence<ParameterRule>.Empty;
}

/// <summary>One model of a service.</summary>
/// <param name="Name">What clients ask for; with a * at its end every name that begins so.</param>
/// <param name="Provider">Name of an existing provider.</param>
/// <param name="Model">What the provider is asked for; "" as asked; * is what the name's stood for.</param>
internal sealed record ModelSettings(string Name, string Provider, string Model)
{
    /// <summary>0, the first to be asked, to 7.</summary>
    public int Priority { get; init; }

    /// <summary>1 to 1000: its share among those of its priority.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Tokens of prompt and answer together that it has room for; 0 if that is not known.</summary>
    public int ContextTokensMax { get; init; }

    /// <summary>Null: as the service says.</summary>
    public OnUnsupported? OnUnsupported { get; init; }
}

/// <summary>What a consumer may use: names of models, with a * at the end every one that begins so.</summary>
internal sealed record ModelAccess(string Consumer, Sequence<string> Models);

/// <summary>Named limits and defaults of AI services.</summary>
internal static class AiLimits
{
    public const int BodyBytesDefault = 8 * 1024 * 1024;
    public const int BodyBytesMin = 1024;
    public const int BodyBytesMax = 48 * 1024 * 1024;
    public const int BufferBytesMin = 64 * 1024;
    public const int BufferBytesMax = 1024 * 1024 * 1024;
    public const int ModelsMax = 256;
    public const int ModelCharsMax = 128;

    /// <summary>Targets of one name: a bit each.</summary>
    public const int TargetsMax = 16;

    public const int OutputTokensMax = 10_000_000;
    public const int ContextTokensMax = 1_000_000_000;
    public const int ApiKeyCharsMax = 4096;

    /// <summary>One event of a stream that is looked at whole; a longer one passes as it is.</summary>
    public const int EventBytesMax = 1024 * 1024;

    /// <summary>A model thinks before it answers: what clients of these APIs wait by default.</summary>
    public static readonly TimeSpan ResponseTimeoutDefault = TimeSpan.FromMinutes(10);
}
