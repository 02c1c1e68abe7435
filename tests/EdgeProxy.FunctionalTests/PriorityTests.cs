using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>A spare server of the same service.</summary>
public sealed class PriorityTests
{
    [Fact]
    public async Task Spare_GetsRequestsOnlyWhileTheFirstIsDown()
    {
        bool isWell = true;
        await using RawServer first = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                bool isGood = request.Target == "/" || Volatile.Read(ref isWell);
                await connection.AnswerAsync("first", status: isGood ? "200 OK" : "500 Broken");
            }
        });
        await using RawServer spare = RawServer.Ok("spare");
        var config = new ProxyConfig { IsBare = true, More = Toml(first, spare) };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForServersAsync("up", first.Port, spare.Port);

        for (int i = 0; i < 10; i++)
        {
            Assert.Equal("first", (await RawClient.GetAsync(proxy.Port)).BodyText);
        }

        Volatile.Write(ref isWell, false);
        await UntilAsync(proxy, "spare");
        Volatile.Write(ref isWell, true);
        await UntilAsync(proxy, "first");
        int before = spare.Requests.Count(request => request.Target == "/");
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal("first", (await RawClient.GetAsync(proxy.Port)).BodyText);
        }

        Assert.Equal(before, spare.Requests.Count(request => request.Target == "/"));
        Assert.Contains("\"priority\":1", (await proxy.AdminAsync("/api/v1/services")).BodyText);
    }

    [Fact]
    public async Task FirstRefusesConnections_TheSpareAnswersThatRequest()
    {
        await using RawServer first = RawServer.Ok("first");
        await using RawServer spare = RawServer.Ok("spare");
        string toml = Toml(first, spare).Replace("health_check", "# health_check");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig { IsBare = true, More = toml });
        Assert.Equal("first", (await RawClient.GetAsync(proxy.Port)).BodyText);
        first.StopAccepting();
        first.CloseAll();

        Assert.Equal("spare", (await RawClient.GetAsync(proxy.Port)).BodyText);
    }

    private static string Toml(RawServer first, RawServer spare) => $$"""
        [routers.all]
        rule = "PathPrefix(`/`)"
        service = "app"
        [services.app]
        servers = [
          { url = "http://127.0.0.1:{{spare.Port}}", priority = 1 },
          { url = "http://127.0.0.1:{{first.Port}}" },
        ]
        health_check = { path = "/healthz", interval = "100ms", jitter = "0", timeout = "1m", rise = 1, fall = 1 }
        """;

    private static Task<RawResponse> UntilAsync(ProxyProcess proxy, string body) => Eventually.GetAsync(
        () => RawClient.GetAsync(proxy.Port), response => response is { Status: 200 } && response.BodyText == body,
        $"an answer of {body}");
}
