using System.IO;
using EdgeProxy.LoadBench.Generators;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>What the binary under test is told to serve models, and to govern who calls them.</summary>
internal static class ModelTables
{
    public const string ServiceName = "llm";

    /// <summary>Model m answers whole, model s streams, model h does not end.</summary>
    public static string Models(PeerSetup setup) => $$"""
        [ai.providers.whole]
        kind = "openai"
        base_url = "http://{{setup.Upstream}}/v1"
        [ai.providers.stream]
        kind = "openai"
        base_url = "http://{{setup.Upstream}}/stream/v1"
        [ai.providers.held]
        kind = "openai"
        base_url = "http://{{setup.Upstream}}/held/v1"
        [services.{{ServiceName}}.ai]
        models = [
          { name = "m", provider = "whole" },
          { name = "s", provider = "stream" },
          { name = "h", provider = "held" },
        ]
        output_tokens_max = 4096

        """;

    /// <summary>Looks into prompts and answers for what is never in them.</summary>
    public const string Guard = """
        [middlewares.guard.ai_guard]
        prompt = [{ detect = "secret", action = "block" }, { detect = "prompt_injection", action = "flag" }]
        answer = [{ detect = "email", action = "mask" }, { detect = "card_number", action = "mask" }]

        """;

    /// <summary>
    /// Without a call that is refused. What is left is not told: it has more or fewer digits, and bytes are compared.
    /// </summary>
    public static string Governance(PeerSetup setup) => $$"""
        [middlewares.key.api_key]
        header = "X-Api-Key"
        [consumers.bench]
        keys = [{ sha256 = "{{Credentials.ApiKeySha256}}" }]
        plan = "bench"
        [plans.bench]
        limits = [
          { count = "requests", max = 1000000000000, period = "day" },
          { count = "tokens", max = 1000000000000000, period = "month" },
          { count = "concurrency", max = 100000 },
        ]
        headers = false
        [audit]
        directory = "{{Path.Combine(setup.Folder, "audit")}}"

        """;
}
