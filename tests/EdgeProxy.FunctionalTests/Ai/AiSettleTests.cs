using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What a call counts as when its provider does not tell, tells half, or tells what cannot be.</summary>
public sealed class AiSettleTests : IDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const string Tokens = "{ count = \"tokens\", max = 1000, period = \"month\" }";
    private const string Body = "{\"model\":\"fast\",\"max_tokens\":40}";
    private const string Words40 = "ten letter ten letter ten letter ten let";
    private const string Words400 = Words40 + Words40 + Words40 + Words40 + Words40
        + Words40 + Words40 + Words40 + Words40 + Words40;

    private const int Prompt = 8; // a token for four of its bytes
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("edgeproxy-settle-");

    // Nobody can tell what the model wrote to a client that hung up: what was reserved stays, or what came if it is
    // more.
    [Theory]
    [InlineData(Chat, "", Prompt + 40)]
    [InlineData("/v1/messages", "", Prompt + 40)]
    [InlineData(Chat, "x!", Prompt + 40)]
    [InlineData(Chat, Words400 + "\"", Prompt + 100)]
    public async Task ACall_ThatItsClientGivesUp_StaysAsItWasReserved(string path, string answer, int used)
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync(
                    answer.Length == 0 ? "" : "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000"
                        + $"\r\n\r\n{{\"choices\":[{{\"message\":{{\"content\":\"{answer}");
            }
        });
        server.ToleratesFaults = true;
        await using (ProxyProcess proxy = await StartAsync(
            server.Port, path == Chat ? "openai" : "anthropic", Tokens, more: chain.Table()))
        {
            using (RawClient client = await proxy.ConnectAsync())
            {
                await client.SendAsync(Request(path, Body));
                await server.WaitForRequestsAsync(1);
                if (answer.Length > 0)
                {
                    await client.ReadHeadAsync();
                    for (string came = ""; !came.EndsWith(answer, StringComparison.Ordinal);)
                    {
                        came += Encoding.ASCII.GetString(await client.Wire.ReadSomeAsync());
                    }
                }
            }

            await server.WaitForOpenAsync(0); // told at once
            await Eventually.TrueAsync(
                async () => await proxy.MetricAsync("edgeproxy_clients_gone_total") == 1, "the proxy to notice");
            Assert.Equal(used, await proxy.MetricAsync("edgeproxy_plan_used"));
            await EndAsync(proxy);
        }

        JsonNode facts = chain.Verified("exchange").Single()["facts"]!;
        Assert.Equal(
            (1, Prompt, used - Prompt, "cut"),
            ((int)facts["edgeproxy.ai.usage_estimated"]!, (int)facts["gen_ai.usage.input_tokens"]!,
                (int)facts["gen_ai.usage.output_tokens"]!, (string)facts["edgeproxy.ai.outcome"]!));
    }

    // A prompt that takes longer is the caller's to send; a provider that fails is not.
    [Theory]
    [InlineData(true, 504, Prompt + 40)]
    [InlineData(false, 502, 0)]
    public async Task ACall_ThatIsNotAnsweredInTime_StaysAsItWasReserved(bool isSilent, int status, int used)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            if (isSilent)
            {
                await connection.Wire.ReadableAsync(); // until the proxy hangs up
            }
        });
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(
            // Long enough for the request to be sent on a machine that is busy.
            server.Port, "openai", Tokens, provider: isSilent ? "response_timeout = \"5s\"" : "");

        Assert.Equal(status, (await AskAsync(proxy, Chat, Body)).Status);

        await proxy.ExpectMetricAsync(1, "edgeproxy_ai_calls_failed_total");
        Assert.Equal(used, await proxy.MetricAsync("edgeproxy_plan_used"));
        Assert.Equal(used, await proxy.MetricAsync("edgeproxy_ai_estimated_tokens_total"));
    }

    // Its window takes nothing of the proxy's answer, so it is not through when the client leaves.
    [Fact]
    public async Task ACall_ThatFailed_CostsNothing_AlthoughItsClientLeavesThen()
    {
        await using RawServer server = RawServer.Start(static async connection => await connection.ReadRequestAsync());
        server.ToleratesFaults = true;
        ProxyConfig config = PlanConfig.Of(server.Port, "openai", Tokens, _state.FullName);
        config.EntryPoint = "h2c = true";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        client.Write.Frame(FrameType.Settings, 0, 0, 0, 4, 0, 0, 0, 0)
            .Request(1, isEnd: false, "POST", Chat, "content-type: application/json", "x-key: alice-key")
            .Data(1, Body, isEnd: true);
        await client.SendAsync();
        Frame? head = await client.ReadUntilAsync(
            static frame => frame.StreamId == 1 && frame.Type == FrameType.Headers, "the head of the answer");
        Assert.Equal((502, false), (client.Status(1), head!.IsEnd));

        client.Write.Reset(1);
        await client.SendAsync();

        await proxy.ExpectMetricAsync(1, "edgeproxy_clients_gone_total");
        Assert.Equal(0, await proxy.MetricAsync("edgeproxy_plan_used"));
    }

    // One token a piece at least, however few bytes they have.
    [Fact]
    public async Task AStream_ThatItsClientGivesUp_CountsByThePiecesThatCame()
    {
        const int Pieces = 20;
        const string Streamed = "{\"model\":\"fast\",\"stream\":true,\"max_tokens\":40}";
        const int Asked = (46 + 3) / 4;
        Assert.Equal(46, Streamed.Length);
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(StreamHead + Chunks(Pieces));
            await connection.Wire.ReadableAsync(); // until its caller hangs up
        });
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(server.Port, "openai", Tokens);
        using (RawClient client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Request(Chat, Streamed));
            for (string came = ""; !came.Contains($"\"{Pieces - 1:x}\"", StringComparison.Ordinal);)
            {
                came += Encoding.ASCII.GetString(await client.Wire.ReadSomeAsync());
            }
        }

        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_clients_gone_total") == 1, "the proxy to notice");
        Assert.Equal(Asked + Pieces, await proxy.MetricAsync("edgeproxy_plan_used"));
        Assert.Equal(Asked + Pieces, await proxy.MetricAsync("edgeproxy_ai_estimated_tokens_total"));
    }

    // "ab" is a token, what is told counts, and no more than a billion of it.
    [Theory]
    [InlineData("{\"prompt_tokens\":7,\"completion_tokens\":0}", 7 + 1, 1)]
    [InlineData("{\"completion_tokens\":3}", Prompt + 3, Prompt)]
    [InlineData("{\"prompt_tokens\":7,\"completion_tokens\":3}", 7 + 3, 0)]
    [InlineData("{\"prompt_tokens\":-7,\"completion_tokens\":-3}", Prompt + 1, Prompt + 1)]
    [InlineData("{\"prompt_tokens\":1e99,\"completion_tokens\":\"3\"}", Prompt + 1, Prompt + 1)]
    [InlineData("null", Prompt + 1, Prompt + 1)]
    [InlineData("{\"prompt_tokens\":999999999999999999,\"completion_tokens\":999999999999999999}", 2e9, 0)]
    public async Task Usage_ThatIsHalfOrCannotBe_IsNoWayAroundALimit(string usage, double used, int estimated)
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync(
                    $"{{\"choices\":[{{\"message\":{{\"content\":\"ab\"}}}}],\"usage\":{usage}}}",
                    "Content-Type: application/json\r\n");
            }
        });
        await using (ProxyProcess proxy = await StartAsync(server.Port, "openai", Tokens, more: chain.Table()))
        {
            Assert.Equal(200, (await AskAsync(proxy, Chat, Body)).Status);
            Assert.Equal(used, await proxy.MetricAsync("edgeproxy_plan_used"));
            await proxy.ExpectMetricAsync(estimated, "edgeproxy_ai_estimated_tokens_total");
            Assert.Equal(used > 1000 ? 429 : 200, (await AskAsync(proxy, Chat, Body)).Status);
            await EndAsync(proxy);
        }

        JsonObject facts = chain.Verified("exchange")[0]["facts"]!.AsObject();
        Assert.Equal(estimated > 0, facts.ContainsKey("edgeproxy.ai.usage_estimated"));
        Assert.Equal(
            used, (double)facts["gen_ai.usage.input_tokens"]! + (double)facts["gen_ai.usage.output_tokens"]!);
    }

    // The model goes on writing after the answer that says so.
    [Theory]
    [InlineData("{\"status\":\"queued\",\"usage\":null}", 15 + 40)]
    [InlineData("{\"status\":\"completed\",\"usage\":{\"input_tokens\":5,\"output_tokens\":6}}", 5 + 6)]
    public async Task AResponse_InTheBackground_StaysAsItWasReserved(string answer, int used)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync(answer, "Content-Type: application/json\r\n");
            }
        });
        await using ProxyProcess proxy = await StartAsync(server.Port, "openai", Tokens);

        RawResponse said = await AskAsync(
            proxy, "/v1/responses", "{\"model\":\"fast\",\"background\":true,\"max_output_tokens\":40}");

        Assert.Equal(200, said.Status);
        Assert.Equal(used, await proxy.MetricAsync("edgeproxy_plan_used"));
    }

    // What is left of the operator's own account is nobody's business, whatever dialect tells of it.
    [Theory]
    [InlineData("openai", "/v1/messages", "")]
    [InlineData("openai", "/api/chat", "")]
    [InlineData("anthropic", Chat, "")]
    [InlineData("openai", Chat, "headers = false")]
    [InlineData("anthropic", "/v1/messages", "headers = false")]
    public async Task Fields_OfTheProvidersOwnLimits_StayHere(string kind, string path, string plan)
    {
        (string answer, string fields) = kind == "openai"
            ? ("{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"finish_reason\":\"stop\"}]}",
                "x-ratelimit-remaining-tokens: 4711\r\nX-RateLimit-Limit-Requests: 4711\r\n")
            : ("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\"}",
                "anthropic-ratelimit-input-tokens-remaining: 4711\r\nAnthropic-RateLimit-Tokens-Reset: 4711\r\n");
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync(answer, "Content-Type: application/json\r\nX-Told: 1\r\n" + fields);
            }
        });
        await using ProxyProcess proxy = await StartAsync(server.Port, kind, Tokens, plan: plan);

        RawResponse told = await AskAsync(proxy, path,
            "{\"model\":\"fast\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":false}");

        Assert.Equal((200, "1"), (told.Status, told.Header("X-Told")));
        Assert.DoesNotContain("4711", told.Head.Text, StringComparison.Ordinal);
    }

    public void Dispose() => _state.Delete(recursive: true);

    private const string StreamHead =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

    private static string Chunks(int count) => string.Concat(Enumerable.Range(0, count).Select(static i =>
    {
        string data = $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{i:x}\"}}}}]}}\n\n";
        return $"{data.Length:x}\r\n{data}\r\n";
    }));

    private static string Request(string path, string body) => AiProxy.Post(path, body, "X-Key: alice-key\r\n");

    private static Task<RawResponse> AskAsync(ProxyProcess proxy, string path, string body) =>
        RawClient.OnceAsync(proxy.Port, Request(path, body), "POST");

    private static async Task EndAsync(ProxyProcess proxy)
    {
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    private Task<ProxyProcess> StartAsync(
        int port, string kind, string limits, string more = "", string plan = "", string provider = "") =>
        ProxyProcess.StartAsync(PlanConfig.Of(port, kind, limits, _state.FullName, provider, more, plan));
}
