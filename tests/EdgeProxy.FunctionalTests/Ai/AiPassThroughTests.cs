using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>AI services: what goes to a provider, what comes back, and what stays here.</summary>
public sealed class AiPassThroughTests
{
    public static TheoryData<string, string, string> Dialects() => new()
    {
        { "openai", "/v1/chat/completions", "/v1/chat/completions" },
        { "openai_compatible", "/v1/chat/completions", "/v1/chat/completions" },
        { "openai", "/v1/responses", "/v1/responses" },
        { "openai", "/v1/embeddings", "/v1/embeddings" },
        { "anthropic", "/v1/messages", "/v1/messages" },
        { "anthropic", "/v1/messages/count_tokens", "/v1/messages/count_tokens" },
        { "ollama", "/api/chat", "/api/chat" },
        { "ollama", "/api/generate", "/api/generate" },
        { "ollama", "/v1/chat/completions", "/v1/chat/completions" },
    };

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Call_OwnDialect_PassesByteForByteButForTheModel(string kind, string path, string at)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));
        const string Body = "{ \"temperature\" : 1.0e0,\n \"model\":\"f\\u0061st\" , \"x\":{\"\u00e9\":[1,2 ]}, \"stream\":false }";

        RawResponse answer = await AiProxy.PostAsync(proxy, path, Body,
            "Authorization: Bearer client-secret\r\nCookie: a=1\r\nx-api-key: client-secret\r\nX-Forwarded-For: 9.9.9.9\r\n"
                + "Accept-Encoding: gzip\r\nanthropic-version: 2023-06-01\r\nX-Stainless-Lang: js\r\n");

        Assert.Equal(200, answer.Status);
        RawRequest seen = server.Last;
        Assert.Equal(at, seen.Target);
        Assert.Equal(Body.Replace("\"f\\u0061st\"", "\"real-model\"", StringComparison.Ordinal), Encoding.UTF8.GetString(seen.Body));
        Assert.DoesNotContain("client-secret", seen.Head.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Forwarded", seen.Head.Text, StringComparison.OrdinalIgnoreCase);
        Assert.False(seen.Head.Has("Cookie") || seen.Head.Has("Accept-Encoding"));
        Assert.Equal("2023-06-01", seen.Head.One("anthropic-version"));
        Assert.Equal("js", seen.Head.One("X-Stainless-Lang"));
        Assert.Equal(
            kind == "anthropic" ? AiProxy.ProviderKey : $"Bearer {AiProxy.ProviderKey}",
            seen.Head.One(kind == "anthropic" ? "x-api-key" : "Authorization"));
        Assert.Equal(ModelAnswers.Whole(at, ModelServer.BodyOf(seen), server), Encoding.UTF8.GetString(answer.Body));
        Assert.False(answer.Head.Has("Set-Cookie"));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Stream_OwnDialect_PassesByteForByte(string kind, string path, string at)
    {
        if (path.EndsWith("embeddings", StringComparison.Ordinal) || path.EndsWith("count_tokens", StringComparison.Ordinal))
        {
            return;
        }

        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));
        foreach (ModelTemper temper in new[] { ModelTemper.Good, ModelTemper.OneByte, ModelTemper.NoUsage })
        {
            server.Temper = temper;

            RawResponse answer = await AiProxy.PostAsync(
                proxy, path, "{\"model\":\"fast\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");

            Assert.Equal(200, answer.Status);
            Assert.True(answer.IsWhole);
            Assert.Equal(
                string.Concat(ModelAnswers.Stream(at, ModelServer.BodyOf(server.Last), server)),
                Encoding.UTF8.GetString(answer.Body));
        }

        const string Labels = "service=\"llm\",gen_ai_request_model=\"fast\",gen_ai_provider_name=\"p\"";
        await proxy.ExpectMetricAsync(14, "gen_ai_client_token_usage_sum", Labels + ",gen_ai_token_type=\"input\"");
        await proxy.ExpectMetricAsync(6, "gen_ai_client_token_usage_sum", Labels + ",gen_ai_token_type=\"output\"");
        await proxy.ExpectMetricAsync(1, "edgeproxy_ai_calls_without_usage_total", Labels);
    }

    [Theory]
    [InlineData("", "\"stream_options\":{\"include_usage\":true},")]
    [InlineData("\"stream_options\":null,", "\"stream_options\":{\"include_usage\":true},")]
    [InlineData("\"stream_options\":{},", "\"stream_options\":{\"include_usage\":true},")]
    [InlineData("\"stream_options\":{\"include_obfuscation\":false},", "\"stream_options\":{\"include_usage\":true,\"include_obfuscation\":false},")]
    [InlineData("\"stream_options\":{\"include_usage\":false},", "\"stream_options\":{\"include_usage\":true},")]
    public async Task ChatStream_UsageNotAsked_IsCountedAndNotSeen(string options, string sent)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));
        foreach (ModelTemper temper in new[] { ModelTemper.Good, ModelTemper.OneByte })
        {
            server.Temper = temper;

            RawResponse answer = await AiProxy.PostAsync(
                proxy, "/v1/chat/completions", $"{{{options}\"model\":\"fast\",\"stream\":true}}");

            Assert.Equal($"{{{sent}\"model\":\"real-model\",\"stream\":true}}", Encoding.UTF8.GetString(server.Last.Body));
            Assert.Equal(
                string.Concat(ModelAnswers.Stream("/v1/chat/completions", System.Text.Json.Nodes.JsonNode.Parse("{\"model\":\"real-model\"}")!, server)),
                Encoding.UTF8.GetString(answer.Body));
        }

        await proxy.ExpectMetricAsync(6, "gen_ai_client_token_usage_sum", "gen_ai_token_type=\"output\"");
    }

    [Fact]
    public async Task ChatStream_ProviderThatMayNotKnowTheOption_IsNotAsked()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai_compatible"));

        await AiProxy.PostAsync(proxy, "/v1/chat/completions", "{\"model\":\"raw/x\",\"stream\":true}");

        Assert.Equal("{\"model\":\"raw/x\",\"stream\":true}", Encoding.UTF8.GetString(server.Last.Body));
    }

    [Theory]
    [InlineData("raw/llama-3", "raw/llama-3")]
    [InlineData("up/qwen", "qwen:cloud")]
    public async Task Model_Wildcard_IsTheProvidersName(string asked, string sent)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));

        RawResponse answer = await AiProxy.PostAsync(proxy, "/v1/embeddings", $"{{\"model\":\"{asked}\",\"input\":\"a\"}}");

        Assert.Equal(200, answer.Status);
        Assert.Equal(sent, ModelServer.BodyOf(server.Last)["model"]!.GetValue<string>());
    }

    // A key in a query would be in the provider's logs.
    [Theory]
    [InlineData("?key=client-secret", "")]
    [InlineData("?beta=true&api_key=client-secret&api-version=2026-01-01", "?beta=true&api-version=2026-01-01")]
    [InlineData("?beta=true;key=client-secret&%62eta=1&betas=client-secret", "?beta=true&%62eta=1")]
    [InlineData("?", "")]
    [InlineData("?api-version", "?api-version")]
    public async Task Query_OfAClient_StaysHereButForTwoParameters(string query, string sent)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));
        foreach (string path in new[] { "/v1/chat/completions", "/v1/messages" })
        {
            RawResponse answer = await AiProxy.PostAsync(proxy, path + query, "{\"model\":\"fast\",\"messages\":[]}");

            Assert.Equal(200, answer.Status);
            Assert.Equal("/v1/chat/completions" + sent, server.Last.Target);
        }
    }

    [Theory]
    [InlineData("/v1/models/raw/x", 200, "raw/x")]
    [InlineData("/v1/models/f%61st", 200, "fast")]
    [InlineData("/v1/models/up%2Dto", 404, null)]
    [InlineData("/v1/models/raw/%ff", 404, null)]
    [InlineData("/v1/models/raw/a%3A3b", 200, "raw/a:3b")]
    [InlineData("/v1/models/raw/a+b", 200, "raw/a+b")]
    [InlineData("/v1/models/raw/a+b%3A3b%2B", 200, "raw/a+b:3b+")]
    public async Task Model_AskedForByName_IsThereIfItIsServed(string path, int status, string? name)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));

        RawResponse answer = await RawClient.GetAsync(proxy.Port, path);

        Assert.Equal(status, answer.Status);
        Assert.Equal(name, (string?)AiProxy.Json(answer)["id"]);
    }

    // Its clients read the error in their own shape, at paths that are not served, too.
    [Fact]
    public async Task Path_OfMessagesThatIsNotServed_Is404InTheirDialect()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));

        RawResponse answer = await AiProxy.PostAsync(proxy, "/v1/messages/batches", "{}");

        Assert.Equal(404, answer.Status);
        Assert.Equal("not_found_error", (string?)AiProxy.Json(answer)["error"]!["type"]);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("openai_compatible")]
    [InlineData("ollama")]
    public async Task Count_WhereNobodyCounts_IsEstimatedAndSaysSo(string kind)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));
        string words = string.Concat(Enumerable.Repeat("word ", 800));
        string body = $"{{\"model\":\"fast\",\"messages\":[{{\"role\":\"user\",\"content\":\"{words}\"}}]}}";

        RawResponse answer = await AiProxy.PostAsync(proxy, "/v1/messages/count_tokens", body);
        RawResponse unknown = await AiProxy.PostAsync(
            proxy, "/v1/messages/count_tokens", body.Replace("fast", "none", StringComparison.Ordinal));

        Assert.Equal((200, 404), (answer.Status, unknown.Status));
        Assert.Equal("input_tokens", answer.Head.One("X-EdgeProxy-Estimated"));
        Assert.Equal((body.Length + 3) / 4, AiProxy.Json(answer)["input_tokens"]!.GetValue<int>());
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Events_ArriveOneByOne()
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.Stalled;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync(AiProxy.Post("/v1/chat/completions", "{\"model\":\"fast\",\"stream\":true}"));
        RawResponse head = await client.ReadHeadAsync();
        string text = "";
        while (!text.Contains(ModelServer.Words[0], StringComparison.Ordinal))
        {
            byte[] bytes = await client.Wire.ReadSomeAsync("the first word while the model stalls");
            Assert.NotEmpty(bytes);
            text += Encoding.Latin1.GetString(bytes);
        }

        server.Gate.Open();
        while (!text.Contains("[DONE]", StringComparison.Ordinal))
        {
            text += Encoding.Latin1.GetString(await client.Wire.ReadSomeAsync("the rest"));
        }

        Assert.Equal("no", head.Header("X-Accel-Buffering"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_Gone_ServerIsToldAtOnce(bool isStreaming)
    {
        await using ModelServer server = ModelServer.Start();
        server.Server.ToleratesFaults = true;
        server.Temper = isStreaming ? ModelTemper.Stalled : ModelTemper.Slow;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "anthropic"));
        RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(AiProxy.Post("/v1/messages", "{\"model\":\"fast\",\"stream\":true}"));
        await server.Server.WaitForRequestsAsync(1);
        if (isStreaming)
        {
            await client.ReadHeadAsync();
        }

        client.Dispose();

        await Eventually.TrueAsync(
            async () => ProxyProcess.MetricIn((await proxy.AdminAsync("/metrics")).BodyText, "edgeproxy_clients_gone_total") == 1,
            "the proxy to see that the client is gone");
        server.Gate.Open();
        await server.Server.WaitForOpenAsync(0);
    }

    [Fact]
    public async Task Stream_CutByTheServer_IsCutForTheClient()
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.Cut;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));

        RawResponse answer = await AiProxy.PostAsync(proxy, "/v1/chat/completions", "{\"model\":\"fast\",\"stream\":true}");

        Assert.Equal(200, answer.Status);
        Assert.False(answer.IsWhole);
        Assert.Contains(ModelServer.Words[0], answer.BodyText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openai", "/v1/chat/completions")]
    [InlineData("openai", "/v1/responses")]
    [InlineData("anthropic", "/v1/messages")]
    [InlineData("ollama", "/api/chat")]
    public async Task Stream_ErrorWithin_PassesAndIsCounted(string kind, string path)
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.ErrorWithin;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));

        RawResponse answer = await AiProxy.PostAsync(proxy, path, "{\"model\":\"fast\",\"stream\":true}");

        Assert.True(answer.IsWhole);
        Assert.EndsWith(ModelAnswers.ErrorEvent(path), answer.BodyText, StringComparison.Ordinal);
        await proxy.ExpectMetricAsync(
            1,
            "edgeproxy_ai_stream_errors_total",
            "{service=\"llm\",gen_ai_request_model=\"fast\",gen_ai_provider_name=\"p\"}");
    }

    [Fact]
    public async Task Request_ChunkedAndExpectingContinue_IsReadAndSentWithALength()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await client.ReadHeadAsync()).Status);
        string filler = new('x', 70_000);
        foreach (string piece in new[] { "{\"mod", "el\":\"raw/m\",\"x\":\"", filler, "\"}" })
        {
            await client.SendAsync($"{piece.Length:x}\r\n{piece}\r\n");
        }

        await client.SendAsync("0\r\nX-Trailer: 1\r\n\r\n");
        RawResponse answer = await client.ReadResponseAsync("POST");
        RawResponse second = await client.RequestAsync(AiProxy.Post("/v1/chat/completions", "{\"model\":\"fast\"}"), "POST");

        Assert.Equal((200, 200), (answer.Status, second.Status));
        RawRequest seen = server.Requests[0];
        Assert.Equal($"{{\"model\":\"raw/m\",\"x\":\"{filler}\"}}", Encoding.UTF8.GetString(seen.Body));
        Assert.False(seen.Head.Has("Expect") || seen.Head.Has("Transfer-Encoding") || seen.Head.Has("Trailer"));
    }

    [Fact]
    public async Task ModelServer_PooledConnectionGone_CallIsMadeOnAnother()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));
        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 3; i++)
        {
            RawResponse answer = await client.RequestAsync(
                AiProxy.Post("/v1/chat/completions", "{\"model\":\"fast\"}"), "POST");
            Assert.Equal(200, answer.Status);
            server.Server.CloseAll(reset: i == 1);
        }

        Assert.Equal(3, server.Requests.Count);
        Assert.Single(server.Requests.Select(request => request.Head.StartLine).Distinct());
    }
}
