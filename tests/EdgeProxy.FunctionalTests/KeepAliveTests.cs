using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Connections are used again on both sides, for as long as both sides allow it and no longer.</summary>
public sealed class KeepAliveTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task TwoRequests_OnOneConnection_UseOneServerConnection()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync(Get);
        RawResponse second = await client.RequestAsync(Get);

        Assert.Equal((200, 200), (first.Status, second.Status));
        Assert.False(first.Head.Lists("Connection", "close"));
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task TwoClients_OneAfterTheOther_ShareAServerConnection()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        await RawClient.GetAsync(proxy.Port, "/1");
        await RawClient.GetAsync(proxy.Port, "/2");

        Assert.Equal(["/1", "/2"], server.WholeRequests.Select(r => r.Target));
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task PipelinedRequests_AreAnsweredInOrder()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.AnswerAsync(request.Target + request.BodyText);
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        var all = new StringBuilder();
        for (int i = 0; i < 50; i++)
        {
            all.Append(i % 2 == 0
                ? $"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n"
                : $"POST /{i} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n:b");
        }

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(all.ToString());

        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(i % 2 == 0 ? $"/{i}" : $"/{i}:b", (await client.ReadResponseAsync()).BodyText);
        }
    }

    [Fact]
    public async Task PipelinedRequests_MoreThanABuffer_AreAllAnswered()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        const int count = 2000;
        string all = string.Concat(Enumerable.Repeat(Get, count));

        using RawClient client = await proxy.ConnectAsync();
        Task sending = client.SendAsync(all);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal("ok", (await client.ReadResponseAsync()).BodyText);
        }

        await sending;
        Assert.Equal(count, server.WholeRequests.Count);
    }

    [Fact]
    public async Task PipelinedGarbage_AfterAGoodRequest_IsRefusedAndClosed()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"{Get}GARBAGE\r\n\r\n");
        RawResponse good = await client.ReadResponseAsync();
        RawResponse bad = await client.ReadResponseAsync();
        byte[] rest = await client.ReadToEndAsync();

        Assert.Equal((200, 400), (good.Status, bad.Status));
        Assert.True(bad.Head.Lists("Connection", "close"));
        Assert.Empty(rest);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task ConnectionClose_FromTheClient_IsHonoured()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse response = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        Assert.Equal((200, "ok"), (response.Status, response.BodyText));
        Assert.True(response.Head.Lists("Connection", "close"));
        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task ConnectionClose_FromTheClient_DoesNotCloseTheServerConnection()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        for (int i = 0; i < 3; i++)
        {
            await RawClient.GetAsync(proxy.Port, "/", "Connection: close\r\n");
        }

        Assert.Equal((3, 1), (server.WholeRequests.Count, server.ConnectionCount));
        Assert.DoesNotContain(server.Requests, r => r.Head.Lists("Connection", "close"));
    }

    [Fact]
    public async Task ConnectionClose_FromTheServer_EndsOnlyTheServersConnection()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.AnswerAsync(fields: "Connection: close\r\n");
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync(Get);
        RawResponse second = await client.RequestAsync(Get);

        Assert.Equal((200, 200), (first.Status, second.Status));
        Assert.False(first.Head.Lists("Connection", "close"));
        Assert.Equal(2, server.ConnectionCount);
    }

    [Fact]
    public async Task Http10Server_IsNotReused()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");

            // Stays open on purpose: only the version says that there is no second request here.
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync(Get);
        RawResponse second = await client.RequestAsync(Get);

        Assert.Equal((200, 200), (first.Status, second.Status));
        Assert.Equal("HTTP/1.1", first.Head.StartLine[..8]);
        Assert.Equal(2, server.ConnectionCount);
    }

    [Fact]
    public async Task RequestsPerConnectionMax_LastAnswerSaysCloseAndCloses()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "requests_per_connection_max = 2" });

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(Get + Get + Get);
        RawResponse first = await client.ReadResponseAsync();
        RawResponse second = await client.ReadResponseAsync();

        Assert.False(first.Head.Lists("Connection", "close"));
        Assert.True(second.Head.Lists("Connection", "close"));
        Assert.Empty(await client.ReadToEndAsync());
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Http10_AskingToKeepAlive_IsKeptAlive()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        const string request = "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync(request);
        RawResponse second = await client.RequestAsync(request);

        Assert.True(first.Head.Lists("Connection", "keep-alive"));
        Assert.Equal((200, 200), (first.Status, second.Status));
    }

    [Fact]
    public async Task LocalAnswer_ToARequestWithABody_NeverTakesTheBodyForARequest()
    {
        // CVE-2025-4366, CVE-2019-20372: an answer of the proxy's own left the body unread.
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Rule = "PathPrefix(`/here`)" });
        const string inner = "GET /here/evil HTTP/1.1\r\nHost: a\r\n\r\n";

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync(
            $"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: {inner.Length}\r\n\r\n{inner}"
            + "GET /here/good HTTP/1.1\r\nHost: a\r\n\r\n");
        client.HalfClose();
        string all = Encoding.Latin1.GetString(await client.ReadToEndAsync());

        Assert.StartsWith("HTTP/1.1 404", all);
        Assert.DoesNotContain(server.Requests, r => r.Target == "/here/evil");
    }

    [Fact]
    public async Task ServerConnection_ClosedWhileIdle_IsNotedAndLetGo()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.AnswerAsync();
            connection.Wire.HalfClose();
            await connection.Wire.ReadToEndAsync("the proxy to let go of a closed connection");
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(Get);
        await server.WaitForOpenAsync(0);
        RawResponse second = await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");

        Assert.Equal(200, second.Status);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task ServerConnection_ThatSpeaksWhileIdle_IsDropped()
    {
        // RFC 9112 section 9.3: bytes nobody asked for would be taken for the next answer.
        await using RawServer server = RawServer.Start(async connection =>
        {
            if (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync();
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
                await connection.Wire.ReadToEndAsync();
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("ok", (await RawClient.GetAsync(proxy.Port)).BodyText);

            // Only what came while the connection was idle can be told from an answer: wait until it was seen.
            await server.WaitForOpenAsync(0);
        }
    }

    [Fact]
    public async Task IdleConnectionsMaxZero_KeepsNoServerConnection()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Service = "idle_connections_max = 0" });

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(Get);
        await client.RequestAsync(Get);

        Assert.Equal(2, server.ConnectionCount);
        await server.WaitForOpenAsync(0);
    }
}
