using System;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What an AI service refuses, in the words of who asks.</summary>
public sealed class AiRefusalTests
{
    private static readonly string Consumers = $$"""
        [consumers.shop]
        keys = [{ sha256 = "{{Hash("shop-key")}}" }]
        models = ["fast"]
        [consumers.lab]
        keys = [{ sha256 = "{{Hash("lab-key")}}" }]
        models = ["raw/*"]
        [middlewares.key.api_key]
        header = "Authorization"
        scheme = "Bearer"
        """;

    [Theory]
    [InlineData("{\"model\":\"fast\",\"model\":\"raw/x\"}", 400)]
    [InlineData("{\"model\":\"fast\",\"m\\u006fdel\":\"raw/x\"}", 400)]
    [InlineData("{\"model\":\"fast\",\"Model\":\"raw/x\"}", 400)]
    [InlineData("{\"model\":\"fast\",\"Options\":{\"num_predict\":-1}}", 400)]
    [InlineData("{\"model\":\"fast\"}{}", 400)]
    [InlineData("{\"model\":\"fast\"", 400)]
    [InlineData("[\"fast\"]", 400)]
    [InlineData("{\"model\":\"fast\u00ff\"}", 404)]
    [InlineData("", 400)]
    [InlineData("{}", 400)]
    [InlineData("{\"model\":7}", 400)]
    [InlineData("{\"model\":\"\"}", 404)]
    [InlineData("{\"model\":\"real-model\"}", 404)]
    [InlineData("{\"model\":\"FAST\"}", 404)]
    public async Task Body_NotGood_IsRefusedInEachDialect(string body, int status)
    {
        await using ModelServer openAi = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(openAi, "openai"));

        RawResponse chat = await AiProxy.PostAsync(proxy, "/v1/chat/completions", body);
        RawResponse messages = await AiProxy.PostAsync(proxy, "/v1/messages", body);
        RawResponse ollama = await AiProxy.PostAsync(proxy, "/api/chat", body);

