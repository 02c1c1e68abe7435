using System;
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
            $"{{ name = \"g\", url = \"http://127.0.0.1:{guard.Port}/check\", timeout = \"60s\", on_failure = \"{onFailure}\" }}", chain)))
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
            $"{{ name = \"g\", url = \"http://127.0.0.1:{blocking.Port}\", timeout = \"60s\", on_failure = \"closed\", "
                + "report_only = true }"));

        Assert.Equal(503, (await AiProxy.PostAsync(closed, Chat, Body)).Status);
        Assert.Empty(model.Requests);
        Assert.Equal(200, (await AiProxy.PostAsync(reporting, Chat, Body)).Status);
        never.Open();
    }

    // Whole and streamed, audited and not: what is blocked never gets to the client, what is allowed is as it came.
    [Theory]
    [InlineData(false, "200 OK", "{\"action\":\"allow\"}", "closed", 200, "allow")]
    [InlineData(false, "200 OK", "{\"action\":\"block\"}", "open", 403, "block")]
    [InlineData(false, "500 Internal Server Error", "{}", "closed", 503, "failed")]
    [InlineData(false, "500 Internal Server Error", "{}", "open", 200, "failed")]
    [InlineData(true, "200 OK", "{\"action\":\"allow\"}", "closed", 200, "allow")]
    [InlineData(true, "200 OK", "{\"action\":\"block\"}", "open", 200, "block")]
    [InlineData(true, "500 Internal Server Error", "{}", "closed", 200, "failed")]
    [InlineData(true, "500 Internal Server Error", "{}", "open", 200, "failed")]
    public async Task Answer_GoesOnAsTheGuardSays(
        bool isStream, string status, string reply, string onFailure, int expected, string told)
    {
        using var chain = new AuditChain();
        await using ModelServer model = ModelServer.Start();
        await using RawServer guard = Guard(status, reply);
        string external = $"{{ name = \"g\", url = \"http://127.0.0.1:{guard.Port}/check\", "
            + $"on_failure = \"{onFailure}\", timeout = \"60s\", about = [\"answer\"] }}";
        string body = isStream ? Body.Replace("\"fast\"", "\"fast\",\"stream\":true") : Body;
        RawResponse answer;
        RawResponse plain;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(model, external, chain, "answer_window_bytes = \"64\"")))
        {
            answer = await AiProxy.PostAsync(proxy, Chat, body);
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(model, "openai")))
        {
            plain = await AiProxy.PostAsync(proxy, Chat, body);
        }

        bool isAllowed = told == "allow" || (told == "failed" && onFailure == "open");
        Assert.Equal(expected, answer.Status);
        Assert.Equal(isAllowed, Encoding.UTF8.GetString(answer.Body).Contains("morning"));
        if (isAllowed)
        {
            Assert.Equal(plain.Body, answer.Body);
        }
        else if (isStream)
        {
            Assert.EndsWith("\"content_filter\"}]}\n\ndata: [DONE]\n\n", Encoding.UTF8.GetString(answer.Body));
        }

        RawRequest asked = Assert.Single(guard.WholeRequests);
        Assert.Equal(isStream ? "answer-part" : "answer", asked.Head.One("X-EdgeProxy-About"));
        Assert.Contains(isStream ? "Good morning, caf" : "caf", Encoding.UTF8.GetString(asked.Body));
        JsonNode facts = Assert.Single(chain.Verified("exchange"))["facts"]!;
        Assert.Equal($"g:{told}", (string)facts["edgeproxy.ai.guard.external_answer"]!);
        Assert.Equal(isAllowed ? "ok" : "withheld", (string)facts["edgeproxy.ai.outcome"]!);
    }

    // A stream of Responses may tell a text in its last events alone.
    [Theory]
    [InlineData("response.output_text.done", "\"output_index\":0,\"content_index\":0,\"text\":\"evil words\"")]
    [InlineData("response.completed", "\"response\":{\"id\":\"r\",\"output\":[{\"type\":\"message\",\"content\":"
        + "[{\"type\":\"output_text\",\"text\":\"evil words\"}]}]}")]
    public async Task Text_ThatIsToldOnlyWhole_IsShownToTheGuard(string type, string data)
    {
        string stream = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,"
            + "\"response\":{\"id\":\"r\",\"output\":[]}}\n\n"
            + $"event: {type}\ndata: {{\"type\":\"{type}\",\"sequence_number\":1,{data}}}\n\n";
        await using RawServer model = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                + $"Content-Length: {stream.Length}\r\n\r\n{stream}");
        });
        await using RawServer guard = Guard("200 OK", "{\"action\":\"block\"}");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(model.Port,
            $"{{ name = \"g\", url = \"http://127.0.0.1:{guard.Port}\", timeout = \"60s\", on_failure = \"closed\", "
                + "about = [\"answer\"] }"));

        RawResponse answer = await AiProxy.PostAsync(
            proxy, "/v1/responses", "{\"model\":\"fast\",\"stream\":true,\"input\":\"hi\"}");

        Assert.Contains("evil words", Encoding.UTF8.GetString(Assert.Single(guard.WholeRequests).Body), StringComparison.Ordinal);
        Assert.DoesNotContain("evil", answer.BodyText, StringComparison.Ordinal);
        Assert.Contains("\"reason\":\"content_filter\"", answer.BodyText, StringComparison.Ordinal);
    }

    // What a guard says of an answer that was given up, when it says it at last, is about nobody.
    [Fact]
    public async Task Reply_AboutAStreamThatWasGivenUp_IsNotTheNextOnes()
    {
        var late = new Gate();
        var replied = new Gate();
        string error = new('e', 200);
        string failing = $"data: {{\"error\":{{\"message\":\"{error}\"}}}}\n\n";
        await using RawServer first = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                + $"Transfer-Encoding: chunked\r\n\r\n{failing.Length:x}\r\n{failing}\r\n0\r\n\r\n");
        });
        await using ModelServer second = ModelServer.Start();
        await using RawServer guard = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } asked)
            {
                bool isOfFirst = Encoding.UTF8.GetString(asked.Body).Contains(error, StringComparison.Ordinal);
                if (isOfFirst)
                {
                    await late.PassAsync("the second stream");
                }
                else if (!isOfFirst && !late.IsOpen)
                {
                    late.Open();
                }

                string action = isOfFirst ? "{\"action\":\"block\"}" : "{\"action\":\"allow\"}";
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: {action.Length}\r\n\r\n{action}");
                replied.Open();
            }
        });
        guard.ToleratesFaults = true; // nobody may be there for the late one
        ProxyConfig config = Config(first.Port,
            $"{{ name = \"g\", url = \"http://127.0.0.1:{guard.Port}\", timeout = \"60s\", on_failure = \"closed\", "
                + "about = [\"answer\"] }", "answer_window_bytes = \"64\"");
        config.More = config.More.Replace("models = [", "models = [{ name = \"fast\", provider = \"q\", priority = 1 }, ",
            StringComparison.Ordinal) + $"\n[ai.providers.q]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{second.Port}/v1\"\n";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        for (int call = 0; call < 3; call++)
        {
            RawResponse answer = await AiProxy.PostAsync(
                proxy, Chat, Body.Replace("\"fast\"", "\"fast\",\"stream\":true", StringComparison.Ordinal));

            Assert.Equal((200, true), (answer.Status, answer.IsWhole));
            Assert.Contains("morning", answer.BodyText, StringComparison.Ordinal);
        }

        Assert.True(replied.IsOpen);
    }

    // The answer waits for the guard, and its client may leave meanwhile; the next call is served.
    [Fact]
    public async Task Answer_WhoseClientLeavesWhileTheGuardIsAsked_IsNobodys()
    {
        var asked = new Gate();
        var answers = new Gate();
        await using ModelServer model = ModelServer.Start();
        await using RawServer guard = Guard("200 OK", "{\"action\":\"allow\"}", asked, answers);
        guard.ToleratesFaults = true;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(model,
            $"{{ name = \"g\", url = \"http://127.0.0.1:{guard.Port}\", timeout = \"60s\", on_failure = \"closed\", "
                + "about = [\"answer\"] }"));
        using (RawClient client = await RawClient.ConnectAsync(proxy.Port))
        {
            await client.SendAsync(AiProxy.Post(Chat, Body));
            await asked.PassAsync("the guard to be asked");
        }

        answers.Open();
        Assert.Equal(200, (await AiProxy.PostAsync(proxy, Chat, Body)).Status);
    }

    private static ProxyConfig Config(
        ModelServer model, string external, AuditChain? chain = null, string more = "") =>
        Config(model.Port, external, $"{more}\n{chain?.Table()}");

    private static ProxyConfig Config(int port, string external, string more = "") =>
        AiProxy.Config(port, "openai", more: $$"""
            [routers.guarded]
            rule = "PathPrefix(`/`)"
            priority = 1000
            middlewares = ["guard"]
            service = "llm"
            [middlewares.guard.ai_guard]
            prompt = [{ detect = "email", action = "mask" }]
            external = [{{external}}]
            {{more}}
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
