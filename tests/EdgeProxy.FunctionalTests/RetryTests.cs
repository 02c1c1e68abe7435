using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>What may be sent twice (RFC 9110 section 9.2.2) and what never is.</summary>
public sealed class RetryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StaleConnection_Get_IsTriedOnceMore(bool reset)
    {
        await using RawServer server = RawServer.Start(connection => StaleAsync(connection, reset));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse response = await client.RequestAsync("GET /again HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((200, "fresh"), (response.Status, response.BodyText));
        Assert.Equal(2, server.Requests.Count(r => r.Target == "/again"));
    }

    [Theory]
    [InlineData("POST", "Content-Length: 0\r\n", "", false)]
    [InlineData("POST", "Content-Length: 0\r\n", "", true)]
    [InlineData("POST", "", "", false)]
    [InlineData("POST", "Content-Length: 5\r\n", "hello", false)]
    [InlineData("POST", "Content-Length: 5\r\n", "hello", true)]
    [InlineData("POST", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", false)]
    [InlineData("PATCH", "Content-Length: 5\r\n", "hello", false)]
    [InlineData("PURGE", "", "", false)]
    public async Task StaleConnection_NotIdempotent_ReachesAServerOnce(
        string method, string fields, string body, bool reset)
    {
        // YARP sends such a POST 4 times.
        await using RawServer server = RawServer.Start(connection => StaleAsync(connection, reset));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse response = await client.RequestAsync($"{method} /once HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}");

        Assert.Equal(502, response.Status);
        Assert.Single(server.Requests, r => r.Target == "/once");
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    public async Task StaleConnection_IdempotentWithoutBody_IsTriedOnceMore(string method)
    {
        await using RawServer server = RawServer.Start(connection => StaleAsync(connection, false));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse response = await client.RequestAsync(
            $"{method} /again HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", method);

        Assert.Equal(200, response.Status);
        Assert.Equal(2, server.Requests.Count(r => r.Target == "/again"));
    }

    [Fact]
    public async Task StaleConnection_PutWithBody_IsNeverSentMoreThanTwice()
    {
        await using RawServer server = RawServer.Start(connection => StaleAsync(connection, false));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse response = await client.RequestAsync(
            "PUT /put HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");

        Assert.True(response.Status is 200 or 502, $"{response}");
        Assert.InRange(server.Requests.Count(r => r.Target == "/put"), 1, 2);
        Assert.All(server.WholeRequests.Where(r => r.Target == "/put"), r => Assert.Equal("hello", r.BodyText));
    }

    [Fact]
    public async Task EveryConnectionStale_Get_IsNotTriedForEver()
    {
        // Warm up many connections at once, then each of them dies with its second request.
        var warm = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            if (await connection.ReadRequestAsync() is { Target: "/warm" })
            {
                await warm.PassAsync("all to be warm");
                await connection.AnswerAsync();
                await connection.ReadRequestAsync();
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        Task<RawResponse>[] warming = [.. Enumerable.Range(0, 6).Select(_ => RawClient.GetAsync(proxy.Port, "/warm"))];
        await server.WaitForRequestsAsync(6);
        warm.Open();
        await Task.WhenAll(warming);

        RawResponse response = await RawClient.GetAsync(proxy.Port, "/dead");

        Assert.Equal(502, response.Status);
        Assert.InRange(server.Requests.Count(r => r.Target == "/dead"), 1, 2);
    }

    [Fact]
    public async Task FreshConnection_ClosedWithoutAnswer_Is502AndSentOnce()
    {
        await using RawServer server = RawServer.Start(connection => connection.ReadRequestAsync());
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal(502, response.Status);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task AnswerBegun_ThenCut_IsNotTriedAgain()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.AnswerAsync();
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 2");
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse response = await client.RequestAsync("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(502, response.Status);
        Assert.Single(server.Requests, r => r.Target == "/cut");
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "hello")]
    public async Task ServerRefusingConnections_IsPassedOverForAnother(string method, string body)
    {
        // Nothing left the proxy: any request may go to another server.
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server);
        config.Servers.Add(Ports.Next());
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        for (int i = 0; i < 10; i++)
        {
            RawResponse response = await RawClient.OnceAsync(
                proxy.Port, $"{method} /{i} HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            Assert.Equal(200, response.Status);
        }

        Assert.Equal(10, server.WholeRequests.Count);
    }

    [Fact]
    public async Task NoServerListening_Is502()
    {
        var config = new ProxyConfig();
        config.Servers.Add(Ports.Next());
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse second = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((502, 502), (first.Status, second.Status));
    }

    /// <summary>
    /// Answers one request per connection, and dies upon the next as a server does whose idle timeout ran out.
    /// </summary>
    private static async Task StaleAsync(RawConnection connection, bool reset)
    {
        RawRequest? first = await connection.ReadRequestAsync();
        if (first is null)
        {
            return;
        }

        string body = first.Method == "HEAD" ? "" : first.Target == "/warm" ? "warm!" : "fresh";
        await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{body}");
        await connection.ReadHeadAsync();
        if (reset)
        {
            connection.Wire.Reset();
        }
    }
}
