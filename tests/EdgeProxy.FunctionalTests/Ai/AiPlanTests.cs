using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What consumers may use: refused in their dialect, told, recorded, kept.</summary>
public sealed class AiPlanTests : IDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const int SignalKill = 9;
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("edgeproxy-plans-");

    [Theory]
    [InlineData("openai", Chat, "rate_limit_exceeded")]
    [InlineData("openai", "/v1/responses", "rate_limit_exceeded")]
    [InlineData("anthropic", "/v1/messages", "rate_limit_error")]
    [InlineData("ollama", "/api/chat", "2 are used or reserved of the 2 requests per month of plan basic")]
    public async Task Requests_OverThePlan_AreRefusedInTheirDialect(string kind, string path, string said)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await StartAsync(
            server, "{ count = \"requests\", max = 2, period = \"month\" }", kind);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(200, (await AskAsync(proxy, path)).Status);
        }

        RawResponse refused = await AskAsync(proxy, path);

        Assert.Equal(429, refused.Status);
        Assert.Contains(said, refused.BodyText, StringComparison.Ordinal);
        Assert.InRange(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 31 * 86_400);
        Assert.Equal(404, (await AskAsync(proxy, path, "{\"model\":\"other\"}")).Status); // nothing of the plan
        Assert.Equal(200, (await AskAsync(proxy, path, key: "bob-key")).Status);
        Assert.Equal(3, server.Requests.Count);
        Assert.Equal(1, await proxy.MetricAsync("edgeproxy_plan_refused_total"));
        Assert.Equal(2, await proxy.MetricAsync("edgeproxy_plan_used"));
    }

    [Theory]
    [InlineData(false, "Good", 7 + 3)]
    [InlineData(true, "Good", 7 + 3)]
    [InlineData(true, "OneByte", 7 + 3)]
    [InlineData(true, "NoUsage", 12 + 5)] // estimated: a token for four bytes of body and of text
    [InlineData(false, "NoUsage", 12 + 5)]
    [InlineData(true, "ErrorWithin", 12 + 2)]
    [InlineData(false, "Overloaded", 0)]
    public async Task Tokens_AreSettledByWhatThePriceAndTheProviderSay(bool isStream, string temper, int used)
    {
        using var chain = new AuditChain();
        await using ModelServer server = ModelServer.Start();
        server.Temper = Enum.Parse<ModelTemper>(temper);
        await using (ProxyProcess proxy = await StartAsync(
            server,
            "{ count = \"tokens\", max = 1000, period = \"month\" }, { count = \"cost\", max = 1000000, period = \"month\" }",
            provider: "prices = [{ model = \"*\", input = 2000000, output = 8000000 }]",
            more: chain.Table()))
        {
            string body = $"{{\"model\":\"raw/m\",\"stream\":{(isStream ? "true" : "false")},\"messages\":[]}}";
            await AskAsync(proxy, Chat, body);
            Assert.Equal(used, await proxy.MetricAsync("edgeproxy_plan_used", "count=\"tokens\""));
            double cost = await proxy.MetricAsync("edgeproxy_plan_used", "count=\"cost\"") ?? -1;
            int output = used == 10 ? 3 : used == 14 ? 2 : used == 0 ? 0 : 5;
            Assert.Equal(((used - output) * 2) + (output * 8), cost);
            Assert.Equal(cost, await proxy.MetricAsync("edgeproxy_ai_cost_micro_units_total"));
            await EndAsync(proxy);
        }

        JsonObject facts = chain.Verified("exchange").Single()["facts"]!.AsObject();
        Assert.Equal("basic", (string)facts["edgeproxy.plan.name"]!);
        Assert.Equal("allowed", (string)facts["edgeproxy.plan.decision"]!);
        Assert.Equal(used is not (0 or 10), facts.ContainsKey("edgeproxy.ai.usage_estimated"));
        Assert.Equal(used > 0, facts.ContainsKey("edgeproxy.ai.cost"));
    }

    // The provider counts what it answered, whether anybody here can read it or not.
    [Fact]
    public async Task Tokens_OfAnAnswerThatCannotBeTranslated_AreEstimated()
    {
        const string Odd = "{\"type\":\"message\",\"content\":7,\"x\":\"123456789\"}";
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync(Odd, "Content-Type: application/json\r\n");
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(PlanConfig.Of(
            server.Port, "anthropic", "{ count = \"tokens\", max = 1000, period = \"month\" }", _state.FullName));
        const string Body = "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

        Assert.Equal(502, (await AskAsync(proxy, Chat, Body)).Status);

        Assert.Equal((Body.Length + 3) / 4 + (Odd.Length + 3) / 4, await proxy.MetricAsync("edgeproxy_plan_used"));
    }

    [Fact]
    public async Task Calls_ThatMayComeToMoreThanIsLeft_AreNotMade()
    {
        using var chain = new AuditChain();
        await using ModelServer server = ModelServer.Start();
        await using (ProxyProcess proxy = await StartAsync(
            server, "{ count = \"output_tokens\", max = 150, period = \"month\" }", more: chain.Table()))
        {
            server.OutputTokens = 90;
            Assert.Equal(200, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":100}")).Status);

            // 60 are left: 100 may not be asked for, the service's cap neither, 60 may, and two of 30.
            Assert.Equal(429, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":61}")).Status);
            Assert.Equal(429, (await AskAsync(proxy, Chat, "{\"model\":\"fast\"}")).Status);
            Assert.Equal(429, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":31,\"n\":2}")).Status);
            server.OutputTokens = 60;
            Assert.Equal(200, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":30,\"n\":2}")).Status);
            Assert.Equal(429, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":1}")).Status);
            await EndAsync(proxy);
        }

        Assert.Equal(2, server.Requests.Count);
        JsonObject refused = chain.Verified("exchange")[^1]["facts"]!.AsObject();
        Assert.Equal("refused", (string)refused["edgeproxy.plan.decision"]!);
        Assert.Equal("output_tokens per month", (string)refused["edgeproxy.plan.limit"]!);
        Assert.Equal("refused", (string)refused["edgeproxy.ai.outcome"]!);
        Assert.Equal("rate_limit_exceeded", (string)refused["edgeproxy.ai.refusal"]!);
    }

    [Fact]
    public async Task ACallThatIsMoreThanThePlan_Is400()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await StartAsync(
            server, "{ count = \"tokens\", max = 50, period = \"month\" }");

        RawResponse refused = await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":100}");

        Assert.Equal((400, "request_over_plan"), (refused.Status, (string)AiProxy.Json(refused)["error"]!["code"]!));
        Assert.Null(refused.Header("Retry-After"));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Concurrency_ARunningStreamHoldsItsPlace_AndAClientThatLeavesGivesItBack()
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.Stalled;
        await using ProxyProcess proxy = await StartAsync(server, "{ count = \"concurrency\", max = 1 }");
        using (RawClient client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Request(Chat, "{\"model\":\"fast\",\"stream\":true}"));
            Assert.Equal(200, (await client.ReadHeadAsync()).Status);
            RawResponse busy = await AskAsync(proxy, Chat);
            Assert.Equal((429, "1"), (busy.Status, busy.Header("Retry-After")));
        }

        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_plan_used") == 0, "the place to be free");
        server.Temper = ModelTemper.Good;
        Assert.Equal(200, (await AskAsync(proxy, Chat)).Status);
    }

    [Fact]
    public async Task Fields_TellWhatIsLeft_UnderTheDialectsNames()
    {
        const string Limits = "{ count = \"requests\", max = 60, period = \"minute\" }, "
            + "{ count = \"requests\", max = 2, period = \"month\" }, "
            + "{ count = \"input_tokens\", max = 5000, period = \"month\" }";
        await using ModelServer server = ModelServer.Start();
        await using (ProxyProcess proxy = await StartAsync(server, Limits))
        {
            RawResponse answer = await AskAsync(proxy, Chat);
            Assert.Equal(("2", "1"), (answer.Header("x-ratelimit-limit-requests"),
                answer.Header("x-ratelimit-remaining-requests")));
            Assert.Matches("^([0-9]+h)?[0-9]+m[0-9]+s$|^[0-9]+m?s$", answer.Header("x-ratelimit-reset-requests"));
            Assert.Null(answer.Header("x-ratelimit-limit-tokens"));
        }

        await using (ProxyProcess proxy = await StartAsync(server, Limits, "anthropic"))
        {
            RawResponse answer = await AskAsync(proxy, "/v1/messages");
            Assert.Equal("0", answer.Header("anthropic-ratelimit-requests-remaining"));
            Assert.Equal("5000", answer.Header("anthropic-ratelimit-input-tokens-limit"));
            Assert.Matches("^20[0-9]{2}-[0-9]{2}-01T00:00:00Z$", answer.Header("anthropic-ratelimit-requests-reset"));
        }
    }

    [Fact]
    public async Task ReportOnly_RefusesNothing_AndSaysSo()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await StartAsync(
            server, "{ count = \"requests\", max = 1, period = \"month\", report_only = true }");
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await AskAsync(proxy, Chat)).Status);
        }

        Assert.Equal(2, await proxy.MetricAsync("edgeproxy_plan_reported_total"));
        Assert.Equal(3, await proxy.MetricAsync("edgeproxy_plan_used"));
    }

    [Fact]
    public async Task Counts_OutliveSigkillAndReloads()
    {
        await using ModelServer server = ModelServer.Start();
        const string Limits = "{ count = \"requests\", max = 40, period = \"month\" }";
        for (int round = 0; round < 3; round++)
        {
            await using ProxyProcess proxy = await StartAsync(server, Limits);
            Assert.Equal(round * 3, await proxy.MetricAsync("edgeproxy_plan_used"));
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(200, (await AskAsync(proxy, Chat)).Status);
            }

            await proxy.ReloadAsync(proxy.Config.ToToml() + "# another\n");
            Assert.Equal((round * 3) + 3, await proxy.MetricAsync("edgeproxy_plan_used"));
            proxy.Signal(SignalKill);
            await proxy.ExitCodeAsync();
        }
    }

    // What runs was reserved by the plan before, and is settled where that is counted, whatever the plan says now.
    [Fact]
    public async Task Reload_ThatLowersAPlan_OrTakesItAway_GoesOnCountingWhatRuns()
    {
        const string Streamed = "{\"model\":\"fast\",\"stream\":true,\"max_tokens\":40}";
        const int Reserved = 40;
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.Stalled;
        await using ProxyProcess proxy = await StartAsync(
            server, "{ count = \"output_tokens\", max = 1000, period = \"month\" }");
        string first = proxy.Config.ToToml();
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Request(Chat, Streamed));
        await server.Server.WaitForRequestsAsync(1);

        // Less than what runs has: nothing is let pass, nothing is cut.
        await proxy.ReloadAsync(first.Replace("max = 1000", "max = 30", StringComparison.Ordinal));
        Assert.Equal(Reserved, await proxy.MetricAsync("edgeproxy_plan_used"));
        Assert.Equal(429, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":1}")).Status);

        // Without a plan there is no limit, and what runs comes to its end.
        await proxy.ReloadAsync(first.Replace("plan = \"basic\"", "", StringComparison.Ordinal));
        Assert.Null(await proxy.MetricAsync("edgeproxy_plan_used"));
        server.Gate.Open();
        Assert.True((await client.ReadResponseAsync("POST")).IsWhole);
        server.Temper = ModelTemper.Good;
        Assert.Equal(200, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":100}")).Status);

        // With it again, what was counted by it is: three tokens of the stream, none of the call without it.
        await proxy.ReloadAsync(first.Replace("max = 1000", "max = 30", StringComparison.Ordinal));
        Assert.Equal(server.OutputTokens, await proxy.MetricAsync("edgeproxy_plan_used"));
        Assert.Equal(200, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":27}")).Status);
        Assert.Equal(429, (await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"max_tokens\":28}")).Status);
    }

    public void Dispose() => _state.Delete(recursive: true);

    private static string Request(string path, string body, string key = "alice-key") =>
        AiProxy.Post(path, body, $"X-Key: {key}\r\n");

    private static Task<RawResponse> AskAsync(
        ProxyProcess proxy, string path, string body = "{\"model\":\"fast\",\"stream\":false}", string key = "alice-key") =>
        RawClient.OnceAsync(proxy.Port, Request(path, body, key), "POST");

    // The chain has what was noted once the proxy has ended.
    private static async Task EndAsync(ProxyProcess proxy)
    {
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    private Task<ProxyProcess> StartAsync(
        ModelServer server, string limits, string kind = "openai", string provider = "", string more = "") =>
        ProxyProcess.StartAsync(PlanConfig.Of(server.Port, kind, limits, _state.FullName, provider, more));
}
