using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Ai;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>The kill switch: at once, running streams included, over restarts, recorded.</summary>
public sealed class HaltTests : IDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const int SignalKill = 9;
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("edgeproxy-state-");

    private string State => $"state_dir = \"{_state.FullName}\"";

    [Fact]
    public async Task Router_Halted_IsRefusedAndOthersAreNot()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(new ProxyConfig(server)
        {
            More = "[routers.other]\nrule = \"PathPrefix(`/other`)\"\nservice = \"app\"\n",
        });

        await RunAsync(proxy, "halt", "--router", "all");
        RawResponse refused = await RawClient.GetAsync(proxy.Port);
        Assert.Equal(503, refused.Status);
        Assert.Contains("halted by the operator", refused.BodyText, StringComparison.Ordinal);
        Assert.True(refused.Head.Has("Retry-After"));
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/other")).Status);
        Assert.Single(server.Requests);
        Assert.Contains("router", (await proxy.AdminAsync("/api/v1/halts")).BodyText, StringComparison.Ordinal);
        await proxy.ExpectMetricAsync(1, "edgeproxy_requests_halted_total");

        await RunAsync(proxy, "release", "--router", "all");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        CommandResult again = await ProxyProcess.RunAsync("release", "--router", "all", "-c", proxy.ConfigPath);
        Assert.Equal(1, again.ExitCode);
        Assert.Equal(2, (await ProxyProcess.RunAsync("halt", "-c", proxy.ConfigPath)).ExitCode);
    }

    [Fact]
    public async Task All_RunningStreamsAreCutAndWaitingRequestsRefused_AtOnce()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                if (request.Target == "/stream")
                {
                    await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
                }

                await connection.Wire.ReadToEndAsync();
            }
        });
        server.ToleratesFaults = true;

        // No other end is near: whoever ends within the test was ended by the halt.
        await using ProxyProcess proxy = await StartAsync(new ProxyConfig(server)
        {
            Service = "response_timeout = \"1h\"\nresponse_idle_timeout = \"1h\"",
        });
        using RawClient stream = await proxy.ConnectAsync();
        await stream.SendAsync("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await stream.ReadHeadAsync()).Status);
        using RawClient silent = await proxy.ConnectAsync();
        await silent.SendAsync("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n");
        await server.WaitForRequestsAsync(2);

        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/halt?all", "POST")).Status);
        await stream.ReadToEndAsync();
        Assert.Equal(503, (await silent.ReadResponseAsync()).Status);
        Assert.Equal(200, (await proxy.AdminAsync("/livez")).Status);
        await server.WaitForOpenAsync(0);
    }

    [Fact]
    public async Task Halt_OutlivesASigkillAndIsRecorded()
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = chain.Config("", server);
        await using (ProxyProcess proxy = await StartAsync(config))
        {
            await RunAsync(proxy, "halt", "--all");
            proxy.Signal(SignalKill);
        }

        await using (ProxyProcess proxy = await StartAsync(config))
        {
            Assert.Equal(503, (await RawClient.GetAsync(proxy.Port)).Status);
            await proxy.WaitForLineAsync("halted since before this start: all");
            await RunAsync(proxy, "release", "--all");
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        Assert.Equal(
            ["halt all done by ", "/api/v1/halt all 200 by 127.0.0.1", "release all done by ",
                "/api/v1/release all 200 by 127.0.0.1"],
            chain.Verified("admin").Select(record =>
                $"{record["cause"]} {record["changes"]} {record["outcome"] ?? record["status"]} by {record["by"]}"));
        Assert.Equal(["halted", ""], chain.Verified("exchange").Select(record => $"{record["fault"]}"));
    }

    [Fact]
    public async Task File_ThatIsNoHalt_KeepsTheProxyFromServing()
    {
        await File.WriteAllTextAsync(
            Path.Combine(_state.FullName, "halted"), "router all\nnonsense\n", TestContext.Current.CancellationToken);
        await using RawServer server = RawServer.Ok();

        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => StartAsync(new ProxyConfig(server)));
        Assert.Contains("'nonsense' is no halt", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consumer_Halted_IsRefusedOnceItIsKnownWhoCalls()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"key\"]",
            More = """
                [middlewares.key.api_key]
                header = "X-Key"
                [consumers.alice]
                keys = [{ sha256 = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90" }]
                [consumers.bob]
                keys = [{ sha256 = "81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9" }]
                """,
        });

        await RunAsync(proxy, "halt", "--consumer", "alice");

        Assert.Equal(503, (await RawClient.GetAsync(proxy.Port, fields: "X-Key: alice\r\n")).Status);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, fields: "X-Key: bob\r\n")).Status);
    }

    [Theory]
    [InlineData("fast", "fast", 503)]
    [InlineData("real-model", "fast", 503)]
    [InlineData("real-model", "raw/other", 200)]
    [InlineData("other", "fast", 200)]
    [InlineData("fa*", "fast", 503)]
    [InlineData("real-*", "fast", 503)]
    [InlineData("raw/*", "raw/other", 503)]
    [InlineData("raw/*", "fast", 200)]
    public async Task Model_Halted_ByEitherOfItsNames(string halted, string asked, int status)
    {
        await using ModelServer server = ModelServer.Start();
        ProxyConfig config = AiProxy.Config(server, "openai");
        await using ProxyProcess proxy = await StartAsync(config);
        await RunAsync(proxy, "halt", "--model", halted);

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, $"{{\"model\":\"{asked}\"}}");

        Assert.Equal(status, answer.Status);
        if (status == 503)
        {
            Assert.NotNull(AiProxy.Json(answer)["error"]);
        }
    }

    // Mistyped, it stops nothing, and whoever typed it is told so at once.
    [Theory]
    [InlineData("--router", "llm", true)]
    [InlineData("--router", "lm", false)]
    [InlineData("--consumer", "nobody", false)]
    [InlineData("--model", "fast", true)]
    [InlineData("--model", "real-*", true)]
    [InlineData("--model", "raw/any", true)]
    [InlineData("--model", "fastt", false)]
    [InlineData("--model", "fastt*", false)]
    public async Task Name_ThatNothingHas_IsHaltedAndSaysSo(string kind, string name, bool isKnown)
    {
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await StartAsync(AiProxy.Config(server, "openai"));

        CommandResult halt = await ProxyProcess.RunAsync("halt", kind, name, "-c", proxy.ConfigPath);

        Assert.Equal(0, halt.ExitCode);
        Assert.Equal(!isKnown, halt.Output.Contains("has nothing of that name", StringComparison.Ordinal));
        Assert.Contains(name, (await proxy.AdminAsync("/api/v1/halts")).BodyText, StringComparison.Ordinal);
    }

    public void Dispose() => _state.Delete(recursive: true);

    private Task<ProxyProcess> StartAsync(ProxyConfig config)
    {
        config.Node = State;
        return ProxyProcess.StartAsync(config);
    }

    private static async Task RunAsync(ProxyProcess proxy, params string[] arguments)
    {
        CommandResult result = await ProxyProcess.RunAsync([.. arguments, "-c", proxy.ConfigPath]);
        Assert.True(result.ExitCode == 0, $"{result}");
    }
}
