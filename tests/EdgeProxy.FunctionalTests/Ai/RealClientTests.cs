using System;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>
/// The clients most people use, streaming and not, with tools and errors. They are where EDGEPROXY_NODE_MODULES says
/// (npm install openai @anthropic-ai/sdk). Explicit: they come from a registry that a build may not reach.
/// </summary>
public sealed class RealClientTests
{
    [Theory(Explicit = true)]
    [InlineData("openai", "openai.mjs", "all")]
    [InlineData("anthropic", "anthropic.mjs", "all")]
    [InlineData("anthropic", "openai.mjs", "chat")]
    [InlineData("openai", "anthropic.mjs", "chat")]
    [InlineData("openai_compatible", "anthropic.mjs", "chat")]
    public async Task Client_OfAnApi_WorksThroughTheProxyWithAnyProvider(string kind, string script, string mode)
    {
        string? modules = Environment.GetEnvironmentVariable("EDGEPROXY_NODE_MODULES");
        Assert.SkipUnless(Directory.Exists(modules), "EDGEPROXY_NODE_MODULES names no folder with the clients");
        string? node = External.Find("node");
        Assert.SkipWhen(node is null, "node is not installed");
        await using ModelServer server = ModelServer.Start();

        // Without usage in a stream a translated one could not tell any, either.
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(
            server, kind, provider: kind == "openai_compatible" ? "stream_usage = true" : ""));
        string path = Path.Combine(AppContext.BaseDirectory, "Ai", "Clients", script);
        foreach ((ModelTemper temper, string how) in Runs(mode))
        {
            server.Temper = temper;

            CommandResult result = await CommandResult.RunAsync(
                node!, [path, $"http://127.0.0.1:{proxy.Port}", "fast", how]);

            Assert.True(result.ExitCode == 0, $"{temper}, {how}: {result}");
        }

        Assert.All(server.Requests, request =>
            Assert.DoesNotContain("client-secret", request.Head.Text, StringComparison.Ordinal));
    }

    private static (ModelTemper Temper, string How)[] Runs(string mode) =>
    [
        (ModelTemper.Good, mode), (ModelTemper.OneByte, mode), (ModelTemper.ErrorWithin, "failing"),
        (ModelTemper.Overloaded, "overloaded"), // last: the target is left alone for it
    ];
}
