using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;
using static EdgeProxy.FunctionalTests.Ai.AiAnswers;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>Calls in one dialect of a model whose provider speaks another.</summary>
public sealed class AiTranslationTests
{
    private const string ChatTools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}]";
    private const string MessagesTools = "\"tools\":[{\"name\":\"weather\",\"input_schema\":{\"type\":\"object\"}}]";

    public static TheoryData<string, string, string> Pairs => new()
    {
        { Chat, "anthropic", Messages },
        { Messages, "openai", Chat },
        { Messages, "openai_compatible", Chat },
        { Ollama, "openai", Chat },
        { Ollama, "anthropic", Messages },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Answer_OfAnotherDialect_IsInTheCallers(string path, string kind, string askedAt)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));

        RawResponse answer = await AiProxy.PostAsync(
            proxy, path, Body(isStream: false).Replace(
                path == Ollama ? "\"max_tokens\":50," : "\n", "", StringComparison.Ordinal));
        RawResponse tool = await AiProxy.PostAsync(proxy, path, Body(isStream: false, ToolsOf(path)));

        Assert.Equal(200, answer.Status);
        Assert.Equal("application/json", answer.Head.One("Content-Type"));
        Assert.Equal(askedAt, server.Last.Target);
        Assert.Equal("real-model", ModelServer.BodyOf(server.Last)["model"]!.GetValue<string>());
        Assert.Equal((Said, "stop", 7, 3), WholeOf(path, AiProxy.Json(answer)));
        Assert.Equal(("weather", "Zagreb"), ToolOf(path, AiProxy.Json(tool)));
        Assert.DoesNotContain("X-EdgeProxy-Left-Out", answer.Head.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Stream_OfAnotherDialect_IsInTheCallers(string path, string kind, string askedAt)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            AiProxy.Config(server, kind, provider: "stream_usage = true"));
        foreach (ModelTemper temper in new[] { ModelTemper.Good, ModelTemper.OneByte })
        {
            server.Temper = temper;

            RawResponse answer = await AiProxy.PostAsync(proxy, path, Body(isStream: true));
            RawResponse tool = await AiProxy.PostAsync(proxy, path, Body(isStream: true, ToolsOf(path)));

            Assert.Equal(200, answer.Status);
            Assert.Equal(askedAt, server.Last.Target);
            Assert.Equal((Said, "stop"), StreamOf(path, answer));
            Assert.Equal(("weather", "Zagreb"), StreamedToolOf(path, tool));
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Error_OfAnotherDialect_IsInTheCallers(string path, string kind, string askedAt)
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.Overloaded;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));

        RawResponse answer = await AiProxy.PostAsync(proxy, path, Body(isStream: true));

        Assert.Equal(503, answer.Status);
        Assert.Equal("300", answer.Head.One("Retry-After"));
        Assert.Equal("application/json", answer.Head.One("Content-Type"));
        Assert.Equal(askedAt, server.Last.Target);
        JsonNode error = AiProxy.Json(answer);
        string message = path == Ollama ? error["error"]!.GetValue<string>() : error["error"]!["message"]!.GetValue<string>();
        Assert.Equal("overloaded", message, ignoreCase: true);
        Assert.Equal(path == Messages ? "error" : null, error["type"]?.GetValue<string>());
        Assert.Equal(
            path == Messages ? "overloaded_error" : path == Chat ? "server_error" : null,
            path == Ollama ? null : error["error"]!["type"]!.GetValue<string>());
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Stream_FailsWithin_SaysSoInTheCallersDialect(string path, string kind, string askedAt)
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.ErrorWithin;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));

        RawResponse answer = await AiProxy.PostAsync(proxy, path, Body(isStream: true));

        Assert.Equal(askedAt, server.Last.Target);
        string last = LinesOf(path, answer)[^1];
        Assert.Contains("error", last, StringComparison.Ordinal);
        Assert.Contains("overloaded", last, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Answer_Unreadable_Is502InTheCallersDialect(string path, string kind, string askedAt)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync("{\"neither\":1}", "Content-Type: application/json\r\n");
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server.Port, kind));

        RawResponse answer = await AiProxy.PostAsync(proxy, path, Body(isStream: false));

        Assert.Equal(502, answer.Status);
        Assert.Equal(askedAt, server.WholeRequests[^1].Target);
        Assert.NotNull(AiProxy.Json(answer)["error"]);
    }

    // What it is refused for stands in its head: nobody waits for the rest of it.
    [Fact]
    public async Task Answer_OfNoKnownType_IsRefusedBeforeItsEnd()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            if (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\nabc");
                await connection.ReadRequestAsync(); // until the proxy goes
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server.Port, "anthropic"));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body(isStream: false));

        Assert.Equal(502, answer.Status);
    }

    // An error that is coded cannot be read; what is told in its place is not coded.
    [Fact]
    public async Task Error_ThatIsCoded_IsToldWithoutItsCoding()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                    + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc");
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server.Port, "anthropic"));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body(isStream: false));

        Assert.Equal(400, answer.Status);
        Assert.DoesNotContain("Content-Encoding", answer.Head.Text, StringComparison.OrdinalIgnoreCase);
        Assert.NotNull(AiProxy.Json(answer)["error"]);
    }

    [Theory]
    [InlineData("warn", 200, "seed, logit_bias")]
    [InlineData("drop", 200, null)]
    [InlineData("reject", 400, null)]
    public async Task Unsupported_IsTreatedAsConfigured(string rule, int status, string? told)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            AiProxy.Config(server, "anthropic", $"on_unsupported = \"{rule}\""));

        RawResponse answer = await AiProxy.PostAsync(
            proxy, Chat, Body(isStream: false, "\"seed\":4,\"logit_bias\":{\"1\":2},\"store\":false"));

        Assert.Equal(status, answer.Status);
        Assert.Equal(told, told is null ? null : answer.Head.One("X-EdgeProxy-Left-Out"));
        Assert.Equal(status == 200 ? 1 : 0, server.Requests.Count);
        if (status == 400)
        {
            Assert.Contains("seed, logit_bias", answer.BodyText, StringComparison.Ordinal);
        }
    }

    // A provider sees its own dialect's fields only, and its credential where it wants it.
    [Fact]
    public async Task Fields_OfTheCallersDialect_StayHere()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "anthropic"));

        await AiProxy.PostAsync(proxy, Chat, Body(isStream: false),
            "Authorization: Bearer client-secret\r\nopenai-beta: x\r\nx-stainless-lang: js\r\n");

        WireHead head = server.Last.Head;
        Assert.Equal("2023-06-01", head.One("anthropic-version"));
        Assert.Equal(AiProxy.ProviderKey, head.One("x-api-key"));
        Assert.DoesNotContain("openai-beta", head.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("stainless", head.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("client-secret", head.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Target_OfAnotherDialect_AnswersForOneThatFailed()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        ProxyConfig config = AiProxy.Config(first, "anthropic", more: $$"""
            [ai.providers.q]
            kind = "openai"
            base_url = "http://127.0.0.1:{{second.Port}}/v1"
            """);
        config.More = config.More.Replace("models = [", "models = [{ name = \"two\", provider = \"p\", model = \"a\" }, "
            + "{ name = \"two\", provider = \"q\", model = \"b\", priority = 1 }, ", StringComparison.Ordinal);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string body = Body(isStream: true).Replace("fast", "two", StringComparison.Ordinal);

        foreach (ModelTemper temper in new[] { ModelTemper.EarlyError, ModelTemper.Overloaded })
        {
            first.Temper = temper;
            RawResponse answer = await AiProxy.PostAsync(proxy, Chat, body);

            Assert.Equal((Said, "stop"), StreamOf(Chat, answer));
            Assert.DoesNotContain("error", answer.BodyText, StringComparison.Ordinal);
            Assert.DoesNotContain("anthropic-version", second.Last.Head.Text, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(
            body.Replace("two", "b", StringComparison.Ordinal),
            Encoding.UTF8.GetString(second.Last.Body).Replace(
                "\"stream_options\":{\"include_usage\":true},", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Usage_OfAStream_IsThereIfAsked(bool isAsked)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "anthropic"));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat,
            Body(isStream: true, isAsked ? "\"stream_options\":{\"include_usage\":true}" : "\"n\":1"));

        List<string> events = AiProxy.Events(answer);
        JsonNode? usage = events.Select(data => data == "[DONE]" ? null : JsonNode.Parse(data)!["usage"])
            .FirstOrDefault(found => found is not null);
        Assert.Equal(isAsked ? 7 : null, usage?["prompt_tokens"]!.GetValue<int>());
        Assert.Equal("[DONE]", events[^1]);
    }

    // The guard sees the caller's dialect, whatever the provider speaks.
    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Guard_OfAnswers_MasksWhatWasTranslated(string path, string kind, string askedAt)
    {
        await using ModelServer server = ModelServer.Start();
        ProxyConfig config = AiProxy.Config(server, kind, more: """
            [middlewares.g.ai_guard]
            answer = [{ detect = "words", words = ["morning"], action = "mask" }]
            """);
        config.More = config.More.Replace(
            "service = \"llm\"", "service = \"llm\"\nmiddlewares = [\"g\"]", StringComparison.Ordinal);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse whole = await AiProxy.PostAsync(proxy, path, Body(isStream: false));
        RawResponse stream = await AiProxy.PostAsync(proxy, path, Body(isStream: true));

        Assert.Equal(askedAt, server.Last.Target);
        Assert.Equal((200, 200), (whole.Status, stream.Status));
        Assert.DoesNotContain("morning", WholeOf(path, AiProxy.Json(whole)).Text, StringComparison.Ordinal);
        string said = StreamOf(path, stream).Text;
        Assert.StartsWith("Good ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("morning", said, StringComparison.Ordinal);
    }

    private static string Body(bool isStream, string more = "") =>
        $"{{\"model\":\"fast\",\"max_tokens\":50,\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}],"
        + $"\"stream\":{(isStream ? "true" : "false")}{(more.Length > 0 ? "," + more : "")}}}";

    private static string ToolsOf(string path) => path == Messages ? MessagesTools : ChatTools;
}
