using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>Model() in rules: the body decides which router takes a call, and nobody sees it before they may.</summary>
public sealed class AiModelRuleTests
{
    private const string Chat = "/v1/chat/completions";

    [Fact]
    public async Task Call_IsTakenByTheRouterOfItsModel()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));
        var statuses = new List<int>();
        foreach (string model in new[] { "gpt-4o", "gpt-4o-mini", "llama3", "gpt-5" })
        {
            string body = $"{{\"messages\":[{{\"model\":\"no\"}}],\"model\":\"{model}\"}}";
            RawResponse answer = await AiProxy.PostAsync(proxy, Chat, body);
            statuses.Add(answer.Status);
        }

        Assert.Equal([200, 200, 200, 200], statuses);
        Assert.Equal(["gpt-4o", "llama3"], ModelsOf(second)); // by its name, and as the one that takes all
        Assert.Equal(["gpt-4o-mini", "gpt-5"], ModelsOf(first));
        Assert.All(first.Requests, request =>
            Assert.StartsWith("{\"messages\":[{\"model\":\"no\"}],", Encoding.UTF8.GetString(request.Body), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\"model\":\"\\u0067pt-9\"}", "first")] // names are compared, not spellings
    [InlineData("{ \"x\" : {\"model\":\"llama3\"}, \"model\" : \"gpt-9\" }", "first")]
    public async Task Body_SpelledOtherwise_MeansTheSame(string body, string expected)
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, body);

        Assert.Equal(200, answer.Status);
        Assert.Equal(expected, first.Requests.Count == 1 && second.Requests.Count == 0 ? "first" : "second");
    }

    // Nobody who reads such a body otherwise gets it: it goes to the first router in question, which refuses it.
    [Theory]
    [InlineData("{\"model\":\"gpt-9\",\"model\":\"llama3\"}", 400, "twice")]
    [InlineData("{\"model\":\"gpt-9\"", 400, "JSON")]
    [InlineData("{\"model\":7}", 400, "model")]
    [InlineData("{\"x\":\"gpt-9\"}", 400, "model")]
    [InlineData("[{\"model\":\"gpt-9\"}]", 400, "object")]
    [InlineData("", 400, "JSON")]
    public async Task Body_WithoutOneModel_IsRefusedInItsDialect(string body, int status, string word)
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, body);

        Assert.Equal(status, answer.Status);
        Assert.Contains(word, AiProxy.Json(answer)["error"]!["message"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (first.Requests.Count, second.Requests.Count));
    }

    [Theory]
    [InlineData("/v1/messages", "not_found_error")]
    [InlineData("/v1/chat/completions", "model_not_found")]
    public async Task Model_OfNoRouter_Is404InTheCallersDialect(string path, string code)
    {
        await using ModelServer first = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(first.Port, first.Port, rest: "PathPrefix(`/v1`) && Model(`llama*`)"));

        RawResponse answer = await AiProxy.PostAsync(proxy, path, "{\"model\":\"o1\",\"max_tokens\":1,\"messages\":[]}");
        RawResponse list = await RawClient.OnceAsync(proxy.Port, "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(404, answer.Status);
        Assert.Contains(code, answer.BodyText, StringComparison.Ordinal);
        Assert.Equal(404, list.Status); // it names no model, and every router asks for one
        Assert.Empty(first.Requests);
    }

    [Fact]
    public async Task Request_ThatNamesNoModel_IsForTheRouterThatDoesNotAsk()
    {
        await using ModelServer first = ModelServer.Start();
        await using RawServer other = RawServer.Ok();
        ProxyConfig config = Config(first.Port, first.Port, restService: "app");
        config.More += $"\n[services.app]\n{ProxyConfig.ServerList(other.Port)}\n";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse list = await RawClient.OnceAsync(proxy.Port, "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse upload = await AiProxy.PostAsync(proxy, "/v1/files", "{\"model\":\"gpt-9\"}");
        RawResponse call = await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"llama3\"}", "X-Mine: 1\r\n");

        Assert.Equal((200, 200, 200), (list.Status, upload.Status, call.Status));
        Assert.Equal(["GET", "POST", "POST"], other.WholeRequests.Select(request => request.Method));
        Assert.Equal("{\"model\":\"llama3\"}", Encoding.UTF8.GetString(other.WholeRequests[^1].Body));
        Assert.Equal("1", other.WholeRequests[^1].Head.One("X-Mine"));
        Assert.Empty(first.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_InPieces_IsReadToItsEnd(bool isChunked)
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));
        string body = $"{{\"x\":\"{new string('x', 200_000)}\",\"model\":\"gpt-9\"}}";
        string framed = isChunked ? $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n" : body;
        string field = isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}";
        using RawClient client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync($"POST {Chat} HTTP/1.1\r\nHost: a\r\n{field}\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await client.ReadHeadAsync()).Status);
        await client.SendAsync(framed[..70_000]);
        await client.SendAsync(framed[70_000..]);

        RawResponse answer = await client.ReadResponseAsync();

        // The connection goes on behind it.
        await client.SendAsync(AiProxy.Post(Chat, "{\"model\":\"llama3\"}"));
        RawResponse again = await client.ReadResponseAsync();
        Assert.Equal((200, 200), (answer.Status, again.Status));
        Assert.Equal(body, Encoding.UTF8.GetString(first.Last.Body));
        Assert.Equal(["llama3"], ModelsOf(second));
    }

    // Whoever may not call is sent away before the body is read; a router's own steps come after it.
    [Fact]
    public async Task Steps_ThatAllShare_ComeBeforeTheBodyAndOthersAfterIt()
    {
        await using ModelServer first = ModelServer.Start();
        ProxyConfig config = Config(first.Port, first.Port, steps: "middlewares = [\"keys\", \"limit\"]",
            restSteps: "middlewares = [\"keys\"]");
        config.More += """

            [middlewares.keys.basic_auth]
            users = ["alice:$2y$08$HqWuK6/Ng6sg9gQzbLrgbOC/hxBmwQTMccqkpzM3h0HTZ.Y1Ang6."]
            [middlewares.limit.body_limit]
            max = "1KiB"
            """;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await RawClient.ConnectAsync(proxy.Port);

        await client.SendAsync($"POST {Chat} HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n{{");
        RawResponse refused = await client.ReadResponseAsync();

        Assert.Equal(401, refused.Status); // 4,999 bytes are still to come
        Assert.Empty(first.Requests);
        const string Alice = "Authorization: Basic YWxpY2U6YWxsbWluZQ==\r\n";
        string longer = $"{{\"x\":\"{new string('x', 2_000)}\",\"model\":\"?\"}}";
        RawResponse limited = await AiProxy.PostAsync(
            proxy, Chat, longer.Replace("?", "gpt-9", StringComparison.Ordinal), Alice);
        RawResponse unlimited = await AiProxy.PostAsync(
            proxy, Chat, longer.Replace("?", "llama3", StringComparison.Ordinal), Alice);
        Assert.Equal((413, 200), (limited.Status, unlimited.Status));
    }

    [Fact]
    public async Task Record_IsOfTheRouterThatTookTheCall()
    {
        using var chain = new AuditChain();
        await using ModelServer first = ModelServer.Start();
        ProxyConfig config = Config(first.Port, first.Port);
        config.More += $"\n[audit]\ndirectory = \"{chain.Folder}\"\n";
        string[] bodies = ["{\"model\":\"gpt-4o\"}", "{\"model\":\"gpt-9\"}", "{\"model\":\"llama3\"}"];
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            foreach (string body in bodies)
            {
                Assert.Equal(200, (await AiProxy.PostAsync(proxy, Chat, body)).Status);
            }

            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        List<JsonObject> records = chain.Verified("exchange");
        Assert.Equal(["exact", "many", "rest"], records.Select(record => (string)record["router"]!));
        Assert.Equal(
            bodies.Select(body => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)))),
            records.Select(record => (string)record["request_sha256"]!));
    }

    // A halt of a router is of the calls it takes, not of those it might have taken.
    [Fact]
    public async Task Halt_OfOneRouter_LeavesTheOthers()
    {
        await using ModelServer first = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, first.Port));
        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/halt?router=exact", "POST")).Status);

        RawResponse halted = await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"gpt-4o\"}");
        RawResponse other = await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"gpt-9\"}");

        Assert.Equal((503, 200), (halted.Status, other.Status));
    }

    [Fact]
    public async Task Body_TooLong_Is413InTheDialect()
    {
        await using ModelServer first = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(first.Port, first.Port, service: "body_bytes_max = \"1KiB\""));
        string body = $"{{\"x\":\"{new string('x', 2_000)}\",\"model\":\"gpt-9\"}}";

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, body);

        Assert.Equal(413, answer.Status);
        Assert.Equal("request_too_large", AiProxy.Json(answer)["error"]!["code"]!.ToString());
    }

    // Several calls on one HTTP/2 connection at once: each goes by its own body.
    [Fact]
    public async Task Call_OverHttp2_IsTakenByTheRouterOfItsModel()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        ProxyConfig config = Config(first.Port, second.Port);
        config.EntryPoint = "h2c = true";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using HttpClient client = Http2Tests.Client();
        string[] models = ["gpt-4o", "gpt-9", "llama3", "gpt-4o", "gpt-8", "llama4"];
        string rest = new('x', 100_000);

        HttpResponseMessage[] answers = await Task.WhenAll(models.Select(model => client.PostAsync(
            new Uri($"http://127.0.0.1:{proxy.Port}{Chat}"),
            new StringContent($"{{\"x\":\"{rest}\",\"model\":\"{model}\"}}"),
            TestContext.Current.CancellationToken)));
        using HttpResponseMessage refused = await client.PostAsync(
            new Uri($"http://127.0.0.1:{proxy.Port}{Chat}"),
            new StringContent("{\"model\":\"a\",\"model\":\"b\"}"),
            TestContext.Current.CancellationToken);

        foreach (HttpResponseMessage answer in answers)
        {
            Assert.Equal((200, HttpVersion.Version20), ((int)answer.StatusCode, answer.Version));
            answer.Dispose();
        }

        Assert.Equal(400, (int)refused.StatusCode);
        Assert.Equal(["gpt-4o", "gpt-4o", "llama3", "llama4"], ModelsOf(second).Order());
        Assert.Equal(["gpt-8", "gpt-9"], ModelsOf(first).Order());
    }

    // The router that does not ask may lead to several services: each gets the body that was read, as it came.
    [Theory]
    [InlineData("weighted", "services = [{ name = \"one\", weight = 1 }, { name = \"two\", weight = 1 }]", false)]
    [InlineData("failover", "service = \"one\"\nfallback = \"two\"\nstatuses = [\"502\"]", false)]
    [InlineData("mirror", "service = \"two\"\nmirrors = [{ name = \"one\", percent = 100 }]", true)]
    public async Task Call_OfARouterThatDoesNotAsk_GoesToComposedServices(string kind, string members, bool isBoth)
    {
        await using ModelServer first = ModelServer.Start();
        await using RawServer one = RawServer.Ok("one");
        if (kind == "failover")
        {
            one.StopAccepting();
        }

        await using RawServer two = RawServer.Ok("two");
        ProxyConfig config = Config(first.Port, first.Port, restService: "app");
        config.More += $"""

            [services.app.{kind}]
            {members}
            [services.one]
            {ProxyConfig.ServerList(one.Port)}
            [services.two]
            {ProxyConfig.ServerList(two.Port)}
            """;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string body = $"{{\"x\":\"{new string('x', 20_000)}\",\"model\":\"llama3\"}}";

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, body);
        RawResponse call = await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"gpt-9\"}");

        Assert.Equal((200, 200), (answer.Status, call.Status));
        Assert.Equal(["gpt-9"], ModelsOf(first));
        if (isBoth)
        {
            await one.WaitForWholeAsync(1);
        }

        RawRequest[] got = [.. one.WholeRequests, .. two.WholeRequests];
        Assert.Equal(isBoth ? 2 : 1, got.Length);
        Assert.All(got, request => Assert.Equal(body, Encoding.UTF8.GetString(request.Body)));
        Assert.Equal(kind == "weighted" ? answer.BodyText : "two", answer.BodyText);
    }

    // What a path may have encoded is the router's that takes the call, not the one's that was asked first.
    [Theory]
    [InlineData("gpt-9", true, 200)]
    [InlineData("llama3", true, 400)]
    [InlineData("gpt-9", false, 400)]
    [InlineData("llama3", false, 200)]
    public async Task Path_WithWhatOnlyOneRouterAllows_IsThatRoutersAlone(string model, bool isFirst, int status)
    {
        const string Allows = "allow_encoded = [\"slash\"]";
        await using ModelServer first = ModelServer.Start();
        await using RawServer other = RawServer.Ok();
        ProxyConfig config = Config(first.Port, first.Port, restService: "app",
            steps: isFirst ? Allows : "", restSteps: isFirst ? "" : Allows);
        config.More += $"\n[services.app]\n{ProxyConfig.ServerList(other.Port)}\n";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse answer = await AiProxy.PostAsync(
            proxy, "/v1/a%2Fb/v1/chat/completions", $"{{\"model\":\"{model}\"}}");

        // The service of models has no such path.
        Assert.Equal(model == "gpt-9" && status == 200 ? 404 : status, answer.Status);
        Assert.Equal(model == "llama3" && status == 200 ? 1 : 0, other.WholeRequests.Count);
    }

    // Whose payloads find no room is refused; the call of a router that keeps none is not, whoever might have taken it.
    [Fact]
    public async Task Payloads_WithoutRoom_RefuseTheCallsOfTheRouterThatKeepsThem()
    {
        using var chain = new AuditChain();
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        first.Temper = ModelTemper.Slow;
        ProxyConfig config = Config(first.Port, second.Port, steps: "audit_payloads = \"redacted\"");
        config.More += $"""

            [audit]
            directory = "{chain.Folder}"
            [audit.payloads]
            on_full = "block"
            body_bytes = "1MiB"
            memory_bytes = "256KiB"
            """;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        // It takes all that payloads may have, and is under way.
        Task<RawResponse> large = AiProxy.PostAsync(
            proxy, Chat, $"{{\"model\":\"gpt-9\",\"messages\":[{{\"content\":\"{new string('x', 250_000)}\"}}]}}");
        await first.Server.WaitForRequestsAsync(1);

        Assert.Equal(503, (await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"gpt-9\"}")).Status);
        Assert.Equal(503, (await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"gpt-4o\"}")).Status);
        Assert.Equal(200, (await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"llama3\"}")).Status);
        first.Gate.Open();
        Assert.Equal(200, (await large).Status);
        await Eventually.TrueAsync(
            async () => (await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"gpt-9\"}")).Status == 200,
            "the payloads to be on the disk");
    }

    private static IEnumerable<string> ModelsOf(ModelServer server) =>
        server.Requests.Select(request => ModelServer.BodyOf(request)["model"]!.ToString());

    private static ProxyConfig Config(
        int first, int second, string rest = "PathPrefix(`/v1`)", string steps = "", string restSteps = "",
        string restService = "other", string service = "") => new()
        {
            IsBare = true,
            More = $$"""
                [routers.many]
                rule = "PathPrefix(`/v1`) && Model(`gpt-*`)"
                service = "cloud"
                {{steps}}

                [routers.exact]
                rule = "PathPrefix(`/v1`) && Model(`gpt-4o`)"
                service = "other"
                {{steps}}

                [routers.rest]
                rule = "{{rest}}"
                service = "{{restService}}"
                {{restSteps}}

                [services.cloud.ai]
                models = [{ name = "*", provider = "a" }]
                {{service}}

                [services.other.ai]
                models = [{ name = "*", provider = "b" }]
                {{service}}

                [ai.providers.a]
                kind = "ollama"
                base_url = "http://127.0.0.1:{{first}}"

                [ai.providers.b]
                kind = "ollama"
                base_url = "http://127.0.0.1:{{second}}"
                """,
        };
}
