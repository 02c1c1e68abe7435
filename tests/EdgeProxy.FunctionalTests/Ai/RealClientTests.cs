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
    [InlineData("openai", "openai.mjs")]
    [InlineData("anthropic", "anthropic.mjs")]
    public async Task Client_OfTheProvider_WorksThroughTheProxy(string kind, string script)
    {
        string? modules = Environment.GetEnvironmentVariable("EDGEPROXY_NODE_MODULES");
        Assert.SkipUnless(Directory.Exists(modules), "EDGEPROXY_NODE_MODULES names no folder with the clients");
        string? node = External.Find("node");
        Assert.SkipWhen(node is null, "node is not installed");
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(AiProxy.Config(server, kind));
        string path = Path.Combine(AppContext.BaseDirectory, "Ai", "Clients", script);
        foreach (ModelTemper temper in new[] { ModelTemper.Good, ModelTemper.OneByte })
        {
            server.Temper = temper;

            CommandResult result = await CommandResult.RunAsync(node!, [path, $"http://127.0.0.1:{proxy.Port}", "fast"]);

            Assert.True(result.ExitCode == 0, result.ToString());
        }

        Assert.All(server.Requests, request =>
            Assert.DoesNotContain("client-secret", request.Head.Text, StringComparison.Ordinal));
    }
}
