using System;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>An auth server that decides, refuses, fails and lies, over real sockets.</summary>
public sealed class ForwardAuthTests
{
    private const string Allow = "HTTP/1.1 200 OK\r\nRemote-User: alice\r\nContent-Length: 2\r\n\r\nok";

    private const string Login = "HTTP/1.1 302 Found\r\nLocation: https://sso.example/?rd=x\r\nX-Secret: 1\r\n"
        + "Set-Cookie: state=1; Path=/\r\nSet-Cookie: other=2\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nlogin";

    [Fact]
    public async Task Allowed_ServerIsToldWhatTheAuthServerSaid_AndNothingTheClientForged()
    {
        await using RawServer auth = RawServer.Answering(Allow);
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, auth, "response_headers = [\"Remote-User\", \"Remote-Groups\"]\nuser_header = \"Remote-User\"\n"
            + "consumer_header = \"X-Consumer\"\n");

        RawResponse answer = await RawClient.GetAsync(
            proxy.Port, "/a%41/./b?x=%31", "Remote-User: root\r\nremote_user: root\r\nRemote.Groups: admin\r\n"
            + "X-Consumer: root\r\nCookie: session=1\r\nX-Private: p\r\nX-Forwarded-Uri: /open\r\n");

        Assert.Equal(200, answer.Status);
        RawRequest asked = Assert.Single(auth.Requests);
        Assert.Equal("GET", asked.Method);
        Assert.Equal("/verify", asked.Target);
        Assert.Equal("GET", asked.Head.One("X-Forwarded-Method"));
        Assert.Equal("http", asked.Head.One("X-Forwarded-Proto"));
        Assert.Equal("/aA/b?x=%31", asked.Head.One("X-Forwarded-Uri"));
        Assert.Equal("127.0.0.1", asked.Head.One("X-Forwarded-For"));
        Assert.Equal("session=1", asked.Head.One("Cookie"));
        Assert.False(asked.Head.Has("X-Private") || asked.Head.Has("Remote-User") || asked.Head.Has("traceparent"));
        RawRequest seen = Assert.Single(server.Requests);
        Assert.Equal("alice", seen.Head.One("Remote-User"));
        Assert.Equal("shop", seen.Head.One("X-Consumer"));
        Assert.Equal("session=1", seen.Head.One("Cookie"));
        Assert.False(seen.Head.Has("remote_user") || seen.Head.Has("Remote.Groups") || seen.Head.Has("Remote-Groups"));
    }

    [Fact]
    public async Task Refused_ClientGetsTheAnswer_AndItsConnectionGoesOnAfterTheUnreadBody()
    {
        int count = 0;
        await using RawServer auth = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync(count++ == 0 ? Login : Allow);
            }
        });
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, auth);
        using RawClient client = await RawClient.ConnectAsync(proxy.Port);

        await client.SendAsync("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        RawResponse refused = await client.ReadResponseAsync();
        await client.SendAsync("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        RawResponse passed = await client.ReadResponseAsync();

        Assert.Equal((302, "login"), (refused.Status, refused.BodyText));
        Assert.Equal("https://sso.example/?rd=x", refused.Head.One("Location"));
        Assert.Equal("text/html", refused.Head.One("Content-Type"));
        Assert.Equal(["state=1; Path=/", "other=2"], refused.Head.All("Set-Cookie"));
        Assert.False(refused.Head.Has("X-Secret"));
        Assert.Equal(200, passed.Status);
        Assert.Equal("hello", Assert.Single(server.Requests).BodyText);
        Assert.All(auth.Requests, asked => Assert.Equal(("POST", ""), (asked.Head.One("X-Forwarded-Method"), asked.BodyText)));
    }

    [Theory]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\nsecret")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    [InlineData("HTTP/1.1 403 No\r\nContent-Length: 50\r\n\r\nshort")]
    [InlineData("not http\r\n\r\n")]
    [InlineData("HTTP/1.1 403 No\r\nContent-Type: text/x; a=\"\u0001\"\r\nContent-Length: 6\r\n\r\nsecret")]
    [InlineData("HTTP/1.1 403 No\r\nContent-Type: text/x; a=\"\u007f\"\r\nContent-Length: 6\r\n\r\nsecret")]
    [InlineData("")]
    public async Task NoDecision_IsA503_OrPassesAsNobodys(string answer)
    {
        await using RawServer auth = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(answer);
        });
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess closed = await StartAsync(server, auth);
        RawResponse refused = await RawClient.GetAsync(closed.Port, "/");
        Assert.Equal(503, refused.Status);
        Assert.Equal("1", refused.Head.One("Retry-After"));
        Assert.DoesNotContain("secret", refused.BodyText, StringComparison.Ordinal);
        Assert.Empty(server.Requests);

        await using ProxyProcess open = await StartAsync(
            server, auth, "on_failure = \"open\"\nresponse_headers = [\"Remote-User\"]\n");
        RawResponse passed = await RawClient.GetAsync(open.Port, "/", "remote_user: root\r\n");
        Assert.Equal(200, passed.Status);
        Assert.False(Assert.Single(server.Requests).Head.Has("remote_user"));
        await open.ExpectMetricAsync(1, "edgeproxy_requests_undecided_total");
    }

    [Fact]
    public async Task NobodyThereOrNoAnswerInTime_IsA503()
    {
        await using RawServer server = RawServer.Ok();
        await using RawServer silent = RawServer.Silent();
        await using ProxyProcess slow = await StartAsync(server, silent, "timeout = \"50ms\"\n");
        Assert.Equal(503, (await RawClient.GetAsync(slow.Port, "/")).Status);

        RawServer gone = RawServer.Ok();
        await using ProxyProcess dead = await StartAsync(server, gone);
        await gone.DisposeAsync();
        Assert.Equal(503, (await RawClient.GetAsync(dead.Port, "/")).Status);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Cache_IsAskedOncePerRequestOrCredential_AndNoStoreIsObeyed()
    {
        await using RawServer auth = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } asked)
            {
                bool isKept = asked.Head.One("X-Forwarded-Uri") != "/private";
                await connection.SendAsync(isKept ? Allow : Allow.Replace(
                    "\r\n\r\n", "\r\nCache-Control: No-Store\r\n\r\n", StringComparison.Ordinal));
            }
        });
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess byRequest = await StartAsync(server, auth, "cache_time = \"1m\"\n");
        foreach (string target in (string[])["/a", "/a", "/b", "/a?", "/private", "/private"])
        {
            Assert.Equal(200, (await RawClient.GetAsync(byRequest.Port, target, "Cookie: s=1\r\n")).Status);
        }

        Assert.Equal(200, (await RawClient.GetAsync(byRequest.Port, "/a", "Cookie: s=2\r\n")).Status);
        Assert.Equal(
            ["/a", "/b", "/a?", "/private", "/private", "/a"],
            auth.Requests.Select(asked => asked.Head.One("X-Forwarded-Uri")!));

        await using ProxyProcess byCredential = await StartAsync(
            server, auth, "cache_time = \"1m\"\ncache_by = \"credential\"\n");
        int before = auth.Requests.Count;
        foreach (string target in (string[])["/a", "/b", "/c?d"])
        {
            Assert.Equal(200, (await RawClient.GetAsync(byCredential.Port, target, "Cookie: s=1\r\n")).Status);
        }

        Assert.Equal(before + 1, auth.Requests.Count);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")]
    [InlineData("\r\n")]
    public async Task Body_IsAskedAboutAndServed_WhenTheAuthServerIsToSeeIt(string rest)
    {
        string body = rest.Length > 2 ? "hello" : "";
        await using RawServer auth = RawServer.Answering(Allow);
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, auth, "forward_body = true\n");
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 2; i++)
        {
            RawResponse answer = await client.RequestAsync(
                $"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Type: application/x; v=1\r\n{rest}");
            Assert.Equal(200, answer.Status);
        }

        Assert.Equal(2, server.WholeRequests.Count);
        Assert.All(server.WholeRequests, seen => Assert.Equal(body, seen.BodyText));
        Assert.Equal(2, auth.WholeRequests.Count);
        Assert.All(auth.WholeRequests, asked => Assert.Equal(
            (body.Length > 0 ? "POST" : "GET", "PUT", body, body.Length > 0 ? "application/x; v=1" : null),
            (asked.Method, asked.Head.One("X-Forwarded-Method"), asked.BodyText, asked.Head.One("Content-Type"))));
    }

    [Fact]
    public async Task Body_LongerThanIsAskedAbout_IsA413()
    {
        await using RawServer auth = RawServer.Answering(Allow);
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, auth, "forward_body = true\nbody_bytes_max = 4\n");
        using RawClient client = await proxy.ConnectAsync();

        RawResponse answer = await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        RawResponse next = await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nhell");

        Assert.Equal((413, 200), (answer.Status, next.Status));
        Assert.Single(auth.Requests);
    }

    [Fact]
    public async Task Body_IsPartOfWhatADecisionIsRememberedFor()
    {
        await using RawServer auth = RawServer.Answering(Allow);
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(
            server, auth, "forward_body = true\ncache_time = \"1m\"\n");

        foreach (string body in (string[])["one", "two", "one", "two"])
        {
            RawResponse answer = await RawClient.OnceAsync(
                proxy.Port, $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n{body}");
            Assert.Equal(200, answer.Status);
        }

        Assert.Equal(["one", "two"], auth.WholeRequests.Select(asked => asked.BodyText));
        Assert.Equal(4, server.WholeRequests.Count);
    }

    [Fact]
    public async Task Cookies_OfADecisionAreGivenWithTheServersAnswer()
    {
        await using RawServer auth = RawServer.Answering(
            "HTTP/1.1 202 Accepted\r\nSet-Cookie: session=2; HttpOnly\r\nSet-Cookie: other=3\r\nContent-Length: 0\r\n\r\n");
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, auth, "cookies = [\"session\"]\n");

        RawResponse answer = await RawClient.GetAsync(proxy.Port, "/");

        Assert.Equal(["session=2; HttpOnly"], answer.Head.All("Set-Cookie"));
    }

    private static Task<ProxyProcess> StartAsync(RawServer server, RawServer auth, string keys = "") =>
        ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"sso\"]",
            More = $"[consumers.shop]\nusers = [\"alice\"]\n"
                + $"[middlewares.sso.forward_auth]\naddress = \"http://127.0.0.1:{auth.Port}/verify\"\n{keys}",
        });
}
