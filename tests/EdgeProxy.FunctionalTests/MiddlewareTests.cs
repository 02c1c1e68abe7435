using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Middlewares over real sockets: what the server and the client see, and in which order they apply.</summary>
public sealed class MiddlewareTests
{
    [Theory]
    [InlineData("/api/users?q=1", "/users?q=1", "/api")]
    [InlineData("/api", "/", "/api")]
    [InlineData("/api/", "/", "/api")]
    [InlineData("/apix/users", "/apix/users", null)]
    [InlineData("/v1/api/users", "/users", "/v1/api")]
    [InlineData("/other", "/other", null)]
    [InlineData("/x/../api/./users", "/users", "/api")]
    [InlineData("/%61pi/users", "/users", "/api")]
    public async Task StripPrefix_TakesAWholeSegmentOff(string target, string seen, string? prefix)
    {
        RawRequest request = await SeenAsync("""
            [middlewares.m.strip_prefix]
            prefixes = ["/api", "/v1/api"]
            """, $"GET {target} HTTP/1.1\r\nHost: a\r\nX-Forwarded-Prefix: /forged\r\n\r\n");

        Assert.Equal(seen, request.Target);
        Assert.Equal(prefix, request.Head.One("X-Forwarded-Prefix"));
    }

    [Fact]
    public async Task Headers_Request_RemovesEverySpellingAndAddsItsOwn()
    {
        RawRequest request = await SeenAsync("""
            [middlewares.m.headers.request]
            set = { X-User = "{client_ip} {method} {host} {path} {router} {{}}", X-Forwarded-Proto = "https" }
            append = { X-List = "b" }
            remove = ["X-Debug"]
            """,
            "GET /p HTTP/1.1\r\nHost: A.test\r\nX-User: root\r\nx_user: root\r\nX.User: root\r\nX-List: a\r\n"
                + "X-Debug: 1\r\nX_DEBUG: 1\r\nX-Other: kept\r\n\r\n");

        Assert.Equal("127.0.0.1 GET a.test /p all {}", request.Head.One("X-User"));
        Assert.Equal("https", request.Head.One("X-Forwarded-Proto"));
        Assert.Equal(["a", "b"], request.Head.All("X-List"));
        Assert.False(request.Head.Has("x_user") || request.Head.Has("X.User"));
        Assert.False(request.Head.Has("X-Debug") || request.Head.Has("X_DEBUG"));
        Assert.Equal("kept", request.Head.One("X-Other"));
    }

    [Fact]
    public async Task Headers_Response_ApplyToTheServersAnswerAndToOurOwn()
    {
        await using RawServer server = RawServer.Answering(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: x\r\nX-A: theirs\r\n\r\nok");
        var config = new ProxyConfig(server)
        {
            Router = "middlewares = [\"m\"]",
            More = """
                [middlewares.m.headers.response]
                set = { X-A = "ours", Cache-Control = "private" }
                remove = ["Server"]
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse answer = await RawClient.GetAsync(proxy.Port);
        Assert.Equal("ok", answer.BodyText);
        Assert.Equal(["ours"], answer.Head.All("X-A"));
        Assert.False(answer.Head.Has("Server"));

        server.StopAccepting();
        server.CloseAll();
        RawResponse failed = await RawClient.GetAsync(proxy.Port);
        Assert.Equal(502, failed.Status);
        Assert.Equal(["ours"], failed.Head.All("X-A"));
        Assert.Equal(["private"], failed.Head.All("Cache-Control"));
    }

    [Fact]
    public async Task Middlewares_ApplyInTheOrderOfTheListAndBackwardsOnTheWayOut()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"both\", \"third\"]",
            More = """
                [middlewares.first.headers]
                request = { append = { X-Order = "first {path}" } }
                response = { append = { X-Order = "first" } }
                [middlewares.strip.strip_prefix]
                prefixes = ["/api"]
                [middlewares.third.headers]
                request = { append = { X-Order = "third {path}" } }
                response = { append = { X-Order = "third" } }
                [middlewares.both.chain]
                middlewares = ["first", "strip"]
                """,
        });

        RawResponse answer = await RawClient.GetAsync(proxy.Port, "/api/x");

        Assert.Equal(["first /api/x", "third /x"], Assert.Single(server.Requests).Head.All("X-Order"));
        Assert.Equal(["third", "first"], answer.Head.All("X-Order"));
    }

    [Fact]
    public async Task Middlewares_OnOneConnection_LeaveNothingToTheNextRequest()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Rule = "PathPrefix(`/api`)",
            Router = "middlewares = [\"strip\", \"fields\"]",
            More = """
                [middlewares.strip.strip_prefix]
                prefixes = ["/api"]
                [middlewares.fields.headers]
                request = { set = { X-A = "1" } }
                response = { set = { X-A = "1" } }
                [routers.plain]
                rule = "PathPrefix(`/plain`)"
                service = "app"
                """,
        });
        using RawClient client = await proxy.ConnectAsync();

        RawResponse first = await client.RequestAsync("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse second = await client.RequestAsync("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.True(first.Head.Has("X-A"));
        Assert.False(second.Head.Has("X-A"));
        Assert.Equal(["/x", "/plain"], [server.Requests[0].Target, server.Requests[1].Target]);
        Assert.False(server.Requests[1].Head.Has("X-A") || server.Requests[1].Head.Has("X-Forwarded-Prefix"));
    }

    private static async Task<RawRequest> SeenAsync(string middleware, string request)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Router = "middlewares = [\"m\"]", More = middleware });

        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, request)).Status);
        return Assert.Single(server.Requests);
    }
}
