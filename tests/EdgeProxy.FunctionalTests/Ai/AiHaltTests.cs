using System;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>
/// The kill switch and calls of models in every state they can wait in. No other end is near: what ends within a test
/// was ended by the halt.
/// </summary>
public sealed class AiHaltTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Messages = "/v1/messages";
    private const string Patient = "response_timeout = \"1h\"\nresponse_idle_timeout = \"1h\"";
    private const string StreamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

    // It waits for a program that says nothing: about its prompt, its answer, or a part of it.
    [Theory]
    [InlineData("prompt", false)]
    [InlineData("prompt", true)]
    [InlineData("answer", false)]
    [InlineData("answer", true)]
    public async Task Call_ThatWaitsForAnExternalGuard_Ends(string about, bool isStream)
    {
        var asked = new Gate();
        var never = new Gate();
        await using ModelServer model = ModelServer.Start();
        model.Server.ToleratesFaults = true;
        await using RawServer guard = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            asked.Open();
            await never.PassAsync("the end of the test");
        });
        guard.ToleratesFaults = true;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(model, "openai", provider: Patient,
            more: $$"""
                [routers.guarded]
                rule = "PathPrefix(`/`)"
                priority = 1000
                middlewares = ["guard"]
                service = "llm"
                [middlewares.guard.ai_guard]
                [[middlewares.guard.ai_guard.external]]
                name = "g"
                url = "http://127.0.0.1:{{guard.Port}}"
                timeout = "60s"
                on_failure = "closed"
                about = ["{{about}}"]
                """));
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(AiProxy.Post(Chat, Body(isStream)));
        await asked.PassAsync("the guard to be asked");

        await HaltAsync(proxy);

        RawResponse answer = await client.ReadResponseAsync();
        Assert.DoesNotContain("morning", answer.BodyText, StringComparison.Ordinal);
        Assert.Contains("halted", answer.BodyText, StringComparison.Ordinal);
        Assert.True(answer.IsWhole);
        Assert.Equal(about == "answer" && isStream ? 200 : 503, answer.Status); // a stream's head is here by then
        Assert.Equal(about == "prompt" ? 0 : 1, model.Requests.Count);
        never.Open();
    }

    // Another target could be asked, so nothing of the stream is the client's yet; none is asked for a halted call.
    [Fact]
    public async Task Stream_ThatIsHeldBeforeItsFirstWord_IsRefused()
    {
        const string role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
        await using RawServer first = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"{StreamHead}{role.Length:x}\r\n{role}\r\n");
            await connection.Wire.ReadToEndAsync();
        });
        first.ToleratesFaults = true;
        await using ModelServer second = ModelServer.Start();
        ProxyConfig config = AiProxy.Config(first.Port, "openai", provider: Patient);
        config.More = config.More.Replace(
            "models = [", "models = [{ name = \"fast\", provider = \"q\", priority = 1 }, ", StringComparison.Ordinal)
            + $"\n[ai.providers.q]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{second.Port}/v1\"\n";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(AiProxy.Post(Chat, Body(isStream: true)));
        await first.WaitForRequestsAsync(1);

        await HaltAsync(proxy);

        RawResponse answer = await client.ReadResponseAsync();
        Assert.Equal(503, answer.Status);
        Assert.Contains("halted", (string)AiProxy.Json(answer)["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Empty(second.Requests);
        await first.WaitForOpenAsync(0);
    }

    [Theory]
    [InlineData("anthropic", Chat, "\"code\":\"halted\"}}\n\n")]
    [InlineData("openai", Messages, "\"message\":\"The answer was halted by the operator.\"}}\n\n")]
    [InlineData("openai", "/api/chat", "{\"error\":\"The answer was halted by the operator.\"}\n")]
    public async Task Stream_ThatIsTranslated_SaysSoInItsClientsDialect(string kind, string path, string end)
    {
        await using RawServer model = Talking(kind);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            AiProxy.Config(model.Port, kind, provider: Patient));
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(AiProxy.Post(path, Body(isStream: true)));
        Assert.Equal(200, (await client.ReadHeadAsync()).Status);
        var text = new StringBuilder();
        Task reading = WireBody.ReadChunkedAsync(client.Wire, piece => Append(text, piece));
        await Eventually.TrueAsync(() => Read(text).Contains("Good", StringComparison.Ordinal), "the first word");

        await HaltAsync(proxy);

        await reading.Within("the stream to end");
        Assert.EndsWith(end, Read(text), StringComparison.Ordinal);
        await model.WaitForOpenAsync(0);
    }

    [Fact]
    public async Task Stream_OfHttp2_SaysSoAndItsConnectionGoesOn()
    {
        await using RawServer model = Talking("openai");
        ProxyConfig config = AiProxy.Config(model.Port, "openai", provider: Patient);
        config.EntryPoint = "h2c = true";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        client.Write.Request(1, isEnd: false, "POST", Chat, "content-type: application/json")
            .Data(1, Body(isStream: true), isEnd: true);
        await client.SendAsync();
        Assert.NotNull(await client.ReadUntilAsync(
            static frame => frame.Text.Contains("Good", StringComparison.Ordinal), "the first word"));

        await HaltAsync(proxy);

        Assert.Equal(FrameType.Data, (await client.EndOfAsync(1))?.Type);
        Assert.EndsWith("\"code\":\"halted\"}}\n\n", client.Body(1), StringComparison.Ordinal);
        client.Write.Request(3, isEnd: false, "POST", Chat, "content-type: application/json")
            .Data(3, Body(isStream: true), isEnd: true);
        await client.SendAsync();
        await client.EndOfAsync(3);
        Assert.Equal(503, client.Status(3));
    }

    // Its turn has not come; it is not asked when the first one's place is free.
    [Fact]
    public async Task Call_ThatWaitsForItsTurn_IsRefused()
    {
        await using RawServer model = Talking("openai");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(model.Port, "openai", provider: Patient,
            more: """
                [routers.one]
                rule = "PathPrefix(`/`)"
                priority = 1000
                middlewares = ["one"]
                service = "llm"
                [middlewares.one.in_flight]
                max = 1
                queue = 1
                queue_timeout = "1m"
                """));
        using RawClient first = await proxy.ConnectAsync();
        await first.SendAsync(AiProxy.Post(Chat, Body(isStream: true)));
        Assert.Equal(200, (await first.ReadHeadAsync()).Status);
        using RawClient second = await proxy.ConnectAsync();
        await second.SendAsync(AiProxy.Post(Chat, Body(isStream: true)));
        using RawClient third = await proxy.ConnectAsync();
        await Eventually.TrueAsync(
            async () => (await third.RequestAsync(AiProxy.Post(Chat, Body(isStream: true)), "POST")).Status == 503,
            "the second to wait, so that there is no place for a third");

        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/halt?all", "POST")).Status);

        RawResponse answer = await second.ReadResponseAsync();
        Assert.Equal(503, answer.Status);
        Assert.Contains("halted", answer.BodyText, StringComparison.Ordinal);
        Assert.Single(model.Requests);
    }

    // Says one word and then nothing, as long as somebody listens.
    private static RawServer Talking(string kind)
    {
        string words = kind == "anthropic"
            ? "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
                + "\"role\":\"assistant\",\"model\":\"x\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n"
                + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
                + "{\"type\":\"text\",\"text\":\"\"}}\n\n"
                + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
                + "{\"type\":\"text_delta\",\"text\":\"Good \"}}\n\n"
            : "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"x\",\"choices\":"
                + "[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Good \"},\"finish_reason\":null}]}\n\n";
        RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"{StreamHead}{words.Length:x}\r\n{words}\r\n");
            await connection.Wire.ReadToEndAsync();
        });
        server.ToleratesFaults = true;
        return server;
    }

    private static async Task HaltAsync(ProxyProcess proxy) =>
        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/halt?model=fast", "POST")).Status);

    private static string Body(bool isStream) =>
        $"{{\"model\":\"fast\",\"stream\":{(isStream ? "true" : "false")},\"max_tokens\":50,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    private static void Append(StringBuilder text, ReadOnlySpan<byte> piece)
    {
        lock (text)
        {
            text.Append(Encoding.UTF8.GetString(piece));
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
