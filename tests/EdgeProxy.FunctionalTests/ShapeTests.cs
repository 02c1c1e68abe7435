using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// Middlewares that rewrite, redirect, answer and limit, over real sockets; and the connection after each.
/// </summary>
public sealed class ShapeTests
{
    private const string Middlewares = """
        [middlewares.add.add_prefix]
        prefix = "/api"
        [middlewares.version.strip_prefix_regex]
        regex = ['^/v[0-9]+']
        [middlewares.path.replace_path]
        path = "/index.html"
        [middlewares.rewrite.replace_path_regex]
        regex = '^/old/(.*)'
        replacement = "/new/../${1}"
        [middlewares.parameters.query]
        set = { user = "a b" }
        [middlewares.moved.redirect_regex]
        regex = '^http://moved.test/(.*)'
        replacement = "https://new.test/${1}"
        [middlewares.secure.redirect_scheme]
        permanent = true
        [middlewares.teapot.respond]
        status = 418
        body = "short and stout"
        [middlewares.small.body_limit]
        max = 10
        [middlewares.pages.cors]
        allow_origins = ["https://app.test"]
        allow_methods = ["PUT"]
        [middlewares.safe.security_headers]
        hsts_max_age = "8760h"
        """;

    [Fact]
    public async Task Rewrites_TheServerSeesTheCanonicalOutcome()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "add", "version", "path", "rewrite", "parameters");
        using RawClient client = await proxy.ConnectAsync();

        await OkAsync(client, "add", "/users?q=1");
        await OkAsync(client, "version", "/v2/users");
        await OkAsync(client, "path", "/a/b?q=1");
        await OkAsync(client, "rewrite", "/old/x");
        await OkAsync(client, "parameters", "/?us%65r=root&q=1");

        Assert.Equal("/api/users?q=1", server.Requests[0].Target);
        Assert.Equal("/users", server.Requests[1].Target);
        Assert.Equal("/v2", server.Requests[1].Head.One("X-Forwarded-Prefix"));
        Assert.Equal("/index.html?q=1", server.Requests[2].Target);
        Assert.Equal("/a/b", server.Requests[2].Head.One("X-Replaced-Path"));
        Assert.Equal("/x", server.Requests[3].Target);
        Assert.Equal("/?q=1&user=a%20b", server.Requests[4].Target);
    }

    [Fact]
    public async Task Answers_WithShortUnreadBodies_KeepTheConnection()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "teapot", "moved", "secure", "small", "pages", "add");
        using RawClient client = await proxy.ConnectAsync();

        RawResponse teapot = await client.RequestAsync("GET / HTTP/1.1\r\nHost: teapot.test\r\n\r\n");
        Assert.Equal((418, "short and stout"), (teapot.Status, teapot.BodyText));

        RawResponse moved = await client.RequestAsync("GET /a?b=c HTTP/1.1\r\nHost: moved.test\r\n\r\n");
        Assert.Equal((302, "https://new.test/a?b=c"), (moved.Status, moved.Head.One("Location")));

        RawResponse secure = await client.RequestAsync(
            "POST /p?q HTTP/1.1\r\nHost: secure.test:8080\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal((308, "https://secure.test/p?q"), (secure.Status, secure.Head.One("Location")));
        Assert.False(secure.Head.Has("Cache-Control"));

        RawResponse small = await client.RequestAsync(
            "POST / HTTP/1.1\r\nHost: small.test\r\nContent-Length: 11\r\n\r\nhello world");
        Assert.Equal(413, small.Status);

        RawResponse preflight = await client.RequestAsync(
            "OPTIONS / HTTP/1.1\r\nHost: pages.test\r\nOrigin: https://app.test\r\n"
                + "Access-Control-Request-Method: PUT\r\n\r\n");
        Assert.Equal((204, "https://app.test"), (preflight.Status, preflight.Head.One("Access-Control-Allow-Origin")));
        Assert.False(preflight.Head.Has("Content-Length"));

        RawResponse refused = await client.RequestAsync(
            "OPTIONS / HTTP/1.1\r\nHost: pages.test\r\nOrigin: https://evil.test\r\n"
                + "Access-Control-Request-Method: PUT\r\nContent-Length: 2\r\n\r\nhi");
        Assert.Equal(403, refused.Status);

        Assert.Empty(server.Requests);
        await OkAsync(client, "add", "/last");
    }

    [Theory]
    [InlineData("secure", "Content-Length: 1000000", 308)]
    [InlineData("teapot", "Transfer-Encoding: chunked\r\nExpect: 100-continue", 418)]
    [InlineData("small", "Content-Length: 1000000", 413)]
    [InlineData("small", "Content-Length: 20\r\nExpect: 100-continue", 413)]
    public async Task Answers_WithABodyNotWaitedFor_EndTheConnection(string host, string fields, int status)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, host);
        using RawClient client = await proxy.ConnectAsync();

        RawResponse answer = await client.RequestAsync($"POST / HTTP/1.1\r\nHost: {host}.test\r\n{fields}\r\n\r\n");

        Assert.Equal(status, answer.Status);
        Assert.Empty(answer.Interim);
        Assert.Equal("close", answer.Head.One("Connection"));
        Assert.Empty(await client.ReadToEndAsync());
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task BodyLimit_ChunkedBodyPassesIt_Is413AndTheServerNeverSeesItsEnd()
    {
        await using RawServer server = RawServer.Ok();
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(server, "small");
        using RawClient client = await proxy.ConnectAsync();
        const string Head = "POST / HTTP/1.1\r\nHost: small.test\r\nTransfer-Encoding: chunked\r\n\r\n";

        RawResponse fits = await client.RequestAsync(Head + "a\r\n0123456789\r\n0\r\n\r\n");
        Assert.Equal(200, fits.Status);

        await client.SendAsync(Head + "5\r\n01234\r\n");
        await server.WaitForRequestsAsync(2);
        RawResponse passes = await client.RequestAsync("6\r\n567890\r\n0\r\n\r\n");

        Assert.Equal(413, passes.Status);
        Assert.Equal("close", passes.Head.One("Connection"));
        Assert.Empty(await client.ReadToEndAsync());
        await server.WaitForOpenAsync(0);
        Assert.Single(server.WholeRequests);
    }

    [Fact]
    public async Task BodyLimit_PassedAfterTheAnswerBegan_CutsTheConnection()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
            await connection.Wire.ReadToEndAsync("the proxy to close");
        });
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(server, "small");
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: small.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n0\r\n");
        Assert.Equal(200, (await client.ReadHeadAsync()).Status);
        await client.SendAsync("a\r\n0123456789\r\n");

        Assert.Equal("begun"u8.ToArray(), await client.ReadToEndAsync());
        await server.WaitForOpenAsync(0);
    }

    [Fact]
    public async Task Https_OnlyATrustedProxysWordCounts()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, "secure", "safe");
        using RawClient trusted = await RawClient.ConnectAsync(proxy.Port, from: "127.0.0.2");
        using RawClient other = await RawClient.ConnectAsync(proxy.Port, from: "127.0.0.3");
        const string Fields = "X-Forwarded-Proto: https\r\n\r\n";

        RawResponse passed = await trusted.RequestAsync("GET / HTTP/1.1\r\nHost: secure.test\r\n" + Fields);
        RawResponse safe = await trusted.RequestAsync("GET / HTTP/1.1\r\nHost: safe.test\r\n" + Fields);
        RawResponse sent = await other.RequestAsync("GET / HTTP/1.1\r\nHost: secure.test\r\n" + Fields);
        RawResponse plain = await other.RequestAsync("GET / HTTP/1.1\r\nHost: safe.test\r\n" + Fields);

        Assert.Equal([200, 200, 301, 200], [passed.Status, safe.Status, sent.Status, plain.Status]);
        Assert.Equal("max-age=31536000", safe.Head.One("Strict-Transport-Security"));
        Assert.False(plain.Head.Has("Strict-Transport-Security"));
        Assert.Equal(["nosniff"], plain.Head.All("X-Content-Type-Options"));
    }

    [Fact]
    public async Task HeadersOfTheAnswer_AfterALongUpload_StillHaveTheRequestsFacts()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"m\"]",
            More = "[middlewares.m.headers.response]\nset = { X-Asked = \"{method} {path}\" }\n",
        });
        string chunk = $"8000\r\n{new string('x', 0x8000)}\r\n";

        RawResponse answer = await RawClient.OnceAsync(proxy.Port,
            $"POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}0\r\n\r\n");

        Assert.Equal("POST /p", answer.Head.One("X-Asked"));
    }

    // A router per middleware, by host: "add" applies to add.test.
    private static Task<ProxyProcess> StartAsync(RawServer server, params string[] middlewares)
    {
        string routers = "";
        foreach (string name in middlewares)
        {
            routers += $"""

                [routers.{name}]
                rule = "Host(`{name}.test`)"
                service = "app"
                middlewares = ["{name}"]
                """;
        }

        return ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "trusted_ips = [\"127.0.0.2\"]",
            More = Middlewares + routers,
        });
    }

    private static async Task OkAsync(RawClient client, string host, string target) => Assert.Equal(
        200, (await client.RequestAsync($"GET {target} HTTP/1.1\r\nHost: {host}.test\r\n\r\n")).Status);
}
