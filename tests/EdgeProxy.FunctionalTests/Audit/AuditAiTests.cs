using System;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Ai;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>
/// Calls of models are always recorded: who asked which model, what it came to, and the digest of both bodies.
/// </summary>
public sealed class AuditAiTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}]";

    [Theory]
    [InlineData("openai", Chat, "{\"model\":\"fast\"," + Tools + "}")]
    [InlineData("openai", Chat, "{\"model\":\"fast\",\"stream\":true," + Tools + "}")]
    [InlineData("anthropic", "/v1/messages", "{\"model\":\"fast\",\"max_tokens\":5,\"tools\":[{\"name\":\"weather\"}]}")]
    [InlineData("anthropic", "/v1/messages", "{\"model\":\"fast\",\"max_tokens\":5,\"stream\":true,\"tools\":[{\"name\":\"weather\"}]}")]
    public async Task Call_IsRecordedWithModelToolsUsageAndDigests(string kind, string path, string body)
    {
        using var chain = new AuditChain();
        await using ModelServer server = ModelServer.Start();
        RawResponse answer = await CallAsync(chain, server, kind, path, body);

        Assert.Equal(200, answer.Status);
        JsonObject record = Assert.Single(chain.Verified("exchange"));
        JsonNode facts = record["facts"]!;
        Assert.Equal("fast", (string)facts["gen_ai.request.model"]!);
        Assert.Equal("p", (string)facts["gen_ai.provider.name"]!);
        Assert.Equal("real-model", (string)facts["edgeproxy.ai.model_sent"]!);
        Assert.Equal("real-model", (string)facts["gen_ai.response.model"]!);
        Assert.Equal("weather", (string)facts["gen_ai.tool.names"]!);
        Assert.Equal("ok", (string)facts["edgeproxy.ai.outcome"]!);
        Assert.Equal(server.InputTokens, (int)facts["gen_ai.usage.input_tokens"]!);
        Assert.Equal(Hash(Encoding.UTF8.GetBytes(body)), (string)record["request_sha256"]!);
        Assert.Equal(Hash(answer.Body), (string)record["response_sha256"]!);
        Assert.Equal(path, (string)record["path"]!);
    }

    [Fact]
    public async Task Refused_IsRecordedWithoutATarget()
    {
        using var chain = new AuditChain();
        await using ModelServer server = ModelServer.Start();
        RawResponse answer = await CallAsync(chain, server, "openai", Chat, "{\"model\":\"none\"}");

        Assert.Equal(404, answer.Status);
        JsonObject record = Assert.Single(chain.Verified("exchange"));
        Assert.Equal(404, (int)record["status"]!);
        Assert.Equal("none", (string)record["facts"]!["gen_ai.request.model"]!);
        Assert.Equal("refused", (string)record["facts"]!["edgeproxy.ai.outcome"]!);
        Assert.Equal(Hash(answer.Body), (string)record["response_sha256"]!);
    }

    private static async Task<RawResponse> CallAsync(
        AuditChain chain, ModelServer server, string kind, string path, string body)
    {
        ProxyConfig config = AiProxy.Config(server, kind, more: $"[audit]\ndirectory = \"{chain.Folder}\"\n");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        RawResponse answer = await AiProxy.PostAsync(proxy, path, body);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());
        return answer;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
