using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Deployments: told by a command or a hook, seen in metrics and by the collector.</summary>
public sealed class DeployTests
{
    [Fact]
    public async Task Mark_IsListed_AMetric_AndAnEvent()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"[telemetry.otlp]\nendpoint = \"http://127.0.0.1:{collector.Port}\"\nbatch_interval = \"100ms\"",
        });
        string hash = ProxyProcess.HashOf(proxy.Config.ToToml());

        CommandResult mark = await ProxyProcess.RunAsync("deploy", "mark", "--service", "orders", "--version", "1.4.2",
            "--commit", "abc123", "--environment", "prod", "--url", "https://ci.test/1", "-c", proxy.ConfigPath);
        Assert.Equal((0, ""), (mark.ExitCode, mark.Errors));

        CommandResult list = await ProxyProcess.RunAsync("deploy", "list", "-c", proxy.ConfigPath);
        string[] lines = list.Output.TrimEnd().Split('\n');
        Assert.Matches("^20[0-9-]+ [0-9:]+Z  orders  1\\.4\\.2  succeeded  prod  https://ci\\.test/1$", lines[0]);
        Assert.Contains($"  edgeproxy  {hash}  succeeded", lines[1]);
        Assert.True(await proxy.MetricAsync("edgeproxy_deployment_timestamp_seconds",
            "target_service=\"orders\",version=\"1.4.2\",revision=\"abc123\",environment=\"prod\"") > 1.7e9);

        OtlpLog log = (await collector.WaitForLogsAsync(2)).Single(l => "orders".Equals(l.Attributes["edgeproxy.target_service"]));
        Assert.Equal(("edgeproxy.deployment", "deployment of orders 1.4.2 succeeded https://ci.test/1"),
            (log.EventName, log.Body));
        Assert.Equal(("deployment", "1.4.2", "abc123", "prod", "https://ci.test/1", hash),
            (log.Attributes["edgeproxy.event"], log.Attributes["service.version"],
            log.Attributes["vcs.ref.head.revision"], log.Attributes["deployment.environment.name"],
            log.Attributes["cicd.pipeline.run.url.full"], log.Attributes["edgeproxy.config.hash"]));
    }

    [Theory]
    [InlineData("{\"service\":\"a\",\"version\":\"1\"}", "", 201)]
    [InlineData("{\"service\":\"a\",\"version\":\"1\"}", "Origin: http://evil.test\r\n", 403)]
    [InlineData("{\"service\":\"a\"}", "", 422)]
    [InlineData("{\"object_kind\":\"deployment\",\"status\":\"running\"}", "", 202)]
    [InlineData("nonsense", "", 422)]
    public async Task Hook_IsTakenOrSaysWhy(string body, string fields, int status)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        Assert.Equal(status, (await PostAsync(proxy, body, fields)).Status);
    }

    [Fact]
    public async Task Hook_TooLong_IsRefused_AndChunkedIsRead()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        Assert.Equal(413, (await PostAsync(proxy, new string(' ', 70_000), "")).Status);
        RawResponse chunked = await RawClient.OnceAsync(proxy.AdminPort,
            $"POST /api/v1/deployments?service=b HTTP/1.1\r\nHost: 127.0.0.1:{proxy.AdminPort}\r\n"
                + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                + "f\r\n{\"version\": \"2\"\r\n1\r\n}\r\n0\r\n\r\n", "POST");
        Assert.Equal(201, chunked.Status);
        Assert.Contains("\"service\":\"b\",\"version\":\"2\"", (await proxy.AdminAsync("/api/v1/deployments")).BodyText);
    }

    private static Task<RawResponse> PostAsync(ProxyProcess proxy, string body, string fields) => RawClient.OnceAsync(
        proxy.AdminPort,
        $"POST /api/v1/deployments HTTP/1.1\r\nHost: 127.0.0.1:{proxy.AdminPort}\r\nConnection: close\r\n{fields}"
            + $"Content-Length: {body.Length}\r\n\r\n{body}",
        "POST");
}
