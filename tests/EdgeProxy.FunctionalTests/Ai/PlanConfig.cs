using System;
using System.Security.Cryptography;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>A proxy whose consumer alice has a plan, and bob none; both prove themselves by X-Key.</summary>
internal static class PlanConfig
{
    public static ProxyConfig Of(
        int port,
        string kind,
        string limits,
        string stateFolder,
        string provider = "",
        string more = "",
        string plan = "")
    {
        ProxyConfig config = AiProxy.Config(port, kind, "output_tokens_max = 100", provider, $$"""
            [plans.basic]
            limits = [{{limits}}]
            {{plan}}
            [consumers.alice]
            keys = [{ sha256 = "{{Hash("alice-key")}}" }]
            plan = "basic"
            [consumers.bob]
            keys = [{ sha256 = "{{Hash("bob-key")}}" }]
            [middlewares.key.api_key]
            header = "X-Key"
            {{more}}
            """);
        config.More = config.More.Replace(
            "service = \"llm\"\n", "service = \"llm\"\nmiddlewares = [\"key\"]\n", StringComparison.Ordinal);
        config.Node = $"state_dir = \"{stateFolder}\"";
        return config;
    }

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)));
}
