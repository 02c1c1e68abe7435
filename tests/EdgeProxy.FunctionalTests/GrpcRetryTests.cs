using System.Net.Http;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>[services.NAME.retry] grpc_codes: calls that were answered with a code and no message.</summary>
public sealed class GrpcRetryTests
{
    private const string Unavailable = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\ngrpc-status: 14\r\n";
    private const string Call = "POST /s/m HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc+proto\r\n"
        + "TE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

    [Fact]
    public async Task Call_OverHttp2_GoesToAnotherServer()
    {
        await using GrpcServer bad = await GrpcServer.StartAsync();
        await using GrpcServer good = await GrpcServer.StartAsync();
        bad.Fails = StatusCode.Unavailable;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            EntryPoint = "h2c = true",
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [{ url = "h2c://127.0.0.1:{{bad.Port}}" }, { url = "h2c://127.0.0.1:{{good.Port}}" }]
                retry = { grpc_codes = ["unavailable"] }

                """,
        });
        using HttpClient client = Http2Tests.Client(null);
        using var channel = GrpcChannel.ForAddress(
            $"http://127.0.0.1:{proxy.Port}", new GrpcChannelOptions { HttpClient = client });
        CallInvoker calls = channel.CreateCallInvoker();

        for (int i = 0; i < 4; i++)
        {
            Assert.Equal("hello you", await calls.AsyncUnaryCall(Echo.Unary, null, default, "you"));
        }

        Assert.Equal((2, 4), (bad.Asked, good.Asked));

        // A code that is not on the list is the client's.
        bad.Fails = StatusCode.NotFound;
        good.Fails = StatusCode.NotFound;
        RpcException fault = await Assert.ThrowsAsync<RpcException>(
            async () => await calls.AsyncUnaryCall(Echo.Unary, null, default, "you"));
        Assert.Equal(StatusCode.NotFound, fault.StatusCode);
        Assert.Equal(7, bad.Asked + good.Asked);
    }

    [Theory]
    [InlineData(Unavailable + "Content-Length: 0\r\n\r\n", Call, true)]
    [InlineData(Unavailable + "Content-Length: 2\r\n\r\nhi", Call, false)] // a message was given
    [InlineData(Unavailable + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Call, false)] // or may be
    [InlineData(Unavailable + "grpc-retry-pushback-ms: 100\r\nContent-Length: 0\r\n\r\n", Call, false)]
    [InlineData("HTTP/1.1 200 OK\r\ngrpc-status: 140\r\nContent-Length: 0\r\n\r\n", Call, false)]
    [InlineData("HTTP/1.1 200 OK\r\ngrpc-status: 0\r\nContent-Length: 0\r\n\r\n", Call, false)]
    [InlineData("HTTP/1.1 200 OK\r\ngrpc-status: 14\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", false)]
    public async Task Answer_IsTriedAgain_IfItIsACodeAndNothingElse(string answer, string request, bool isRetried)
    {
        await using RawServer bad = RawServer.Answering(answer);
        await using RawServer good = RawServer.Ok("good");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(bad, good)
        {
            Service = "retry = { grpc_codes = [\"unavailable\"] }",
        });
        using RawClient client = await proxy.ConnectAsync();

        RawResponse response = await client.RequestAsync(request);

        Assert.Equal(200, response.Status);
        Assert.Equal(isRetried, response.BodyText == "good");
        Assert.Equal(isRetried ? 1 : 0, good.WholeRequests.Count);
        Assert.All(good.WholeRequests, seen => Assert.Equal("hello", seen.BodyText));
    }

    [Fact]
    public async Task Call_LongerThanIsKept_IsTriedOnce()
    {
        await using RawServer bad = RawServer.Answering(Unavailable + "Content-Length: 0\r\n\r\n");
        await using RawServer good = RawServer.Ok("good");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(bad, good)
        {
            Service = "retry = { grpc_codes = [\"unavailable\"], body_bytes_max = \"4KiB\" }",
        });
        string body = new('x', 200_000);

        RawResponse response = await RawClient.OnceAsync(proxy.Port,
            "POST /s/m HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n");

        Assert.Equal("14", response.Head.One("grpc-status"));
        Assert.Empty(good.Requests);
    }
}
