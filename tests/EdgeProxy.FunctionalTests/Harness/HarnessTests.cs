using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Xunit;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>The harness is an oracle, so it is tested too: client against server, nothing between them.</summary>
public sealed class HarnessTests
{
    [Fact]
    public async Task Request_WholeOverTheWire_IsRecordedByteForByte()
    {
        await using RawServer server = RawServer.Ok();

        RawResponse response = await RawClient.OnceAsync(
            server.Port, "POST /p?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");

        RawRequest request = Assert.Single(server.WholeRequests);
        Assert.Equal(("POST", "/p?q=1", "HTTP/1.1", "abc"),
            (request.Method, request.Target, request.Version, request.BodyText));
        Assert.Equal((200, "ok", true), (response.Status, response.BodyText, response.IsWhole));
    }

    [Fact]
    public async Task Request_SplitAtEveryByte_IsRecordedTheSame()
    {
        await using RawServer server = RawServer.Ok();
        using RawClient client = await RawClient.ConnectAsync(server.Port);

        await client.Wire.SendSplitAsync(Encoding.Latin1.GetBytes(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"), 1);
        await client.ReadResponseAsync();

        RawRequest request = Assert.Single(server.WholeRequests);
        Assert.Equal("abc", request.BodyText);
        Assert.Equal("1", Assert.Single(request.Trailers).Value);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost : a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: \u0001\r\n\r\n")]
    [InlineData("GET /  HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n")]
    public async Task Server_RequestNotCanonical_KeepsTheFault(string bytes)
    {
        await using RawServer server = RawServer.Ok();
        server.ToleratesFaults = true;
        using RawClient client = await RawClient.ConnectAsync(server.Port);

        await client.SendAsync(bytes);
        await client.ReadToEndAsync();

        await Eventually.TrueAsync(() => !server.Faults.IsEmpty, "the fault");
        Assert.Empty(server.WholeRequests);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nabc", true)]
    public async Task Response_ConnectionClosedAfterIt_TellsWholeFromCut(string bytes, bool isWhole)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(bytes);
        });

        RawResponse response = await RawClient.GetAsync(server.Port);

        Assert.Equal(("abc", isWhole), (response.BodyText, response.IsWhole));
    }

    [Fact]
    public async Task Response_EndedByReset_IsNotWhole()
    {
        var seen = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n\r\nabc");
            await seen.PassAsync();
            connection.Wire.Reset();
        });
        using RawClient client = await RawClient.ConnectAsync(server.Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.Wire.FillAsync();

        seen.Open();
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal(("abc", false), (response.BodyText, response.IsWhole));
    }

    [Fact]
    public async Task Response_InterimHeadsFirst_AreKept()
    {
        await using RawServer server = RawServer.Answering(
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");

        RawResponse response = await RawClient.GetAsync(server.Port);

        Assert.Equal(204, response.Status);
        Assert.Equal("</a>", Assert.Single(response.Interim).One("Link"));
    }

    [Fact]
    public void Metric_SeveralSeries_AreSummedByLabel()
    {
        const string text = "# HELP a x\na{k=\"1\"} 2\na{k=\"2\"} 3\nab 7\na_total 1\n";

        Assert.Equal(5, ProxyProcess.MetricIn(text, "a"));
        Assert.Equal(3, ProxyProcess.MetricIn(text, "a", "k=\"2\""));
        Assert.Null(ProxyProcess.MetricIn(text, "none"));
    }

    [Fact]
    public void Ports_ManyAsked_AreDistinct()
    {
        int[] ports = [.. Enumerable.Range(0, 50).Select(_ => Ports.Next())];

        Assert.Equal(50, ports.Distinct().Count());
    }
}
