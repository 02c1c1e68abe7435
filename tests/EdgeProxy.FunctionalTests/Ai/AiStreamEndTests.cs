using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>A stream that ends before its model is through has an end in its dialect, and is whole as HTTP.</summary>
public sealed class AiStreamEndTests : IDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const string Messages = "/v1/messages";
    private const string Said = "\"message\":\"The answer was halted by the operator.\"";
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("edgeproxy-end-");

    [Theory]
    [InlineData("openai", Chat, "Good ", "data: {\"error\":{" + Said
        + ",\"type\":\"server_error\",\"param\":null,\"code\":\"halted\"}}\n\n")]
    [InlineData("openai_compatible", Chat, "Good ", "\"param\":null,\"code\":\"halted\"}}\n\n")]
    [InlineData("openai", "/v1/responses", "Good ", "event: error\ndata: {\"type\":\"error\",\"code\":\"halted\","
        + Said + ",\"param\":null,\"sequence_number\":2}\n\n")]
    [InlineData("anthropic", Messages, "content_block\"",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"," + Said + "}}\n\n")]
    [InlineData("ollama", "/api/chat", "morning", "{\"error\":\"The answer was halted by the operator.\"}\n")]
    [InlineData("ollama", "/api/generate", "morning", "{\"error\":\"The answer was halted by the operator.\"}\n")]
    public async Task Halted_ARunningStream_SaysSoInItsDialect(string kind, string path, string before, string end)
    {
        using var chain = new AuditChain();
        await using ModelServer server = ModelServer.Start();
        server.Server.ToleratesFaults = true;
        server.Temper = ModelTemper.Stalled;
        await using (ProxyProcess proxy = await StartAsync(
            server, kind, "{ count = \"tokens\", max = 5000, period = \"month\" }", chain.Table()))
        {
            using RawClient client = await proxy.ConnectAsync();
            await client.SendAsync(Request(path, "{\"model\":\"fast\",\"stream\":true}"));
            Assert.Equal(200, (await client.ReadHeadAsync()).Status);
            var text = new StringBuilder();
            Task<List<KeyValuePair<string, string>>> reading = WireBody.ReadChunkedAsync(
                client.Wire, piece => Append(text, piece));
            await Eventually.TrueAsync(() => Read(text).Contains(before, StringComparison.Ordinal), "the first words");

            Assert.Equal(200, (await proxy.AdminAsync("/api/v1/halt?model=fast", "POST")).Status);

            await reading.Within("the stream to end");
            Assert.EndsWith(end, Read(text), StringComparison.Ordinal);
            await server.Server.WaitForOpenAsync(0);
            Assert.Equal(1, await proxy.MetricAsync("edgeproxy_requests_halted_total"));
            Assert.InRange((await proxy.MetricAsync("edgeproxy_plan_used"))!.Value, 1, 60);

            // The connection goes on.
            RawResponse next = await client.RequestAsync(Request(path, "{\"model\":\"fast\"}"), "POST");
            Assert.Equal(503, next.Status);
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        JsonObject record = chain.Verified("exchange")[0];
        Assert.Equal("halted", (string)record["facts"]!["edgeproxy.ai.outcome"]!);
        Assert.Empty(chain.Verified("exchange_cut"));
    }

    [Fact]
    public async Task Halted_InTheMiddleOfAnEvent_IsCut()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync(StreamHead + "6\r\ndata: \r\n");
                await connection.Wire.ReadToEndAsync();
            }
        });
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(
            server.Port, "openai_compatible", "{ count = \"concurrency\", max = 5 }");
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Request(Chat, "{\"model\":\"fast\",\"stream\":true}"));
        Assert.Equal(200, (await client.ReadHeadAsync()).Status);
        string begun = Encoding.ASCII.GetString(await client.Wire.ReadSomeAsync());
        Assert.Contains("data: ", begun, StringComparison.Ordinal);

        await proxy.AdminAsync("/api/v1/halt?all", "POST");

        string rest = Encoding.ASCII.GetString(await client.ReadToEndAsync());
        Assert.DoesNotContain("halted", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("0\r\n\r\n", rest, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai", Chat, "", "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n")]
    [InlineData("openai", Chat, ",\"stream_options\":{\"include_usage\":true}", "}}\n\ndata: [DONE]\n\n")]
    [InlineData("openai", "/v1/responses", "", "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}")]
    [InlineData("anthropic", Messages, "", "\"delta\":{\"stop_reason\":\"max_tokens\",\"stop_sequence\":null}")]
    [InlineData("ollama", "/api/chat", "", "\"done\":true,\"done_reason\":\"length\"")]
    public async Task OverPlan_AProviderThatDoesNotHoldTheMost_EndsAsIfItDid(
        string kind, string path, string more, string end)
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Start(connection => PourAsync(connection, path));
        server.ToleratesFaults = true;
        await using (ProxyProcess proxy = await StartAsync(
            server.Port, kind, "{ count = \"output_tokens\", max = 5000, period = \"month\" }", chain.Table(),
            "cut_streams = true"))
        {
            RawResponse answer = await RawClient.OnceAsync(
                proxy.Port, Request(path, $"{{\"model\":\"fast\",\"stream\":true{more},{Most(path)}}}"), "POST");

            Assert.True(answer.IsWhole);
            Assert.Contains(end, answer.BodyText, StringComparison.Ordinal);
            int words = answer.BodyText.Split("word").Length - 1;
            Assert.InRange(words, 36, 36 + (32 * 1024 / 20)); // a turn of the loop may have that much at hand
            Assert.InRange((await proxy.MetricAsync("edgeproxy_plan_used"))!.Value, words, words + 40);
            await server.WaitForOpenAsync(0);
            await proxy.ExpectMetricAsync(1, "gen_ai_client_operation_duration_seconds_count");
            Assert.Null(await proxy.MetricAsync("gen_ai_client_operation_duration_seconds_count", "error_type"));
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        Assert.Equal("over_plan", (string)chain.Verified("exchange").Single()["facts"]!["edgeproxy.ai.outcome"]!);
    }

    // Its events repeat all that was said up to four times: that is no more of it.
    [Fact]
    public async Task OverPlan_ResponsesThatRepeatThemselves_AreNot()
    {
        string said = string.Concat(Enumerable.Repeat("word ", 60)); // 75 tokens of 100
        string part = $"{{\"type\":\"output_text\",\"text\":\"{said}\"}}";
        string[] events =
        [
            $"{{\"type\":\"response.output_text.delta\",\"sequence_number\":0,\"delta\":\"{said}\"}}",
            $"{{\"type\":\"response.output_text.done\",\"sequence_number\":1,\"text\":\"{said}\"}}",
            $"{{\"type\":\"response.content_part.done\",\"sequence_number\":2,\"part\":{part}}}",
            $"{{\"type\":\"response.output_item.done\",\"sequence_number\":3,\"item\":{{\"content\":[{part}]}}}}",
            $"{{\"type\":\"response.completed\",\"sequence_number\":4,\"response\":{{\"output\":[{{\"content\":"
                + $"[{part}]}}],\"usage\":{{\"input_tokens\":5,\"output_tokens\":75,\"total_tokens\":80}}}}}}",
        ];
        string stream = string.Concat(events.Select(static data => $"data: {data}\n\n"));
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync($"{StreamHead}{stream.Length:x}\r\n{stream}\r\n0\r\n\r\n");
            }
        });
        await using ProxyProcess proxy = await StartAsync(
            server.Port, "openai", "{ count = \"output_tokens\", max = 5000, period = \"month\" }", "",
            "cut_streams = true");

        RawResponse answer = await RawClient.OnceAsync(
            proxy.Port, Request("/v1/responses", "{\"model\":\"fast\",\"stream\":true,\"max_output_tokens\":100}"), "POST");

        Assert.Equal(stream, answer.BodyText);
        Assert.Equal(75, await proxy.MetricAsync("edgeproxy_plan_used"));
    }

    // A client waits for the end of each choice it asked for; one that ended already does not end again.
    [Fact]
    public async Task OverPlan_SeveralChoices_EachEndsOnce()
    {
        const string First = "data: {\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        await using RawServer server = RawServer.Start(connection => PourAsync(connection, Chat, First));
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(
            server.Port, "openai", "{ count = \"output_tokens\", max = 5000, period = \"month\" }", "",
            "cut_streams = true");

        RawResponse answer = await RawClient.OnceAsync(
            proxy.Port, Request(Chat, "{\"model\":\"fast\",\"stream\":true,\"n\":3,\"max_tokens\":5}"), "POST");

        Assert.True(answer.IsWhole);
        Assert.Equal(
            ["1 stop", "0 length", "2 length"],
            AiProxy.Events(answer).Where(static data => data.Contains("finish_reason\":\"", StringComparison.Ordinal))
                .Select(static data => JsonNode.Parse(data)!["choices"]![0]!)
                .Select(static choice => $"{choice["index"]} {choice["finish_reason"]}"));
        Assert.EndsWith("data: [DONE]\n\n", answer.BodyText);
    }

    // Translation has lost the other choices: they never were, and none of them ends.
    [Fact]
    public async Task OverPlan_ChoicesThatWereNotAskedFor_DoNotEnd()
    {
        const string First = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":"
            + "\"real-model\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\nevent: content_block_start\n"
            + "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
        await using RawServer server = RawServer.Start(connection => PourAsync(connection, Messages, First));
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(
            server.Port, "anthropic", "{ count = \"output_tokens\", max = 5000, period = \"month\" }", "",
            "cut_streams = true");

        RawResponse answer = await RawClient.OnceAsync(
            proxy.Port, Request(Chat, "{\"model\":\"fast\",\"stream\":true,\"n\":3,\"max_tokens\":5,\"messages\":[]}"), "POST");

        Assert.True(answer.IsWhole);
        Assert.Equal("n", answer.Header("X-EdgeProxy-Left-Out"));
        Assert.Equal(
            ["0 length"],
            AiProxy.Events(answer).Where(static data => data.Contains("finish_reason\":\"", StringComparison.Ordinal))
                .Select(static data => JsonNode.Parse(data)!["choices"]![0]!)
                .Select(static choice => $"{choice["index"]} {choice["finish_reason"]}"));
        Assert.EndsWith("data: [DONE]\n\n", answer.BodyText);
    }

    public void Dispose() => _state.Delete(recursive: true);

    private const string StreamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

    // A model that says one word after the other, and never ends.
    private static async Task PourAsync(RawConnection connection, string path, string first = "")
    {
        if (await connection.ReadRequestAsync() is null)
        {
            return;
        }

        string piece = path switch
        {
            Chat => "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}\n\n",
            Messages => "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
                + "{\"type\":\"text_delta\",\"text\":\"word\"}}\n\n",
            "/api/chat" => "{\"message\":{\"content\":\"word\"},\"done\":false}\n",
            _ => "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
                + "\"sequence_number\":1,\"delta\":\"word\"}\n\n",
        };
        string head = path == "/api/chat"
            ? StreamHead.Replace("text/event-stream", "application/x-ndjson", StringComparison.Ordinal)
            : StreamHead;
        await connection.SendAsync(first.Length == 0 ? head : $"{head}{first.Length:x}\r\n{first}\r\n");
        try
        {
            while (true)
            {
                await connection.SendAsync($"{piece.Length:x}\r\n{piece}\r\n");
            }
        }
        catch (Exception gone) when (gone is IOException or System.Net.Sockets.SocketException)
        {
            // The proxy has enough.
        }
    }

    // Ten tokens, under the dialect's name.
    private static string Most(string path) => path switch
    {
        "/v1/responses" => "\"max_output_tokens\":10",
        "/api/chat" => "\"options\":{\"num_predict\":10}",
        _ => "\"max_tokens\":10",
    };

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

    private static string Request(string path, string body) => AiProxy.Post(path, body, "X-Key: alice-key\r\n");

    private Task<ProxyProcess> StartAsync(ModelServer server, string kind, string limits, string more) =>
        StartAsync(server.Port, kind, limits, more);

    private Task<ProxyProcess> StartAsync(
        int port, string kind, string limits, string more = "", string plan = "") =>
        ProxyProcess.StartAsync(PlanConfig.Of(port, kind, limits, _state.FullName, more: more, plan: plan));
}
