using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>A proxy in front of one model server, as tests of AI services want it.</summary>
internal static class AiProxy
{
    public const string ProviderKey = "sk-provider-1234567890";

    /// <summary>The model "fast" at a provider of a kind, and whatever else the test adds.</summary>
    public static ProxyConfig Config(
        ModelServer server, string kind, string service = "", string provider = "", string more = "") =>
        Config(server.Port, kind, service, provider, more);

    /// <inheritdoc cref="Config(ModelServer, string, string, string, string)"/>
    public static ProxyConfig Config(
        int port, string kind, string service = "", string provider = "", string more = "") => new()
        {
            IsBare = true,
            More = $$"""
                [routers.llm]
                rule = "PathPrefix(`/`)"
                service = "llm"

                [services.llm.ai]
                models = [{ name = "fast", provider = "p", model = "real-model" }, { name = "raw/*", provider = "p" }, { name = "up/*", provider = "p", model = "*:cloud" }]
                {{service}}

                [ai.providers.p]
                kind = "{{kind}}"
                base_url = "http://127.0.0.1:{{port}}{{(kind.StartsWith("openai", StringComparison.Ordinal) ? "/v1" : "")}}"
                api_key = "{{ProviderKey}}"
                {{provider}}

                {{more}}
                """,
        };

    public static string Post(string path, string body, string fields = "") =>
        $"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{fields}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n"
            + Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(body));

    public static Task<RawResponse> PostAsync(ProxyProcess proxy, string path, string body, string fields = "") =>
        RawClient.OnceAsync(proxy.Port, Post(path, body, fields), "POST");

    public static JsonNode Json(RawResponse response) => JsonNode.Parse(response.Body)!;

    /// <summary>The data of a stream's events.</summary>
    public static List<string> Events(RawResponse response) =>
    [
        .. Encoding.UTF8.GetString(response.Body).Split('\n')
            .Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line[6..]),
    ];
}
