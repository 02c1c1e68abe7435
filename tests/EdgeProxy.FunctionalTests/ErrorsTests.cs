using System;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>The middleware <c>errors</c>: the server's answer is put aside for another.</summary>
public sealed class ErrorsTests
{
    private const string Sorry = """
        [middlewares.m.errors]
        status = ["401", "500-599"]
        body = "sorry"
        """;

    [Fact]
    public async Task ServersError_GetsOurBodyAndTheConnectionsGoOn()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.Target == "/ok"
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                    : "HTTP/1.1 401 No\r\nContent-Length: 7\r\nServer: x\r\nWWW-Authenticate: Basic\r\n"
                        + "WWW-Authenticate: Bearer\r\nX-Trace: secret\r\n\r\nprivate");
            }
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        RawResponse replaced = await client.RequestAsync("GET /no HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((401, "sorry"), (replaced.Status, replaced.BodyText));
        Assert.Equal(["Basic", "Bearer"], replaced.Head.All("WWW-Authenticate"));
        Assert.False(replaced.Head.Has("X-Trace") || replaced.Head.Has("Server"));

        RawResponse head = await client.RequestAsync("HEAD /no HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD");
        Assert.Equal((401, "5"), (head.Status, head.Head.One("Content-Length")));

        RawResponse posted = await client.RequestAsync("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
        Assert.Equal((401, "sorry"), (posted.Status, posted.BodyText));

        RawResponse ok = await client.RequestAsync("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((200, "ok"), (ok.Status, ok.BodyText));
    }

    [Fact]
    public async Task BodyFile_IsReadWithTheConfiguration()
    {
        await using RawServer server = RawServer.Answering("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nsome");
        string path = Path.Combine(Path.GetTempPath(), $"sorry-{Guid.NewGuid():N}.html");
        await File.WriteAllTextAsync(path, "<h1>one</h1>", TestContext.Current.CancellationToken);
        try
        {
            await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
            {
                WatchInterval = "100ms",
                Router = "middlewares = [\"m\"]",
                More = "[middlewares.m.errors]\nstatus = [\"500\"]\ncontent_type = \"text/html\"\n"
                    + $"body_file = \"{path}\"\n",
            });
            RawResponse answer = await RawClient.GetAsync(proxy.Port);
            Assert.Equal((500, "<h1>one</h1>", "text/html"),
                (answer.Status, answer.BodyText, answer.Head.One("Content-Type")));

            await WholeFile.ReplaceAsync(path, "<h1>two</h1>");
            await Eventually.TrueAsync(
                async () => (await RawClient.GetAsync(proxy.Port)).BodyText == "<h1>two</h1>", "the new body");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task ServersRetryAfter_IsTheOnlyOne()
    {
        await using RawServer server = RawServer.Answering(
            "HTTP/1.1 503 No\r\nContent-Length: 0\r\nRetry-After: 30\r\n\r\n");
        await using ProxyProcess proxy = await StartAsync(server);

        RawResponse answer = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((503, "sorry"), (answer.Status, answer.BodyText));
        Assert.Equal(["30"], answer.Head.All("Retry-After"));
    }

    [Fact]
    public async Task OurOwnError_GetsTheBodyToo()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        server.StopAccepting();

        RawResponse answer = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((502, "sorry"), (answer.Status, answer.BodyText));
    }

    [Fact]
    public async Task ServersErrorDuringAnUpload_EndsTheConnection()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 500 No\r\nContent-Length: 1000000\r\n\r\nfar from whole");
            await connection.Wire.ReadToEndAsync("the proxy to close");
        });
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        RawResponse answer = await client.RequestAsync(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf");

        Assert.Equal((500, "sorry"), (answer.Status, answer.BodyText));
        Assert.Equal("close", answer.Head.One("Connection"));
        Assert.Empty(await client.ReadToEndAsync());
        await server.WaitForOpenAsync(0);
    }

    private static Task<ProxyProcess> StartAsync(RawServer server) => ProxyProcess.StartAsync(
        new ProxyConfig(server) { Router = "middlewares = [\"m\"]", More = Sorry });
}
