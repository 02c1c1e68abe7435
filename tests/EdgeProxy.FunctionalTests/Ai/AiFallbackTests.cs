using System;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>Several targets for one name: which is asked, and who answers when it does not.</summary>
public sealed class AiFallbackTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Body = "{\"model\":\"best\",\"x\":1}";
    private const string Stream = "{\"model\":\"best\",\"stream\":true}";

    [Fact]
    public async Task Target_Overloaded_AnotherAnswersAndTheFirstIsLeftAlone()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        first.Temper = ModelTemper.Overloaded;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first, second));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);
        first.Temper = ModelTemper.Good;
        RawResponse again = await AiProxy.PostAsync(proxy, Chat, Body);

        // It asked for five minutes, so the second call did not meet it.
        Assert.Equal((200, 200), (answer.Status, again.Status));
        RawRequest refused = Assert.Single(first.Requests);
        Assert.Equal(2, second.Requests.Count);
        Assert.Equal("{\"model\":\"model-1\",\"x\":1}", Encoding.UTF8.GetString(refused.Body));
        Assert.Equal("{\"model\":\"model-2\",\"x\":1}", Encoding.UTF8.GetString(second.Last.Body));
        Assert.Equal("Bearer key-1", refused.Head.One("Authorization"));
        Assert.Equal("Bearer key-2", second.Last.Head.One("Authorization"));
        Assert.DoesNotContain("key-1", second.Last.Head.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Target_WithoutRoomForThePrompt_AnotherAnswers()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        ProxyConfig config = Config(first.Port, second.Port, model: ", context_tokens_max = 100");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string longer = Body.Replace("\"x\":1", $"\"x\":\"{new string('x', 500)}\"", StringComparison.Ordinal);

        Assert.Equal(200, (await AiProxy.PostAsync(proxy, Chat, Body)).Status);
        Assert.Equal((1, 0), (first.Requests.Count, second.Requests.Count));
        Assert.Equal(200, (await AiProxy.PostAsync(proxy, Chat, longer)).Status);
        Assert.Equal((1, 1), (first.Requests.Count, second.Requests.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Target_NotThere_AnotherAnswers(bool isStream)
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first, second));
        first.Server.StopAccepting();

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, isStream ? Stream : Body);

        Assert.Equal(200, answer.Status);
        Assert.Single(second.Requests);
    }

    [Fact]
    public async Task Targets_AllOverloaded_TheLastAnswerStands()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        first.Temper = ModelTemper.Overloaded;
        second.Temper = ModelTemper.Overloaded;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first, second));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);
        RawResponse again = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((503, 503), (answer.Status, again.Status));
        Assert.Equal((2, 2), (first.Requests.Count, second.Requests.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the body is read whole twice, the answer by nobody but the call
    public async Task Stream_ErrorBeforeContent_AnotherAnswersAndNothingOfTheFirstIsSeen(bool isBuffered)
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        first.Temper = ModelTemper.EarlyError;
        ProxyConfig config = Config(first, second);
        if (isBuffered)
        {
            config.More = config.More.Replace(
                "service = \"llm\"", "service = \"llm\"\nmiddlewares = [\"whole\"]", StringComparison.Ordinal)
                + "\n[middlewares.whole.buffering]\n";
        }

        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Stream);

        Assert.Equal(200, answer.Status);
        Assert.DoesNotContain("error", answer.BodyText, StringComparison.Ordinal);
        Assert.Contains(ModelServer.Words[0], answer.BodyText, StringComparison.Ordinal);
        Assert.Equal((1, 1), (first.Requests.Count, second.Requests.Count));
    }

    // The first breaks off in the middle of an event that may have had usage in it; the second refuses the request.
    [Fact]
    public async Task Stream_BreaksBeforeContent_NothingOfItIsInTheAnswerOfAnother()
    {
        await using RawServer first = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n14\r\ndata: {\"id\":\"LEFTOVER\r\n");
        });
        const string Refusal = "{\"error\":{\"message\":\"no\"}}";
        await using RawServer second = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                + $"Content-Length: {Refusal.Length}\r\n\r\n{Refusal}");
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(first.Port, second.Port, provider: "stream_usage = true"));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Stream);

        Assert.Equal(400, answer.Status);
        Assert.Equal(Refusal, answer.BodyText);
        Assert.DoesNotContain("X-Accel-Buffering", answer.Head.Text, StringComparison.OrdinalIgnoreCase);
    }

    // Anybody may ask for a model that is not there: it says nothing of the target.
    [Theory]
    [InlineData("404 Not Found")]
    [InlineData("403 Forbidden")]
    public async Task Target_RefusesOneRequest_AnotherAnswersAndTheFirstIsAskedAgain(string status)
    {
        await using RawServer first = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync("{}", "Content-Type: application/json\r\nRetry-After: 60\r\n", status);
            }
        });
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first.Port, second.Port));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);
        RawResponse again = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((200, 200), (answer.Status, again.Status));
        Assert.Equal(2, first.WholeRequests.Count);
    }

    [Fact]
    public async Task Stream_ErrorAfterContent_Stands()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        first.Temper = ModelTemper.ErrorWithin;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first, second));

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Stream);

        Assert.Contains("overloaded", answer.BodyText, StringComparison.Ordinal);
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task Stream_Good_IsTheSameWithAFallback()
    {
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(first, second));
        foreach (ModelTemper temper in new[] { ModelTemper.Good, ModelTemper.OneByte })
        {
            first.Temper = temper;

            RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Stream);

            Assert.True(answer.IsWhole);
            Assert.Equal(
                string.Concat(ModelAnswers.Stream(Chat, System.Text.Json.Nodes.JsonNode.Parse("{\"model\":\"model-1\"}")!, first)),
                Encoding.UTF8.GetString(answer.Body));
        }

        Assert.Empty(second.Requests);
    }

    private static ProxyConfig Config(ModelServer first, ModelServer second) => Config(first.Port, second.Port);

    private static ProxyConfig Config(int first, int second, string provider = "", string model = "") => new()
    {
        IsBare = true,
        More = $$"""
            [routers.llm]
            rule = "PathPrefix(`/`)"
            service = "llm"

            [services.llm.ai]
            models = [
              { name = "best", provider = "b", model = "model-2", priority = 1 },
              { name = "best", provider = "a", model = "model-1"{{model}} },
            ]

            [ai.providers.a]
            kind = "openai"
            base_url = "http://127.0.0.1:{{first}}/v1"
            api_key = "key-1"
            {{provider}}

            [ai.providers.b]
            kind = "openai"
            base_url = "http://127.0.0.1:{{second}}/v1"
            api_key = "key-2"
            """,
    };
}
