using System;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>
/// The clients most people use, streaming and not, with tools and errors. They are where EDGEPROXY_NODE_MODULES says
/// (npm install openai @anthropic-ai/sdk ollama). Explicit: they come from a registry that a build may not reach.
/// </summary>
public sealed class RealClientTests
{
    [Theory(Explicit = true)]
    [InlineData("openai", "openai.mjs", "all")]
    [InlineData("openai_compatible", "openai.mjs", "all")]
    [InlineData("ollama", "openai.mjs", "all")]
    [InlineData("anthropic", "openai.mjs", "chat")]
    [InlineData("anthropic", "anthropic.mjs", "all")]
    [InlineData("ollama", "anthropic.mjs", "chat")]
    [InlineData("openai", "anthropic.mjs", "chat")]
    [InlineData("openai_compatible", "anthropic.mjs", "chat")]
    [InlineData("ollama", "ollama.mjs", "all")]
    [InlineData("openai", "ollama.mjs", "chat")]
    [InlineData("anthropic", "ollama.mjs", "chat")]
    public async Task Client_OfAnApi_WorksThroughTheProxyWithAnyProvider(string kind, string script, string mode)
    {
        string? modules = Environment.GetEnvironmentVariable("EDGEPROXY_NODE_MODULES");
        Assert.SkipUnless(Directory.Exists(modules), "EDGEPROXY_NODE_MODULES names no folder with the clients");
        string? node = External.Find("node");
        Assert.SkipWhen(node is null, "node is not installed");
        await using ModelServer server = ModelServer.Start();
        server.Server.ToleratesFaults = true; // clients go in the middle of a cut answer
        server.Refusal = ("400 Bad Request", RefusalOf(kind, script), "");

        // Without usage in a stream a translated one could not tell any, either.
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(
            server, kind, provider: kind == "openai_compatible" ? "stream_usage = true" : ""));
        string path = Path.Combine(AppContext.BaseDirectory, "Ai", "Clients", script);
        foreach ((ModelTemper temper, string how) in Runs(mode))
        {
            server.Temper = temper;
            int before = server.Requests.Count;

            Task<CommandResult> running = CommandResult.RunAsync(
                node!, [path, $"http://127.0.0.1:{proxy.Port}", "fast", how]);
            if (temper == ModelTemper.Slow)
            {
                await server.Server.WaitForWholeAsync(before + 1); // the client waits for a word
                server.Gate.Open();
            }

            CommandResult result = await running;
            Assert.True(result.ExitCode == 0, $"{temper}, {how}: {result}");
            Assert.True(server.Requests.Count > before, $"{temper}, {how}: the server was not asked");
        }

        Assert.All(server.Requests, request =>
            Assert.DoesNotContain("client-secret", request.Head.Text, StringComparison.Ordinal));
    }

    // In the words of the dialect the provider is asked in.
    private static string RefusalOf(string kind, string script)
    {
        bool isMessages = kind == "anthropic" || (kind == "ollama" && script == "anthropic.mjs");
        return isMessages
            ? """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long"}}"""
            : kind == "ollama" && script == "ollama.mjs"
                ? """{"error":"prompt is too long"}"""
                : """{"error":{"message":"prompt is too long","type":"invalid_request_error","param":null,"code":null}}""";
    }

    private static (ModelTemper Temper, string How)[] Runs(string mode) =>
    [
        (ModelTemper.Slow, "first"), (ModelTemper.Good, mode), (ModelTemper.OneByte, mode),
        (ModelTemper.NoUsage, "uncounted"), (ModelTemper.ErrorWithin, "failing"), (ModelTemper.Refusing, "refused"),
        (ModelTemper.Cut, "cut"), (ModelTemper.Overloaded, "overloaded"), // last: the target is left alone for it
    ];
}
