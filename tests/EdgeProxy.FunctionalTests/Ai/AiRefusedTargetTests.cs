using System;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What a target's refusal says decides who is asked next, and which refusal the caller gets.</summary>
public sealed class AiRefusedTargetTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Body = "{\"model\":\"best\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    // Of the second call: whether the first target is left alone.
    [Theory]
    [InlineData("400 Bad Request", """{"error":{"message":"x","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", false)]
    [InlineData("400 Bad Request", """{"error":{"code":400,"message":"x","type":"exceed_context_size_error"}}""", false)]
    [InlineData("400 Bad Request", """{"object":"error","message":"This model's maximum context length is 8 tokens.","code":400}""", false)]
    [InlineData("400 Bad Request", """{"error":{"message":"x","code":"model_not_found"}}""", false)]
    [InlineData("413 Content Too Large", "{}", false)]
    [InlineData("400 Bad Request", """{"type":"error","error":{"type":"overloaded_error","message":"x"}}""", true)]
    [InlineData("429 Too Many Requests", """{"error":{"message":"x","code":"insufficient_quota"}}""", true)]
    [InlineData("402 Payment Required", "", true)]
    public async Task Refusal_ThatOthersMayNotShare_GoesToTheNextTarget(string status, string body, bool isLeftAlone)
    {
        await using ModelServer first = Refusing(status, body);
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);
        RawResponse again = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((200, 200), (answer.Status, again.Status));
        Assert.Equal((isLeftAlone ? 1 : 2, 2), (first.Requests.Count, second.Requests.Count));
        Assert.Equal(1, first.Server.ConnectionCount); // it is used again
    }

    [Theory]
    [InlineData("400 Bad Request", """{"error":{"message":"bad tool","type":"invalid_request_error","code":null}}""")]
    [InlineData("422 Unprocessable Content", """{"detail":"context_length_exceeded"}""")] // no code, and anybody's words
    [InlineData("400 Bad Request", "not JSON")]
    public async Task Refusal_OfTheRequest_IsPassedOnAsItCame(string status, string body)
    {
        await using ModelServer first = Refusing(status, body);
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((status[..3], body), ($"{answer.Status}", answer.BodyText));
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task Refusal_LongerThanIsLookedAt_IsPassedOnWhole()
    {
        string body = $"{{\"error\":{{\"message\":\"{new string('x', 100_000)}\"}}}}";
        await using ModelServer first = Refusing("400 Bad Request", body);
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((400, body), (answer.Status, answer.BodyText));
    }

    [Fact]
    public async Task Refusal_ByStatusWithALongPage_GoesToTheNextTarget()
    {
        await using ModelServer first = Refusing("502 Bad Gateway", new string('x', 200_000));
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        Assert.Equal(200, (await AiProxy.PostAsync(proxy, Chat, Body)).Status);
        Assert.Equal((1, 1), (first.Requests.Count, second.Requests.Count));
    }

    // The first refusal stands, unless it was about the proxy's own standing and another's was not.
    [Theory]
    [InlineData("503 Service Unavailable", "401 Unauthorized", 503, "first")]
    [InlineData("429 Too Many Requests", "400 Bad Request", 429, "first")]
    [InlineData("404 Not Found", "429 Too Many Requests", 429, "second")]
    [InlineData("401 Unauthorized", "404 Not Found", 401, "first")]
    [InlineData("401 Unauthorized", "400 Bad Request", 400, "second")]
    public async Task Targets_AllRefuse_TheFirstThatTellsTheCallerSomethingStands(
        string one, string two, int status, string whose)
    {
        await using ModelServer first = Refusing(one, "{\"error\":{\"message\":\"first\"}}", "Retry-After: 7\r\n");
        await using ModelServer second = Refusing(two, "{\"error\":{\"message\":\"second\"}}");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal(status, answer.Status);
        Assert.Equal($"{{\"error\":{{\"message\":\"{whose}\"}}}}", answer.BodyText);
        Assert.Equal(whose == "first" ? "7" : null, answer.Header("Retry-After"));
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal((1, 1), (first.Requests.Count, second.Requests.Count));
    }

    [Fact]
    public async Task Target_AfterARefusalIsNotThere_TheRefusalStands()
    {
        await using ModelServer first = Refusing("429 Too Many Requests", "{\"error\":{\"message\":\"first\"}}");
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));
        second.Server.StopAccepting();

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((429, "{\"error\":{\"message\":\"first\"}}"), (answer.Status, answer.BodyText));
    }

    // The second cannot be asked with that: the first one's failure is the call's, and counts once.
    [Fact]
    public async Task Target_ThatCannotBeAskedAfterAFailure_IsNone()
    {
        using var chain = new AuditChain();
        await using ModelServer first = Refusing("503 Service Unavailable", "{\"error\":{\"message\":\"first\"}}");
        await using ModelServer second = ModelServer.Start();
        ProxyConfig config = Config(first.Port, second.Port);
        config.More = config.More.Replace(
            "[ai.providers.b]\nkind = \"openai\"", "[ai.providers.b]\nkind = \"anthropic\"", StringComparison.Ordinal)
            + "\n" + chain.Table();
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            RawResponse answer = await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"best\"}"); // no messages

            Assert.Equal((503, "{\"error\":{\"message\":\"first\"}}"), (answer.Status, answer.BodyText));
            foreach (string metric in (string[])["edgeproxy_ai_calls_total", "edgeproxy_ai_calls_failed_total",
                "gen_ai_client_operation_duration_seconds_count"])
            {
                await proxy.ExpectMetricAsync(1, metric, "gen_ai_provider_name=\"a\"");
            }

            Assert.Equal((1, 0), (first.Requests.Count, second.Requests.Count));
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        JsonObject facts = chain.Verified("exchange").Single()["facts"]!.AsObject();
        Assert.Equal("failed", (string)facts["edgeproxy.ai.outcome"]!);
        Assert.False(facts.ContainsKey("edgeproxy.ai.refusal"));
    }

    // Of the two the one in milliseconds counts, wherever it stands.
    [Theory]
    [InlineData("Retry-After: 0\r\nretry-after-ms: 300000\r\n", 1)]
    [InlineData("Retry-After-Ms: 300000\r\nRetry-After: 0\r\n", 1)]
    [InlineData("Retry-After: 300\r\nretry-after-ms: 0\r\n", 2)]
    [InlineData("retry-after-ms: 0\r\nRetry-After: 300\r\n", 2)]
    public async Task Refusal_SaysForHowLong(string fields, int ofFirst)
    {
        await using ModelServer first = Refusing("429 Too Many Requests", "{}", fields);
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);
        RawResponse again = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((200, 200), (answer.Status, again.Status));
        Assert.Equal((ofFirst, 2), (first.Requests.Count, second.Requests.Count));
    }

    // A body that does not go on says nothing more: its status decides, and stands if nobody does better.
    [Theory]
    [InlineData("500 Internal Server Error", "200 OK", 200)]
    [InlineData("400 Bad Request", "200 OK", 200)]
    [InlineData("429 Too Many Requests", "401 Unauthorized", 429)]
    public async Task Refusal_ThatHangsInItsBody_IsGivenUp(string one, string two, int status)
    {
        var never = new Gate();
        await using RawServer first = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(
                $"HTTP/1.1 {one}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{{\"error\":");
            await Task.WhenAny(never.PassAsync("the error to go on"), connection.Wire.ReadableAsync());
        });
        await using ModelServer second = two == "200 OK" ? ModelServer.Start() : Refusing(two, "{}");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((status, true), (answer.Status, answer.IsWhole));
        Assert.Equal((1, 1), (first.WholeRequests.Count, second.Requests.Count));
        never.Open();
    }

    // One in another dialect is told in the caller's.
    [Fact]
    public async Task Refusal_OfAnotherDialect_IsKeptInTheCallers()
    {
        const string Overloaded = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Caf\\u00e9 \\\"full\\\"\"}}";
        await using ModelServer first = Refusing("529 Overloaded", Overloaded);
        await using ModelServer second = Refusing("401 Unauthorized", "{\"error\":{\"message\":\"second\"}}");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(first.Port, second.Port, kind: "anthropic"));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal(503, answer.Status);
        Assert.Equal("Caf\u00e9 \"full\"", AiProxy.Json(answer)["error"]!["message"]!.ToString());
        Assert.Equal("server_error", AiProxy.Json(answer)["error"]!["type"]!.ToString());
    }

    // The room it is known to have is not enough: another with as much is not asked before one with more.
    [Fact]
    public async Task Refusal_ForRoom_GoesToATargetWithMore()
    {
        const string Full = "{\"error\":{\"message\":\"x\",\"code\":\"context_length_exceeded\"}}";
        await using ModelServer first = Refusing("400 Bad Request", Full);
        await using ModelServer second = Refusing("400 Bad Request", Full);
        await using ModelServer third = ModelServer.Start();
        ProxyConfig config = Config(first.Port, second.Port, model: ", context_tokens_max = 1000",
            other: ", context_tokens_max = 1000");
        config.More = config.More.Replace("models = [",
            "models = [{ name = \"best\", provider = \"c\", priority = 2, context_tokens_max = 9000 },",
            StringComparison.Ordinal) + $"""

            [ai.providers.c]
            kind = "openai"
            base_url = "http://127.0.0.1:{third.Port}/v1"
            """;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal(200, answer.Status);
        Assert.Equal((1, 0, 1), (first.Requests.Count, second.Requests.Count, third.Requests.Count));
    }

    // What the answer may have counts, whether the service caps it or not.
    [Theory]
    [InlineData("\"max_tokens\":50", 1, 0)]
    [InlineData("\"max_tokens\":500", 0, 1)]
    [InlineData("\"max_completion_tokens\":500", 0, 1)]
    public async Task Room_IsForPromptAndAnswer(string most, int ofFirst, int ofSecond)
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(first.Port, second.Port, model: ", context_tokens_max = 200"));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, $"{{\"model\":\"best\",{most}}}");

        Assert.Equal(200, answer.Status);
        Assert.Equal((ofFirst, ofSecond), (first.Requests.Count, second.Requests.Count));
    }

    // An error within a stream, before its first word.
    [Theory]
    [InlineData("context_length_exceeded", 2)]
    [InlineData("other", 1)]
    public async Task Stream_RefusedWithin_IsLeftAloneOnlyForWhatIsNotTheRequests(string code, int ofFirst)
    {
        string data = $"data: {{\"error\":{{\"message\":\"x\",\"code\":\"{code}\"}}}}\n\n";
        await using RawServer first = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    + $"Transfer-Encoding: chunked\r\n\r\n{data.Length:x}\r\n{data}\r\n0\r\n\r\n");
            }
        });
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));
        for (int i = 0; i < 2; i++)
        {
            RawResponse answer = await AiProxy.PostAsync(
                proxy, Chat, Body.Replace("{\"model\"", "{\"stream\":true,\"model\"", StringComparison.Ordinal));

            Assert.Equal(200, answer.Status);
            Assert.DoesNotContain("error", answer.BodyText, StringComparison.Ordinal);
        }

        Assert.Equal((ofFirst, 2), (first.WholeRequests.Count, second.Requests.Count));
    }

    // One that may lose nothing is for the calls it can take as they are.
    [Fact]
    public async Task Target_ThatMayLoseNothing_LeavesOthersWhatItCannotSay()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(first.Port, second.Port, kind: "anthropic", model: ", on_unsupported = \"reject\""));
        string lossy = Body.Replace("{\"model\"", "{\"logit_bias\":{\"1\":1},\"model\"", StringComparison.Ordinal);

        RawResponse plain = await AiProxy.PostAsync(proxy, Chat, Body);
        RawResponse other = await AiProxy.PostAsync(proxy, Chat, lossy);

        Assert.Equal((200, 200), (plain.Status, other.Status));
        Assert.Equal((1, 1), (first.Requests.Count, second.Requests.Count));
        Assert.Equal(lossy.Replace("best", "model-2", StringComparison.Ordinal), Encoding.UTF8.GetString(second.Last.Body));
        Assert.Equal("Bearer key-2", second.Last.Head.One("Authorization"));
        Assert.DoesNotContain("x-api-key", second.Last.Head.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Null(other.Header("X-EdgeProxy-Left-Out"));
    }

    // What a guard withholds of an answer that is given up is not held against the next target's.
    [Theory]
    [InlineData("")]
    [InlineData("\"stream\":true,")]
    public async Task Refusal_ThatAGuardCannotLookInto_IsGivenUpAllTheSame(string stream)
    {
        await using ModelServer first = Refusing(
            "503 Service Unavailable", "<html>down</html>", "Content-Type: text/html\r\n");
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Guarded(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(
            proxy, Chat, Body.Replace("{\"model\"", $"{{{stream}\"model\"", StringComparison.Ordinal));

        Assert.Equal((200, true), (answer.Status, answer.IsWhole));
        Assert.Equal((1, 1), (first.Requests.Count, second.Requests.Count));
    }

    [Fact]
    public async Task Refusal_ThatStands_SaysNothingThatNoGuardHasSeen()
    {
        await using ModelServer first = Refusing(
            "429 Too Many Requests", "{\"error\":{\"message\":\"ask ann@example.com\",\"code\":\"rate_limit\"}}");
        await using ModelServer second = Refusing("401 Unauthorized", "{\"error\":{\"message\":\"no\"}}");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Guarded(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal(429, answer.Status);
        Assert.Contains("\"error\"", answer.BodyText, StringComparison.Ordinal);
        Assert.DoesNotContain("ann@", answer.BodyText, StringComparison.Ordinal);
        Assert.Single(second.Requests);
    }

    private static ProxyConfig Guarded(int first, int second)
    {
        ProxyConfig config = Config(first, second);
        config.More = config.More.Replace(
            "service = \"llm\"\n", "service = \"llm\"\nmiddlewares = [\"guard\"]\n", StringComparison.Ordinal)
            + "\n[middlewares.guard.ai_guard]\nanswer = [{ detect = \"email\", action = \"mask\" }]\n";
        return config;
    }

    private static ModelServer Refusing(string status, string body, string fields = "")
    {
        ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.Refusing;
        server.Refusal = (status, body, fields);
        return server;
    }

    private static ProxyConfig Config(
        int first, int second, string kind = "openai", string model = "", string other = "") => new()
        {
            IsBare = true,
            More = $$"""
                [routers.llm]
                rule = "PathPrefix(`/`)"
                service = "llm"

                [services.llm.ai]
                models = [
                  { name = "best", provider = "b", model = "model-2", priority = 1{{other}} },
                  { name = "best", provider = "a", model = "model-1"{{model}} },
                ]

                [ai.providers.a]
                kind = "{{kind}}"
                base_url = "http://127.0.0.1:{{first}}{{(kind == "openai" ? "/v1" : "")}}"
                api_key = "key-1"

                [ai.providers.b]
                kind = "openai"
                base_url = "http://127.0.0.1:{{second}}/v1"
                api_key = "key-2"
                """,
        };
}
