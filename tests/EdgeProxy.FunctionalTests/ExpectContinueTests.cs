using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Expect: 100-continue (RFC 9110 section 10.1.1), whoever of proxy and server says "continue".</summary>
public sealed class ExpectContinueTests
{
    private const string Head = "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

    [Fact]
    public async Task Client_Waiting_IsToldToContinueAndItsBodyArrives()
    {
        await using RawServer server = RawServer.Start(ContinueAsync);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Head);
        RawResponse interim = await client.ReadHeadAsync();
        await client.SendAsync("hello");
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal(100, interim.Status);
        Assert.Equal((200, "hello"), (response.Status, response.BodyText));
        Assert.Single(server.WholeRequests);
    }

    [Fact]
    public async Task Client_SendingAtOnce_IsOneRequest()
    {
        await using RawServer server = RawServer.Start(ContinueAsync);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync($"{Head}hello");
        RawResponse second = await client.RequestAsync($"{Head}world");

        Assert.Equal(("hello", "world"), (first.BodyText, second.BodyText));
        Assert.Equal(2, server.WholeRequests.Count);
    }

    [Fact]
    public async Task Server_RefusingAtOnce_IsHeardAndTheConnectionIsNotMisread()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadHeadAsync() is { } request)
            {
                if (request.Method == "GET")
                {
                    await connection.AnswerAsync();
                    continue;
                }

                await connection.SendAsync(
                    "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                await connection.Wire.ReadToEndAsync();
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse refusal = await client.RequestAsync(Head);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.HalfClose();
        await client.ReadToEndAsync();

        // The body never came. What follows may be body or request, and the proxy cannot know: it may not be a request.
        Assert.Equal(413, refusal.Status);
        Assert.DoesNotContain(server.Requests, r => r.Method == "GET");
    }

    [Fact]
    public async Task Expect_OfSomethingElse_IsRefusedWith417()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(proxy.Port, "/", "Expect: 200-ok\r\n");

        Assert.Equal(417, response.Status);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Http10Client_ExpectingContinue_GetsNoInterimAnswer()
    {
        await using RawServer server = RawServer.Start(ContinueAsync);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port, "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");

        Assert.Empty(response.Interim);
        Assert.Equal((200, "hello"), (response.Status, response.BodyText));
    }

    private static async Task ContinueAsync(RawConnection connection)
    {
        while (await connection.ReadHeadAsync() is { } request)
        {
            if (request.Head.Has("Expect"))
            {
                await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            }

            await connection.ReadBodyAsync(request);
            await connection.AnswerAsync(request.BodyText);
        }
    }
}
