using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace EdgeProxy.Tests.Host.Commands;

public sealed class ExplainCommandTests
{
    private const string Toml = """
        [entrypoints.web]
        address = "127.0.0.1:8080"
        [entrypoints.internal]
        address = "127.0.0.1:8081"
        [routers.orders]
        entrypoints = ["web"]
        rule = "Host(`shop.example.com`) && PathPrefix(`/orders`)"
        service = "orders"
        [routers.everything]
        entrypoints = ["web"]
        rule = "PathPrefix(`/`)"
        service = "rest"
        [routers.partners]
        entrypoints = ["web"]
        rule = "Path(`/partners`) && Header(`X-Key`, `a`) && ClientIP(`10.0.0.0/8`)"
        service = "rest"
        [services.orders]
        servers = [{ url = "http://127.0.0.1:9000" }, { url = "http://[::1]:9001" }]
        [services.rest]
        servers = [{ url = "http://127.0.0.1:9002" }]
        """;

    [Fact]
    public async Task Explain_DotSegmentsAndCase_ShowsThePathTheServerSees()
    {
        using var run = new CommandRun(Toml);

        int code = await run.InvokeAsync(
            "explain", "GET", "http://SHOP.example.com/x/../orders/%41?y=1", "--entrypoint", "web");

        Assert.Equal(0, code);
        Assert.Contains("  path     /orders/A\n", run.Output);
        Assert.Contains("  answer   router orders, service orders\n", run.Output);
        Assert.Contains("  takes    orders: ", run.Output);
        Assert.Contains("  behind   everything: ", run.Output);
        Assert.Contains("  no       partners: ", run.Output);
        Assert.DoesNotContain("internal", run.Output);
    }

    [Theory]
    [InlineData("gpt-4o", "cloud")]
    [InlineData("llama3", "local")]
    [InlineData(null, "local")]
    public async Task Explain_Model_IsWhatTheRuleSees(string? model, string router)
    {
        using var run = new CommandRun("""
            [entrypoints.web]
            address = "127.0.0.1:8080"
            [routers.local]
            rule = "PathPrefix(`/v1`)"
            service = "llm"
            [routers.cloud]
            rule = "PathPrefix(`/v1`) && Model(`gpt-*`)"
            service = "llm"
            [services.llm.ai]
            models = [{ name = "*", provider = "p" }]
            [ai.providers.p]
            kind = "ollama"
            base_url = "http://127.0.0.1:11434"
            """);

        string[] asked = model is null ? [] : ["--model", model];
        await run.InvokeAsync(["explain", "POST", "/v1/chat/completions", .. asked]);

        Assert.Contains($"  answer   router {router}, service llm\n", run.Output);
    }

    [Fact]
    public async Task Explain_HeaderAndClient_AreWhatTheRuleSees()
    {
        using var run = new CommandRun(Toml);

        await run.InvokeAsync(
            "explain", "GET", "/partners", "--header", "X-Key: a", "--client", "10.1.2.3", "--format", "json");

        JsonElement web = EntryPoint(run, 0);
        Assert.Equal("partners", web.GetProperty("router").GetString());
        Assert.Equal(3, web.GetProperty("routers").GetArrayLength());
    }

    [Fact]
    public async Task Explain_EntrypointWithoutRouters_Is404()
    {
        using var run = new CommandRun(Toml);

        await run.InvokeAsync("explain", "GET", "/", "--entrypoint", "internal");

        Assert.Contains("  answer   404: no router takes it\n", run.Output);
    }

    [Theory]
    [InlineData("GET", "http://shop.example.com/a%2fb", "path_encoded_slash", 400)]
    [InlineData("GET", "http://shop.example.com/%zz", "path_escape_invalid", 400)]
    [InlineData("GET", "http://user@shop.example.com/", "host_invalid", 400)]
    [InlineData("GET", "/a#b", "target_fragment", 400)]
    [InlineData("TRACE", "/", "method_trace_refused", 405)]
    public async Task Explain_WhatTheEngineRefuses_SaysWhyAndWithWhat(
        string method, string url, string reason, int status)
    {
        using var run = new CommandRun(Toml);

        Assert.Equal(0, await run.InvokeAsync("explain", method, url, "--format", "json"));

        JsonElement web = EntryPoint(run, 0);
        Assert.Equal(
            (reason, status), (web.GetProperty("rejected").GetString(), web.GetProperty("status").GetInt32()));
    }

    [Theory]
    [InlineData("explain", "GET")]
    [InlineData("explain", "GET", "shop.example.com")]
    [InlineData("explain", "GET", "/", "--client", "somebody")]
    [InlineData("explain", "GET", "/", "--header", "X-Key")]
    [InlineData("explain", "GET", "/", "--entrypoint", "nowhere")]
    public async Task Explain_WrongUsage_Is2(params string[] args)
    {
        using var run = new CommandRun(Toml);

        Assert.Equal(2, await run.InvokeAsync(args));
        Assert.Empty(run.Output);
        Assert.NotEmpty(run.Error);
    }

    [Fact]
    public async Task Explain_LineFeedInAField_IsNotTwoRequests()
    {
        using var run = new CommandRun(Toml);

        await run.InvokeAsync(
            "explain", "GET", "/", "--header", "X: a\r\n\r\nGET /admin HTTP/1.1\r\nHost: b", "--format", "json");

        Assert.Equal(400, EntryPoint(run, 0).GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Routes_ListsRoutersInTheOrderTheyAreAsked()
    {
        using var run = new CommandRun(Toml);

        Assert.Equal(0, await run.InvokeAsync("routes"));

        string web = run.Output[..run.Output.IndexOf("internal", System.StringComparison.Ordinal)];
        Assert.True(Position(web, "orders ") < Position(web, "everything "));
        Assert.True(Position(web, "partners ") < Position(web, "everything "));
        Assert.Contains("127.0.0.1:9000,[::1]:9001", web);
        Assert.Contains("Host(`shop.example.com`) && PathPrefix(`/orders`)", web);
    }

    [Fact]
    public async Task Routes_Json_HasServersAndRule()
    {
        using var run = new CommandRun(Toml);

        Assert.Equal(0, await run.InvokeAsync("routes", "--format", "json"));

        JsonElement first = EntryPoint(run, 0).GetProperty("routers")[0];
        Assert.Equal("orders", first.GetProperty("name").GetString());
        Assert.Equal("127.0.0.1:9000", first.GetProperty("servers")[0].GetString());
    }

    private static int Position(string text, string part)
    {
        int position = text.IndexOf("  " + part, System.StringComparison.Ordinal);
        Assert.True(position >= 0, text);
        return position;
    }

    private static JsonElement EntryPoint(CommandRun run, int index)
    {
        using JsonDocument answer = JsonDocument.Parse(run.Output);
        return answer.RootElement.GetProperty("entrypoints")[index].Clone();
    }
}
