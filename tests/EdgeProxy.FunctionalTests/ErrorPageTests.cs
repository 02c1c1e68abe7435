using System;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>The middleware <c>errors</c> with a service that has the bodies.</summary>
public sealed class ErrorPageTests
{
    private const string Page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Page: 1\r\nContent-Length: 11\r\n\r\n"
        + "<h1>no</h1>";

    [Fact]
    public async Task ServersError_HasThePagesBody_AndKeepsItsStatus()
    {
        await using RawServer pages = RawServer.Answering(Page);
        await using RawServer server = RawServer.Answering("HTTP/1.1 503 Busy\r\nContent-Length: 7\r\nServer: x\r\n"
            + "Retry-After: 7\r\nX-Trace: secret\r\n\r\nprivate");
        await using ProxyProcess proxy = await StartAsync(server, pages);
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 3; i++)
        {
            RawResponse answer = await client.RequestAsync(
                "GET /secret?token=1 HTTP/1.1\r\nHost: shop.test\r\nCookie: a=b\r\nAuthorization: Basic eA==\r\n\r\n");
            Assert.Equal((503, "<h1>no</h1>", "text/html"),
                (answer.Status, answer.BodyText, answer.Head.One("Content-Type")));
            Assert.Equal("1", answer.Head.One("X-Page"));
            Assert.Equal(["7"], answer.Head.All("Retry-After"));
            Assert.False(answer.Head.Has("X-Trace") || answer.Head.Has("Server"));
        }

        Assert.All(pages.Requests, asked =>
        {
            Assert.Equal(("GET", "/errors/503.html"), (asked.Method, asked.Target));
            Assert.Equal("shop.test", asked.Head.One("Host"));
            Assert.DoesNotContain(asked.Head.Fields, field => field.Key is "Cookie" or "Authorization" or "Forwarded");
        });
        Assert.Equal((1, 1), (server.ConnectionCount, pages.ConnectionCount));
    }

    [Fact]
    public async Task OurOwnErrors_HaveIt_OfAMiddlewareAndOfADeadServer()
    {
        await using RawServer pages = RawServer.Answering(Page);
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, pages, "[middlewares.small.body_limit]\nmax = 3\n",
            "\"m\", \"small\"");
        using RawClient client = await proxy.ConnectAsync();

        RawResponse refused = await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        RawResponse passed = await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
        server.StopAccepting();
        server.CloseAll();
        RawResponse dead = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((413, "<h1>no</h1>"), (refused.Status, refused.BodyText));
        Assert.Equal((200, "ok"), (passed.Status, passed.BodyText));
        Assert.Equal((502, "<h1>no</h1>"), (dead.Status, dead.BodyText));
        Assert.Equal(["/errors/413.html", "/errors/502.html"], pages.Requests.Select(asked => asked.Target));
    }

    [Fact]
    public async Task Head_IsAskedAsSuch_AndPostAsGet()
    {
        await using RawServer pages = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.Method == "HEAD" ? Page[..^11] : Page);
            }
        });
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(
                    $"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\n{(request.Method == "HEAD" ? "" : "some")}");
            }
        });
        await using ProxyProcess proxy = await StartAsync(server, pages);
        using RawClient client = await proxy.ConnectAsync();

        RawResponse head = await client.RequestAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD");
        string upload = new('x', 200_000);
        RawResponse post = await client.RequestAsync(
            $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {upload.Length}\r\n\r\n{upload}");
        RawResponse get = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((500, "11", ""), (head.Status, head.Head.One("Content-Length"), head.BodyText));
        Assert.Equal((500, "<h1>no</h1>"), (post.Status, post.BodyText));
        Assert.Equal((500, "<h1>no</h1>"), (get.Status, get.BodyText));
        Assert.Equal(["HEAD", "GET", "GET"], pages.Requests.Select(asked => asked.Method));
        Assert.All(pages.Requests, asked => Assert.False(asked.Head.Has("Content-Length")));
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("closed")]
    [InlineData("hangs")]
    [InlineData("not http")]
    [InlineData("404")]
    [InlineData("500")]
    [InlineData("refused")]
    public async Task PagesThatFail_LeaveTheConfiguredBody(string way)
    {
        await using RawServer pages = FailingServer.Start(way == "refused" ? "500" : way);
        await using RawServer server = RawServer.Answering("HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nsome");

        // Only who never answers is not waited for.
        await using ProxyProcess proxy = await StartAsync(
            server, pages, timeout: way.StartsWith("hangs", StringComparison.Ordinal) ? "300ms" : "1m");
        if (way == "refused")
        {
            pages.StopAccepting();
        }

        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 2; i++)
        {
            RawResponse answer = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal((500, "sorry"), (answer.Status, answer.BodyText));
        }
    }

    [Fact]
    public async Task StalePageConnection_IsReplaced()
    {
        await using RawServer pages = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Page);
        });
        await using RawServer server = RawServer.Answering("HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nsome");
        await using ProxyProcess proxy = await StartAsync(server, pages);

        for (int i = 0; i < 5; i++)
        {
            RawResponse answer = await RawClient.GetAsync(proxy.Port);
            Assert.Equal((500, "<h1>no</h1>"), (answer.Status, answer.BodyText));
        }
    }

    [Fact]
    public async Task ServersRetries_ComeFirst()
    {
        await using RawServer pages = RawServer.Answering(Page);
        await using RawServer bad = FailingServer.Start("503");
        await using RawServer good = RawServer.Ok("good");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(bad, good)
        {
            Router = "middlewares = [\"m\"]",
            Service = "retry = { on = [\"503\"] }",
            More = Errors(pages),
        });

        for (int i = 0; i < 4; i++)
        {
            Assert.Equal("good", (await RawClient.GetAsync(proxy.Port)).BodyText);
        }

        Assert.Empty(pages.Requests);
    }

    private static string Errors(RawServer pages, string timeout = "1m") =>
        "[middlewares.m.errors]\nstatus = [\"400-599\"]\nbody = \"sorry\"\nservice = \"pages\"\n"
        + "path = \"/errors/{status}.html\"\n"
        + $"[services.pages]\n{ProxyConfig.ServerList(pages.Port)}\nresponse_timeout = \"{timeout}\"\n";

    private static Task<ProxyProcess> StartAsync(
        RawServer server, RawServer pages, string more = "", string middlewares = "\"m\"", string timeout = "1m") =>
        ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = $"middlewares = [{middlewares}]",
            More = $"{Errors(pages, timeout)}{more}",
        });
}
