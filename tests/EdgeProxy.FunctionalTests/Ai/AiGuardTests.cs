using System;
using System.IO;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What a guard keeps from models, and from who asks them.</summary>
public sealed class AiGuardTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Card = "4111 1111 1111 1111";

    private const string Guarded = """
        [routers.guarded]
        rule = "PathPrefix(`/`)"
        priority = 1000
        middlewares = ["guard"]
        service = "llm"
        [middlewares.guard.ai_guard]
        """;

    [Theory]
    [InlineData("openai", Chat, "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"TEXT\"}]}")]
    [InlineData("openai", Chat, "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"TEXT\"}]}]}")]
    [InlineData("openai", "/v1/responses", "{\"model\":\"fast\",\"input\":\"TEXT\"}")]
    [InlineData("openai", "/v1/responses", "{\"model\":\"fast\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"TEXT\"}]}]}")]
    [InlineData("openai", "/v1/embeddings", "{\"model\":\"fast\",\"input\":[\"a\",\"TEXT\"]}")]
    [InlineData("anthropic", "/v1/messages", "{\"model\":\"fast\",\"max_tokens\":5,\"system\":\"TEXT\",\"messages\":[]}")]
    [InlineData("anthropic", "/v1/messages/count_tokens", "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"TEXT\"}]}")]
    [InlineData("ollama", "/api/chat", "{\"model\":\"fast\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"TEXT\"}]}")]
    [InlineData("ollama", "/api/generate", "{\"model\":\"fast\",\"stream\":false,\"prompt\":\"TEXT\"}")]
    public async Task Prompt_IsMaskedOrRefusedInEachDialect(string kind, string path, string body)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind, more: Guarded + """

            prompt = [{ detect = "card_number", action = "mask" }, { detect = "secret", action = "block" }]
            """));

        RawResponse masked = await AiProxy.PostAsync(proxy, path, body.Replace("TEXT", $"pay {Card} caf\\u00e9"));
        RawResponse refused = await AiProxy.PostAsync(proxy, path, body.Replace("TEXT", "AKIAIOSFODNN7EXAMPLE"));

        Assert.Equal((200, 403), (masked.Status, refused.Status));
        RawRequest request = Assert.Single(server.Requests);
        Assert.Equal(
            body.Replace("TEXT", "pay [CARD_NUMBER] caf\\u00e9").Replace("\"fast\"", "\"real-model\""),
            Encoding.UTF8.GetString(request.Body));
        JsonNode error = AiProxy.Json(refused)["error"]!;
        string message = kind == "ollama" ? (string)error! : (string)error["message"]!;
        Assert.Contains("guard of this gateway: secret", message);
        Assert.DoesNotContain("AKIA", Encoding.UTF8.GetString(refused.Body));
        if (kind == "openai")
        {
            Assert.Equal("content_filter", (string)error["code"]!);
        }
    }

    // By rule: a count, the access log. What only would have been done says so.
    [Fact]
    public async Task Findings_AreToldByRule()
    {
        const string Answer = "{\"choices\":[{\"message\":{\"content\":\"write to ann@example.com\"}}]}";
        await using RawServer server = Answering(Encoding.UTF8.GetBytes(Answer), "");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server.Port, "openai", more: Guarded
            + """

            prompt = [{ detect = "card_number", action = "mask" }, { detect = "secret", action = "block", report_only = true }]
            answer = [{ detect = "email", action = "mask", name = "mail" }, { detect = "iban", action = "block" }]
            [access_log]
            output = "stderr"
            """));

        RawResponse answer = await AiProxy.PostAsync(
            proxy, Chat, $"{{\"model\":\"fast\",\"input\":[\"{Card}\",\"{Card}\",\"AKIAIOSFODNN7EXAMPLE\"]}}");

        Assert.Equal(200, answer.Status);
        const string Family = "edgeproxy_ai_guard_findings_total";
        const string Labels = "guard=\"guard\",side=";
        await proxy.ExpectMetricAsync(2, Family,
            Labels + "\"prompt\",rule=\"card_number\",action=\"mask\",report_only=\"false\"");
        await proxy.ExpectMetricAsync(1, Family,
            Labels + "\"prompt\",rule=\"secret\",action=\"block\",report_only=\"true\"");
        await proxy.ExpectMetricAsync(1, Family,
            Labels + "\"answer\",rule=\"mail\",action=\"mask\",report_only=\"false\"");
        await proxy.ExpectMetricAsync(0, Family,
            Labels + "\"answer\",rule=\"iban\",action=\"block\",report_only=\"false\"");
        Assert.Contains(
            "\"guard\":\"prompt=card_number:mask:2,secret:block?:1 answer=mail:mask:1\"",
            await proxy.WaitForLineAsync("\"path\":\"/v1/chat/completions\""));
    }

    // A long prompt is looked at off the loop: it is masked and refused as a short one is.
    [Fact]
    public async Task Prompt_ThatIsLong_IsMaskedOrRefusedToo()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai", more: Guarded + """

            prompt = [{ detect = "card_number", action = "mask" }, { detect = "secret", action = "block" }]
            """));
        string text = new('x', 300_000);
        string body = $"{{\"model\":\"fast\",\"messages\":[{{\"role\":\"user\",\"content\":\"{text} TEXT\"}}]}}";

        RawResponse masked = await AiProxy.PostAsync(proxy, Chat, body.Replace("TEXT", Card));
        RawResponse refused = await AiProxy.PostAsync(proxy, Chat, body.Replace("TEXT", "AKIAIOSFODNN7EXAMPLE"));

        Assert.Equal((200, 403), (masked.Status, refused.Status));
        Assert.Equal(
            body.Replace("TEXT", "[CARD_NUMBER]").Replace("\"fast\"", "\"real-model\""),
            Encoding.UTF8.GetString(Assert.Single(server.Requests).Body));
    }

    [Fact]
    public async Task Prompt_WithAnImage_IsRefusedUnlessAttachmentsPass()
    {
        const string Body = "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
            + "\"image_url\":{\"url\":\"data:image/png;base64,eA==\"}}]}]}";
        foreach ((string more, int status) in new[] { ("", 403), ("attachments = \"pass\"", 200) })
        {
            await using ModelServer server = ModelServer.Start();
            await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai", more:
                $"{Guarded}\nprompt = [{{ detect = \"secret\", action = \"block\" }}]\n{more}"));

            Assert.Equal(status, (await AiProxy.PostAsync(proxy, Chat, Body)).Status);
            Assert.Equal(status == 200 ? 1 : 0, server.Requests.Count);
        }
    }

    [Theory]
    [InlineData("", "{\"choices\":[{\"message\":{\"content\":\"pay [CARD_NUMBER], caf\\u00e9\"}}]}", 200)]
    [InlineData("Content-Encoding: gzip\r\n", "withheld", 502)]
    [InlineData("Content-Type: text/html\r\n", "withheld", 502)]
    public async Task Answer_IsMasked_AndWithheldIfItCannotBeLookedInto(string field, string expected, int status)
    {
        string body = $"{{\"choices\":[{{\"message\":{{\"content\":\"pay {Card}, caf\\u00e9\"}}}}]}}";
        await using RawServer server = Answering(field.Contains("gzip", StringComparison.Ordinal)
            ? Gzip(body)
            : Encoding.UTF8.GetBytes(body), field);
        await using ProxyProcess proxy = await StartAsync(server, "{ detect = \"card_number\", action = \"mask\" }");

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"fast\"}");

        Assert.Equal(status, answer.Status);
        Assert.Contains(expected, Encoding.UTF8.GetString(answer.Body));
    }

    [Theory]
    [InlineData("{\"choices\":[{\"message\":{\"content\":\"4111 1111 1111 1111\"}}]}", 403)]
    [InlineData("{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{\"arguments\":\"{\\\"n\\\":4111111111111111}\"}}]}}]}", 403)]
    [InlineData("{\"choices\":[{\"message\":{\"refusal\":\"4111 1111 1111 1111\"}}]}", 403)]
    [InlineData("{\"choices\":[{\"message\":{\"content\":\"4111 1111\"}}]}", 200)]
    [InlineData("{\"choices\":[", 502)]
    [InlineData("{\"a\":1,\"a\":2}", 502)]
    public async Task Answer_ThatIsBlocked_IsWithheldWhole(string body, int status)
    {
        await using RawServer server = Answering(Encoding.UTF8.GetBytes(body), "");
        await using ProxyProcess proxy = await StartAsync(server, "{ detect = \"card_number\", action = \"block\" }");

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"fast\"}");

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 200, Encoding.UTF8.GetString(answer.Body) == body);
        Assert.DoesNotContain("1111 1111 1111", Encoding.UTF8.GetString(answer.Body));
    }

    [Fact]
    public async Task Answer_LongerThanIsHeld_IsWithheld_AndPassesIfRulesOnlyTell()
    {
        byte[] body = Encoding.ASCII.GetBytes($"{{\"text\":\"{new string('x', 200_000)}\"}}");
        foreach ((string action, int status) in new[] { ("mask", 502), ("flag", 200) })
        {
            await using RawServer server = Answering(body, "");
            await using ProxyProcess proxy = await StartAsync(
                server, $"{{ detect = \"card_number\", action = \"{action}\" }}", "answer_bytes_max = \"64KiB\"");

            RawResponse answer = await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"fast\"}");

            Assert.Equal(status, answer.Status);
            Assert.Equal(status == 200, answer.Body.AsSpan().SequenceEqual(body));
        }
    }

    // The stream of the model server in each dialect, whole and one byte at a time: a word of it is masked.
    [Theory]
    [InlineData("openai", Chat, false)]
    [InlineData("openai", Chat, true)]
    [InlineData("openai", "/v1/responses", false)]
    [InlineData("openai", "/v1/responses", true)]
    [InlineData("anthropic", "/v1/messages", false)]
    [InlineData("anthropic", "/v1/messages", true)]
    [InlineData("ollama", "/api/chat", true)]
    [InlineData("ollama", "/api/generate", true)]
    public async Task Stream_IsMasked(string kind, string path, bool isOneByte)
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = isOneByte ? ModelTemper.OneByte : ModelTemper.Good;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind, more: Guarded + """

            answer = [{ detect = "words", action = "mask", name = "greeting", words = ["good  morning"] }]
            """));

        RawResponse answer = await AiProxy.PostAsync(
            proxy, path, "{\"model\":\"fast\",\"stream\":true,\"max_tokens\":5,\"messages\":[]}");

        string body = Encoding.UTF8.GetString(answer.Body);
        Assert.Equal(200, answer.Status);
        Assert.DoesNotContain("morning", body);
        Assert.Equal("[GREETING], caf\u00e9!", TextOf(path, body));
        Assert.DoesNotContain("\"usage\":null", body);
    }

    [Theory]
    [InlineData("openai", Chat, "[DONE]")]
    [InlineData("openai", "/v1/responses", "response.incomplete")]
    [InlineData("anthropic", "/v1/messages", "message_stop")]
    [InlineData("ollama", "/api/chat", "\"done_reason\":\"content_filter\"")]
    public async Task Stream_ThatIsBlocked_EndsAndTheModelIsLetGo(string kind, string path, string end)
    {
        await using ModelServer server = ModelServer.Start();
        server.Server.ToleratesFaults = true; // it is cut off
        server.Temper = ModelTemper.Good;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind, more: Guarded + """

            answer = [{ detect = "words", action = "block", words = ["morning"] }]
            """));

        for (int i = 0; i < 2; i++)
        {
            RawResponse answer = await AiProxy.PostAsync(
                proxy, path, "{\"model\":\"fast\",\"stream\":true,\"max_tokens\":5,\"messages\":[]}");

            Assert.Equal(200, answer.Status);
            Assert.DoesNotContain("morning", Encoding.UTF8.GetString(answer.Body));
            Assert.Contains(end, Encoding.UTF8.GetString(answer.Body));
        }

        // A connection with the rest of an answer in it is not used again.
        Assert.Equal(2, server.Server.ConnectionCount);
    }

    [Fact]
    public async Task Stream_UnderRulesThatOnlyTell_IsAsItCame()
    {
        await using ModelServer server = ModelServer.Start();
        const string Body = "{\"model\":\"fast\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[]}";
        string[] answers = new string[2];
        for (int i = 0; i < 2; i++)
        {
            await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai", more:
                i == 0 ? "" : $"{Guarded}\nanswer = [{{ detect = \"words\", action = \"block\", words = [\"morning\"], report_only = true }}]"));
            answers[i] = Encoding.UTF8.GetString((await AiProxy.PostAsync(proxy, Chat, Body)).Body);
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.Contains("morning", answers[1]);
    }

    [Fact]
    public async Task Verdicts_AreInTheAuditRecordAndInMetrics()
    {
        using var chain = new AuditChain();
        await using RawServer server = Answering(
            Encoding.UTF8.GetBytes($"{{\"choices\":[{{\"message\":{{\"content\":\"{Card}, a@b.com\"}}}}]}}"), "");
        await using (ProxyProcess proxy = await StartAsync(
            server,
            "{ detect = \"card_number\", action = \"mask\" }, { detect = \"email\", action = \"block\", report_only = true }",
            chain.Table()))
        {
            Assert.Equal(200, (await AiProxy.PostAsync(proxy, Chat, "{\"model\":\"fast\"}")).Status);
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        JsonNode facts = Assert.Single(chain.Verified("exchange"))["facts"]!;
        Assert.Equal("card_number:mask:1,email:block?:1", (string)facts["edgeproxy.ai.guard.answer"]!);
        Assert.Equal("ok", (string)facts["edgeproxy.ai.outcome"]!);
    }

    private static string TextOf(string path, string body)
    {
        var text = new StringBuilder();
        foreach (string line in body.Split('\n'))
        {
            string json = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : line;
            if (!json.StartsWith('{') || JsonNode.Parse(json) is not { } data)
            {
                continue;
            }

            string type = data["type"] is JsonValue value ? (string)value! : "";
            JsonArray? choices = data["choices"]?.AsArray();
            text.Append(path switch
            {
                Chat => choices is { Count: > 0 } ? (string?)choices[0]!["delta"]!["content"] : "",
                "/v1/responses" => type == "response.output_text.delta" ? (string?)data["delta"] : "",
                "/v1/messages" => type == "content_block_delta" ? (string?)data["delta"]!["text"] : "",
                "/api/chat" => (string?)data["message"]?["content"],
                _ => (string?)data["response"],
            });
        }

        return text.ToString();
    }

    private static Task<ProxyProcess> StartAsync(RawServer server, string rules, string more = "") =>
        ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                {{Guarded}}
                answer = [{{rules}}]
                {{(more.Contains('[') ? "" : more)}}

                [services.llm.ai]
                models = [{ name = "fast", provider = "p" }]
                [ai.providers.p]
                kind = "openai"
                base_url = "http://127.0.0.1:{{server.Port}}/v1"

                {{(more.Contains('[') ? more : "")}}
                """,
        });

    private static RawServer Answering(byte[] body, string fields) => RawServer.Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is not null)
        {
            string type = fields.Contains("Type", StringComparison.Ordinal) ? "" : "Content-Type: application/json\r\n";
            await connection.SendAsync([
                .. Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 200 OK\r\n{type}{fields}Content-Length: {body.Length}\r\n\r\n"),
                .. body,
            ]);
        }
    });

    private static byte[] Gzip(string text)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return stream.ToArray();
    }
}
