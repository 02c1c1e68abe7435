using System;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What models may call tools with, and what requests may say that they did.</summary>
public sealed class AiToolCallTests
{
    private const string Chat = "/v1/chat/completions";
    private const string ChatBody = "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
        + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"parameters\":{\"type\":\"object\"}}}]}";
    private const string MessagesBody = "{\"model\":\"fast\",\"max_tokens\":5,\"tools\":[{\"name\":\"weather\"}]}";
    private const string Denied = "tools = [{ tool = \"weather\", action = \"block\", path = \"city\", arguments = \"^Zagreb$\" }]";
    private const string Allowed = "tools = [{ tool = \"weather\", action = \"allow\", path = \"city\", arguments = \"^Z\" }, "
        + "{ tool = \"*\", action = \"block\", name = \"rest\" }]";

    [Theory]
    [InlineData("openai", Chat, ChatBody, false)]
    [InlineData("openai", Chat, ChatBody, true)]
    [InlineData("anthropic", "/v1/messages", MessagesBody, false)]
    [InlineData("anthropic", "/v1/messages", MessagesBody, true)]
    [InlineData("anthropic", Chat, ChatBody, false)] // translated
    [InlineData("anthropic", Chat, ChatBody, true)]
    public async Task Call_ThatIsDenied_NeverReachesTheClient(string kind, string path, string body, bool isStream)
    {
        using var chain = new AuditChain();
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.OneByte;
        RawResponse answer;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(Config(server, kind, Denied, chain.Table())))
        {
            answer = await AiProxy.PostAsync(proxy, path, Streamed(body, isStream));
            Assert.Equal(isStream ? 200 : 403, answer.Status);
            await proxy.ExpectMetricAsync(1, "edgeproxy_ai_guard_findings_total",
                "guard=\"guard\",side=\"answer\",rule=\"tool\",action=\"block\",report_only=\"false\"");
            Assert.Contains("\"guard\":\"answer=tool:block:1\"", await proxy.WaitForLineAsync($"\"path\":\"{path}\""));
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        string text = Encoding.UTF8.GetString(answer.Body);
        Assert.DoesNotContain("Zagreb", text, StringComparison.Ordinal);
        Assert.DoesNotContain("weather", text, StringComparison.Ordinal);
        Assert.Contains(!isStream ? "guard of this gateway: tool"
            : path == Chat ? "\"finish_reason\":\"content_filter\""
            : "\"stop_reason\":\"refusal\"", text, StringComparison.Ordinal);
        if (isStream)
        {
            Assert.EndsWith(path == Chat ? "data: [DONE]\n\n" : "data: {\"type\":\"message_stop\"}\n\n", text, StringComparison.Ordinal);
        }

        JsonNode facts = Assert.Single(chain.Verified("exchange"))["facts"]!;
        Assert.Equal("tool:block:1", (string)facts["edgeproxy.ai.guard.answer"]!);
        Assert.Equal("weather", (string)facts["gen_ai.tool.names"]!);
        Assert.Equal("withheld", (string)facts["edgeproxy.ai.outcome"]!);
    }

    // To the byte, as if there were no guard.
    [Theory]
    [InlineData("openai", Chat, ChatBody, false)]
    [InlineData("openai", Chat, ChatBody, true)]
    [InlineData("anthropic", "/v1/messages", MessagesBody, false)]
    [InlineData("anthropic", "/v1/messages", MessagesBody, true)]
    public async Task Call_ThatIsAllowed_IsAsItCame(string kind, string path, string body, bool isStream)
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.OneByte;
        await using ProxyProcess guarded = await ProxyProcess.StartAsync(Config(server, kind, Allowed));
        await using ProxyProcess plain = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));

        RawResponse answer = await AiProxy.PostAsync(guarded, path, Streamed(body, isStream));

        Assert.Equal(200, answer.Status);
        Assert.Contains("Zagreb", Encoding.UTF8.GetString(answer.Body), StringComparison.Ordinal);
        Assert.Equal((await AiProxy.PostAsync(plain, path, Streamed(body, isStream))).Body, answer.Body);
    }

    [Theory]
    [InlineData(Denied, 403)]
    [InlineData("tools = [{ tool = \"weather\", action = \"block\", arguments = \"Zagreb\", report_only = true }]", 200)]
    public async Task History_IsJudgedBeforeTheModelIsAsked(string tools, int status)
    {
        const string Body = "{\"model\":\"fast\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
            + "\"function\":{\"name\":\"weather\",\"arguments\":\"{\\\"city\\\":\\\"Z\\\\u0061greb\\\"}\"}}]}]}";
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(server, "openai", tools));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 200 ? 1 : 0, server.Requests.Count);
        Assert.Contains(
            $"\"guard\":\"prompt=tool:block{(status == 200 ? "?" : "")}:1\"",
            await proxy.WaitForLineAsync("\"path\":\"/v1/chat/completions\""));
    }

    private static string Streamed(string body, bool isStream) =>
        isStream ? body.Replace("\"fast\"", "\"fast\",\"stream\":true", StringComparison.Ordinal) : body;

    private static ProxyConfig Config(ModelServer server, string kind, string tools, string more = "") =>
        AiProxy.Config(server, kind, more: $$"""
            [routers.guarded]
            rule = "PathPrefix(`/`)"
            priority = 1000
            middlewares = ["guard"]
            service = "llm"
            [middlewares.guard.ai_guard]
            prompt = []
            {{tools}}
            [access_log]
            output = "stderr"
            {{more}}
            """);
}
