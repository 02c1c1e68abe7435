using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>Deployments beside what they did: errors before and after, versions in answers, Grafana told.</summary>
public sealed class DeployEffectTests
{
    [Fact]
    public async Task List_ShowsErrorsBeforeAndAfter()
    {
        bool isBad = false;
        await using RawServer server = Versioned(() => isBad);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        await AskAsync(proxy, 10, 10);

        await ProxyProcess.RunAsync("deploy", "mark", "--service", "app", "--version", "2", "-c", proxy.ConfigPath);
        isBad = true;
        await AskAsync(proxy, 5, 15);
        CommandResult list = await ProxyProcess.RunAsync("deploy", "list", "-c", proxy.ConfigPath);

        string line = list.Output.Split('\n').Single(static l => l.Contains("  app  2  "));
        Assert.Matches(@"  errors 0\.00 % -> 100\.00 %  p99 [0-9.]+ -> [0-9.]+ ms  "
            + @"\(10 requests before, 5 after\)$", line);
        JsonElement one = JsonDocument.Parse((await proxy.AdminAsync("/api/v1/deployments")).BodyText).RootElement
            .EnumerateArray().Single(static d => d.GetProperty("service").GetString() == "app");
        Assert.Equal(("app", 0.0, 1.0),
            (one.GetProperty("measured").GetString(), one.GetProperty("before").GetProperty("error_rate").GetDouble(),
            one.GetProperty("after").GetProperty("error_rate").GetDouble()));
    }

    [Fact]
    public async Task VersionInAnswers_IsMarkedByItself()
    {
        bool isNew = false;
        await using RawServer server = Versioned(() => isNew);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Node = "environment = \"test\"",
            More = "[telemetry]\nversion_header = \"X-App-Version\"\n",
        });
        await AskAsync(proxy, 3, 3);
        isNew = true;

        await Eventually.TrueAsync(
            async () =>
            {
                await RawClient.GetAsync(proxy.Port);
                return await proxy.MetricAsync("edgeproxy_deployment_timestamp_seconds",
                    "target_service=\"app\",version=\"1.1\",revision=\"\",environment=\"test\"") > 0;
            },
            "the version to be marked");
        string list = (await proxy.AdminAsync("/api/v1/deployments")).BodyText;
        Assert.DoesNotContain("\"version\":\"1.0\"", list);
        Assert.Single(JsonDocument.Parse(list).RootElement.EnumerateArray(),
            static d => d.GetProperty("service").GetString() == "app");
    }

    [Fact]
    public async Task Grafana_IsTold_AgainIfItCannotBeReached()
    {
        int failures = 1;
        await using RawServer grafana = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync(failures-- > 0
                    ? "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            }
        });
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"[telemetry.grafana]\nurl = \"http://127.0.0.1:{grafana.Port}/sub\"\ntoken = \"glsa_s3cret\"\n",
        });
        await ProxyProcess.RunAsync("deploy", "mark", "--service", "orders", "--version", "1.4.2", "--commit", "abc",
            "--environment", "prod", "--url", "https://ci.test/1", "-c", proxy.ConfigPath);

        // The proxy's own configuration comes first, and twice.
        await grafana.WaitForWholeAsync(3);
        RawRequest request = grafana.WholeRequests[^1];
        Assert.Equal(("POST", "/sub/api/annotations", "Bearer glsa_s3cret", "application/json"),
            (request.Method, request.Target, request.Head.One("Authorization"), request.Head.One("Content-Type")));
        JsonElement body = JsonDocument.Parse(Encoding.UTF8.GetString(request.Body)).RootElement;
        Assert.Equal("orders 1.4.2 succeeded (abc) https://ci.test/1", body.GetProperty("text").GetString());
        Assert.Equal(
            ["deployment", "service:orders", "version:1.4.2", "environment:prod", "status:succeeded"],
            body.GetProperty("tags").EnumerateArray().Select(static tag => tag.GetString()));
        Assert.True(body.GetProperty("time").GetInt64() > 1_700_000_000_000);
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_grafana_annotations_total", "result=\"taken\"") == 2,
            "both to be counted");
        Assert.DoesNotContain(proxy.Stderr, static line => line.Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Grafana_ThatRefuses_IsLoggedAndForgotten()
    {
        await using RawServer grafana = RawServer.Answering("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"[telemetry.grafana]\nurl = \"http://127.0.0.1:{grafana.Port}\"\ntoken = \"glsa_s3cret\"\n",
        });

        await proxy.WaitForLineAsync("does not take the deployment of edgeproxy");
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_grafana_annotations_total", "result=\"lost\"") == 1,
            "it to be counted");
    }

    // What is counted of a request is counted after its answer left.
    private static async Task AskAsync(ProxyProcess proxy, int requests, int countedThen)
    {
        for (int i = 0; i < requests; i++)
        {
            await RawClient.GetAsync(proxy.Port);
        }

        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("http_client_request_duration_seconds_count") == countedThen,
            $"{countedThen} tries to be counted");
    }

    private static RawServer Versioned(Func<bool> isNew) => RawServer.Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is not null)
        {
            await connection.SendAsync(isNew()
                ? "HTTP/1.1 500 No\r\nX-App-Version: 1.1\r\nContent-Length: 0\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nX-App-Version: 1.0\r\nContent-Length: 2\r\n\r\nok");
        }
    });
}
