using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>Guards that are other programs.</summary>
public sealed class ExternalGuardTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Body = "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"to a@b.com\"}]}";

    [Theory]
    [InlineData("200 OK", "{\"action\":\"allow\"}", "closed", 200, "allow")]
    [InlineData("200 OK", "{\"action\":\"block\"}", "open", 403, "block")]
    [InlineData("200 OK", "{\"action\":\"maybe\"}", "closed", 503, "failed")]
    [InlineData("200 OK", "no", "closed", 503, "failed")]
    [InlineData("200 OK", "[]", "open", 200, "failed")]
    [InlineData("500 Internal Server Error", "{\"action\":\"allow\"}", "closed", 503, "failed")]
    [InlineData("500 Internal Server Error", "{\"action\":\"block\"}", "open", 200, "failed")]
    public async Task Prompt_GoesOnAsTheGuardSays(
        string status, string reply, string onFailure, int expected, string told)
    {
        using var chain = new AuditChain();
        await using ModelServer model = ModelServer.Start();
        await using RawServer guard = Guard(status, reply);
        RawResponse answer;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(Config(model,
            $"{{ name = \"g\", url = \"http://127.0.0.1:{guard.Port}/check\", on_failure = \"{onFailure}\" }}", chain)))
        {
            answer = await AiProxy.PostAsync(proxy, Chat, Body);
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        Assert.Equal(expected, answer.Status);
        Assert.Equal(expected == 200 ? 1 : 0, model.Requests.Count);
        RawRequest asked = Assert.Single(guard.WholeRequests);
        Assert.Equal(("POST", "/check"), (asked.Method, asked.Target));
        Assert.Equal(Body.Replace("a@b.com", "[EMAIL]"), Encoding.UTF8.GetString(asked.Body)); // never what was masked
        JsonNode facts = Assert.Single(chain.Verified("exchange"))["facts"]!;
        Assert.Equal($"g:{told}", (string)facts["edgeproxy.ai.guard.external"]!);
    }

    // Each waits for the other to be asked: they are asked at once, or none ever answers.
    [Fact]
    public async Task Guards_AreAskedAtOnce()
    {
        var first = new Gate();
        var second = new Gate();
        await using ModelServer model = ModelServer.Start();
        await using RawServer one = Guard("200 OK", "{\"action\":\"allow\"}", first, second);
        await using RawServer two = Guard("200 OK", "{\"action\":\"block\"}", second, first);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(model,
            $"{{ name = \"one\", url = \"http://127.0.0.1:{one.Port}\", timeout = \"60s\", on_failure = \"closed\" }}, "
                + $"{{ name = \"two\", url = \"http://127.0.0.1:{two.Port}\", timeout = \"60s\", on_failure = \"closed\" }}"));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal(403, answer.Status);
        Assert.Contains("gateway: two", Encoding.UTF8.GetString(answer.Body));
    }

    [Fact]
    public async Task Guard_ThatSaysNothing_TimesOut_AndReportOnlyChangesNothing()
    {
        var never = new Gate();
        await using ModelServer model = ModelServer.Start();
        await using RawServer silent = Guard("200 OK", "{}", waits: never);
        silent.ToleratesFaults = true; // nobody waits for it
        await using RawServer blocking = Guard("200 OK", "{\"action\":\"block\"}");
        await using ProxyProcess closed = await ProxyProcess.StartAsync(Config(model,
            $"{{ name = \"g\", url = \"http://127.0.0.1:{silent.Port}\", timeout = \"10ms\", on_failure = \"closed\" }}"));
        await using ProxyProcess reporting = await ProxyProcess.StartAsync(Config(model,
            $"{{ name = \"g\", url = \"http://127.0.0.1:{blocking.Port}\", on_failure = \"closed\", report_only = true }}"));

        Assert.Equal(503, (await AiProxy.PostAsync(closed, Chat, Body)).Status);
        Assert.Empty(model.Requests);
        Assert.Equal(200, (await AiProxy.PostAsync(reporting, Chat, Body)).Status);
        never.Open();
    }

    private static ProxyConfig Config(ModelServer model, string external, AuditChain? chain = null) =>
        AiProxy.Config(model, "openai", more: $$"""
            [routers.guarded]
            rule = "PathPrefix(`/`)"
            priority = 1000
            middlewares = ["guard"]
            service = "llm"
            [middlewares.guard.ai_guard]
            prompt = [{ detect = "email", action = "mask" }]
            external = [{{external}}]
            {{chain?.Table()}}
            """);

    // Before it answers it opens one gate and waits for the other.
    private static RawServer Guard(string status, string reply, Gate? opens = null, Gate? waits = null) =>
        RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                opens?.Open();
                if (waits is not null)
                {
                    await waits.PassAsync("the other guard");
                }

                await connection.SendAsync(
                    $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {reply.Length}\r\n\r\n{reply}");
            }
        });
}
