using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Request ids and trace context over real sockets, where requests are tried again.</summary>
public sealed class TraceContextTests
{
    [Fact]
    public async Task AnotherTry_HasASpanOfItsOwnAndTheSameId()
    {
        await using RawServer bad = RawServer.Answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        await using RawServer good = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(bad, good)
        {
            Service = "retry = { on = [\"503\"] }",
            More = "[telemetry.traces]\nratio = 1",
        });

        RawResponse response = await RawClient.GetAsync(proxy.Port);
        Assert.Equal(200, response.Status);

        List<WireHead> heads = [Assert.Single(bad.Requests).Head, Assert.Single(good.Requests).Head];
        Assert.Single(heads.Select(head => head.One("X-Request-Id")).Distinct());
        string[] parents = [.. heads.Select(head => head.One("traceparent")!)];
        Assert.Single(parents.Select(parent => parent[..35]).Distinct());
        Assert.Equal(2, parents.Select(parent => parent[36..52]).Distinct().Count());
        Assert.All(parents, parent => Assert.EndsWith("-01", parent));
    }
}