        Assert.Equal((status, status, status), (chat.Status, messages.Status, ollama.Status));
        JsonObject error = AiProxy.Json(chat)["error"]!.AsObject();
        Assert.Equal(["message", "type", "param", "code"], error.Select(member => member.Key));
        Assert.Equal("error", AiProxy.Json(messages)["type"]!.GetValue<string>());
        Assert.Equal(
            status == 404 ? "not_found_error" : "invalid_request_error",
            AiProxy.Json(messages)["error"]!["type"]!.GetValue<string>());
        Assert.NotEqual("", AiProxy.Json(ollama)["error"]!.GetValue<string>());
        Assert.Empty(openAi.Requests);
    }

    [Fact]
    public async Task Body_NotUtf8OrTooDeep_IsRefused()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));
        string deep = $"{{\"model\":\"fast\",\"x\":{new string('[', 10_000)}{new string(']', 10_000)}}}";

        RawResponse notUtf8 = await RawClient.OnceAsync(proxy.Port,
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n{\"model\":\"fast\u00ff\"}", "POST");

        Assert.Equal(400, notUtf8.Status);
        Assert.Equal(400, (await AiProxy.PostAsync(proxy, "/v1/chat/completions", deep)).Status);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("/v1/messages", "openai", 400)]
    [InlineData("/v1/chat/completions", "anthropic", 400)]
    [InlineData("/v1/files", "openai", 404)]
    [InlineData("/api/pull", "ollama", 404)]
    public async Task Path_NotServed_IsRefused(string path, string kind, int status)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));

        Assert.Equal(status, (await AiProxy.PostAsync(proxy, path, "{\"model\":\"fast\"}")).Status);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Method_NotThePaths_Is405()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "openai"));

        RawResponse get = await RawClient.GetAsync(proxy.Port, "/v1/chat/completions");
        RawResponse post = await AiProxy.PostAsync(proxy, "/v1/models", "{}");

        Assert.Equal((405, "POST"), (get.Status, get.Header("Allow")));
        Assert.Equal((405, "GET, HEAD"), (post.Status, post.Header("Allow")));
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/messages")]
    public async Task Body_TooLong_Is413AndTheServiceGoesOn(string path)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            AiProxy.Config(server, "openai", service: "body_bytes_max = \"2KiB\""));
        string body = $"{{\"model\":\"fast\",\"x\":\"{new string('x', 3000)}\"}}";

        RawResponse declared = await AiProxy.PostAsync(proxy, path, body);
        RawResponse chunked = await RawClient.OnceAsync(proxy.Port,
            $"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n", "POST");
        RawResponse good = await AiProxy.PostAsync(proxy, "/v1/chat/completions", "{\"model\":\"fast\"}");

        Assert.Equal((413, 413, 200), (declared.Status, chunked.Status, good.Status));
        Assert.NotNull(AiProxy.Json(declared)["error"]);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Bodies_MoreThanTheBudget_Are503AndTheMemoryComesBack()
    {
        await using ModelServer server = ModelServer.Start();
        ProxyConfig config = AiProxy.Config(server, "openai");
        config.More = "[ai]\nbuffer_bytes_max = \"384KiB\"\n" + config.More;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string start = $"{{\"model\":\"fast\",\"x\":\"{new string('x', 150_000)}";
        using RawClient waiting = await proxy.ConnectAsync();
        await waiting.SendAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: {start.Length + 2}\r\n\r\n{start}");
        await Eventually.TrueAsync(
            async () => await BufferedAsync(proxy) >= 150_000, "the proxy to hold the first body");

        RawResponse refused = await AiProxy.PostAsync(proxy, "/v1/messages", start + "\"}");
        await waiting.SendAsync("\"}");
        RawResponse served = await waiting.ReadResponseAsync("POST");

        Assert.Equal((503, "1"), (refused.Status, refused.Header("Retry-After")));
        Assert.Equal("overloaded_error", AiProxy.Json(refused)["error"]!["type"]!.GetValue<string>());
        Assert.Equal(200, served.Status);
        await Eventually.TrueAsync(async () => await BufferedAsync(proxy) == 0, "the memory to come back");
    }

    [Fact]
    public async Task Provider_NotThere_IsAFaultInTheDialect()
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "anthropic"));
        server.Server.StopAccepting();

        RawResponse answer = await AiProxy.PostAsync(proxy, "/v1/messages", "{\"model\":\"fast\"}");

        Assert.Equal(502, answer.Status);
        Assert.Equal("api_error", AiProxy.Json(answer)["error"]!["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task Provider_Refuses_ItsAnswerPasses()
    {
        await using ModelServer server = ModelServer.Start();
        server.Temper = ModelTemper.Overloaded;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, "anthropic"));

        RawResponse answer = await AiProxy.PostAsync(proxy, "/v1/messages", "{\"model\":\"fast\"}");

        Assert.Equal((503, "300"), (answer.Status, answer.Header("Retry-After")));
        Assert.Equal("Overloaded", AiProxy.Json(answer)["error"]!["message"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("shop-key", "fast", 200)]
    [InlineData("shop-key", "raw/x", 404)]
    [InlineData("lab-key", "raw/x", 200)]
    [InlineData("lab-key", "fast", 404)]
    [InlineData("lab-key", "nothing", 404)]
    public async Task Consumer_Models_AreThoseOfItsList(string key, string model, int status)
    {
        await using ModelServer server = ModelServer.Start();
        ProxyConfig config = AiProxy.Config(server, "openai", more: Consumers);
        config.More = config.More.Replace("service = \"llm\"", "service = \"llm\"\nmiddlewares = [\"key\"]", StringComparison.Ordinal);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string fields = $"Authorization: Bearer {key}\r\n";

        RawResponse answer = await AiProxy.PostAsync(proxy, "/v1/chat/completions", $"{{\"model\":\"{model}\"}}", fields);
        RawResponse unknown = await AiProxy.PostAsync(proxy, "/v1/chat/completions", "{\"model\":\"never\"}", fields);
        RawResponse list = await RawClient.GetAsync(proxy.Port, "/v1/models", fields);
        RawResponse one = await RawClient.GetAsync(proxy.Port, "/v1/models/fast", fields);
        RawResponse ofMany = await RawClient.GetAsync(proxy.Port, "/v1/models/raw/x", fields);
        RawResponse tags = await RawClient.GetAsync(proxy.Port, "/api/tags", fields);
        RawResponse anthropic = await RawClient.GetAsync(proxy.Port, "/v1/models", fields + "anthropic-version: 2023-06-01\r\n");

        Assert.Equal(status, answer.Status);
        if (status == 404)
        {
            // Nothing tells a model that is not theirs from one that is not there.
            Assert.Equal(unknown.BodyText, answer.BodyText);
        }

        bool isShop = key == "shop-key";
        string[] expected = isShop ? ["fast"] : [];
        Assert.Equal(expected, AiProxy.Json(list)["data"]!.AsArray().Select(entry => entry!["id"]!.GetValue<string>()));
        Assert.Equal(expected, AiProxy.Json(tags)["models"]!.AsArray().Select(entry => entry!["name"]!.GetValue<string>()));
        Assert.Equal(expected, AiProxy.Json(anthropic)["data"]!.AsArray().Select(entry => entry!["id"]!.GetValue<string>()));
        Assert.Equal(isShop ? 200 : 404, one.Status);
        Assert.Equal(isShop ? 404 : 200, ofMany.Status);
    }

    private static string Hash(string key) =>
        Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(key))).ToLower(CultureInfo.InvariantCulture);

    private static async Task<double> BufferedAsync(ProxyProcess proxy) =>
        ProxyProcess.MetricIn((await proxy.AdminAsync("/metrics")).BodyText, "edgeproxy_ai_buffered_bytes") ?? -1;
}
