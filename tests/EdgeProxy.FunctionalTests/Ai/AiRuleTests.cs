using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What a service lets requests ask for: tokens, tools.</summary>
public sealed class AiRuleTests
{
    private const string Chat = "/v1/chat/completions";

    [Theory]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\"}", "{\"max_completion_tokens\":100,\"model\":\"raw/m\"}")]
    [InlineData("openai_compatible", Chat, "{\"model\":\"raw/m\"}", "{\"max_tokens\":100,\"model\":\"raw/m\"}")]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"max_tokens\":99}", "{\"model\":\"raw/m\",\"max_tokens\":99}")]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"max_tokens\":101}", "{\"model\":\"raw/m\",\"max_tokens\":100}")]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"max_tokens\":5,\"max_completion_tokens\":1e9}",
        "{\"model\":\"raw/m\",\"max_tokens\":5,\"max_completion_tokens\":100}")]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"max_tokens\":\"9999\"}", "{\"model\":\"raw/m\",\"max_tokens\":100}")]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"max_tok\\u0065ns\":null,\"n\":3}", "{\"model\":\"raw/m\",\"max_tok\\u0065ns\":33,\"n\":3}")]
    [InlineData("openai", "/v1/responses", "{\"model\":\"raw/m\",\"max_output_tokens\":99999999999999999999}",
        "{\"model\":\"raw/m\",\"max_output_tokens\":100}")]
    [InlineData("anthropic", "/v1/messages", "{\"model\":\"raw/m\",\"max_tokens\":4096}", "{\"model\":\"raw/m\",\"max_tokens\":100}")]
    [InlineData("ollama", "/api/chat", "{\"model\":\"raw/m\"}", "{\"options\":{\"num_predict\":100},\"model\":\"raw/m\"}")]
    [InlineData("ollama", "/api/chat", "{\"model\":\"raw/m\",\"options\":{\"num_predict\":-1}}", "{\"model\":\"raw/m\",\"options\":{\"num_predict\":100}}")]
    [InlineData("ollama", "/api/generate", "{\"model\":\"raw/m\",\"options\":{\"seed\":1}}",
        "{\"model\":\"raw/m\",\"options\":{\"num_predict\":100,\"seed\":1}}")]
    public async Task OutputTokens_Capped_UnderEachName(string kind, string path, string body, string sent)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            AiProxy.Config(server, kind, service: "output_tokens_max = 100"));

        RawResponse answer = await AiProxy.PostAsync(proxy, path, body);

        Assert.Equal(200, answer.Status);
        Assert.Equal(sent, Encoding.UTF8.GetString(server.Last.Body));
    }

    [Theory]
    [InlineData("{\"model\":\"fast\",\"n\":101}")]
    [InlineData("{\"model\":\"fast\",\"n\":\"2\"}")]
    [InlineData("{\"model\":\"fast\",\"n\":0}")]
    public async Task OutputTokens_ChoicesThatCannotShare_AreRefused(string body)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            AiProxy.Config(server, "openai", service: "output_tokens_max = 100"));

        Assert.Equal(400, (await AiProxy.PostAsync(proxy, Chat, body)).Status);
        Assert.Empty(server.Requests);
    }

    // The plan, the guard and the provider see the request as the rules leave it.
    [Theory]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"temperature\" : 2.0,\"user\":\"ann\",\"seed\":1}",
        "{\"store\":false,\"model\":\"raw/m\",\"temperature\" : 1.2,\"seed\":1}")]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"store\":true}", "{\"model\":\"raw/m\",\"store\":false}")]
    [InlineData("openai", "/v1/embeddings", "{\"model\":\"raw/m\"}", "{\"model\":\"raw/m\"}")]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"logit_bias\":{}}", null)]
    [InlineData("openai", Chat, "{\"model\":\"raw/m\",\"temperature\":\"hot\"}", null)]
    [InlineData("anthropic", "/v1/messages", "{\"model\":\"raw/m\",\"logit_bias\":{}}", null)]
    public async Task Parameters_AreBoundForcedDroppedAndRejected(string kind, string path, string body, string? sent)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind, service: """
            parameters = [
              { path = "temperature", max = 1.2 },
              { path = "store", force = false, apis = ["chat_completions"] },
              { path = "user", drop = true },
              { path = "logit_bias", reject = true },
            ]
            """));

        RawResponse answer = await AiProxy.PostAsync(proxy, path, body);

        Assert.Equal(sent is null ? 400 : 200, answer.Status);
        if (sent is not null)
        {
            Assert.Equal(sent, Encoding.UTF8.GetString(server.Last.Body));
            return;
        }

        Assert.Empty(server.Requests);
        System.Text.Json.Nodes.JsonNode error = AiProxy.Json(answer)["error"]!;
        Assert.Contains("The parameter ", (string)error["message"]!, System.StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", (string)error["type"]!);
    }

    [Theory]
    [InlineData("", "openai", Chat, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}]", 200)]
    [InlineData("", "openai", Chat, "\"tools\":null", 200)]
    [InlineData("", "openai", Chat, "\"web_search_options\":{}", 403)]
    [InlineData("", "openai", "/v1/responses", "\"tools\":[{\"type\":\"function\",\"name\":\"weather\"}]", 200)]
    [InlineData("", "openai", "/v1/responses", "\"tools\":[{\"type\":\"web_search\"}]", 403)]
    [InlineData("", "openai", "/v1/responses", "\"tools\":[{\"type\":\"function\",\"name\":\"a\"},{\"type\":\"mcp\",\"server_url\":\"x\"}]", 403)]
    [InlineData("", "openai", "/v1/responses", "\"t\\u006fols\":[{\"type\":\"code_interpreter\"}]", 403)]
    [InlineData("", "openai", "/v1/responses", "\"tools\":{\"type\":\"web_search\"}", 403)]
    [InlineData("", "anthropic", "/v1/messages", "\"tools\":[{\"name\":\"weather\",\"input_schema\":{}}]", 200)]
    [InlineData("", "anthropic", "/v1/messages", "\"tools\":[{\"type\":\"bash_20250124\",\"name\":\"bash\"}]", 200)]
    [InlineData("", "anthropic", "/v1/messages", "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", 403)]
    [InlineData("", "anthropic", "/v1/messages", "\"mcp_servers\":[{}]", 403)]
    [InlineData("server_tools = true", "openai", "/v1/responses", "\"tools\":[{\"type\":\"web_search\"}]", 200)]
    [InlineData("tools_allowed = [\"get_*\"]", "openai", Chat, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}]", 200)]
    [InlineData("tools_allowed = [\"get_*\"]", "openai", Chat, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"delete_all\"}}]", 403)]
    [InlineData("tools_allowed = [\"get_*\"]", "openai", Chat,
        "\"tools\":[{\"type\":\"function\",\"name\":\"get_a\",\"function\":{\"name\":\"delete_all\"}}]", 403)]
    [InlineData("tools_allowed = [\"get_*\"]", "openai", Chat, "\"functions\":[{\"name\":\"delete_all\"}]", 403)]
    [InlineData("tools_denied = [\"delete_*\"]", "anthropic", "/v1/messages", "\"tools\":[{\"name\":\"d\\u0065lete_all\"}]", 403)]
    [InlineData("tools_denied = [\"delete_*\"]", "ollama", "/api/chat", "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get\"}}]", 200)]
    public async Task Tools_ByNameAndByWhoRunsThem(string service, string kind, string path, string tools, int status)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind, service));

        RawResponse answer = await AiProxy.PostAsync(proxy, path, $"{{\"model\":\"fast\",{tools}}}");

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 200 ? 1 : 0, server.Requests.Count);
    }
}
