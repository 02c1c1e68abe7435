using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>What a server and a client see of each other's fields, and which are the proxy's own.</summary>
public sealed class HeaderTests
{
    private const string TrustLoopback = "trusted_ips = [\"127.0.0.0/8\"]";

    [Fact]
    public async Task Host_IsKept()
    {
        WireHead head = await SeenAsync("GET / HTTP/1.1\r\nHost: Shop.Example.com:8080\r\n\r\n");

        Assert.Equal("Shop.Example.com:8080", head.One("Host"), ignoreCase: true);
    }

    [Fact]
    public async Task Host_PassHostHeaderFalse_IsTheServersOwn()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Service = "pass_host_header = false" });

        await RawClient.GetAsync(proxy.Port, host: "shop.example.com");

        WireHead head = Assert.Single(server.Requests).Head;
        Assert.Equal($"127.0.0.1:{server.Port}", head.One("Host"));
        Assert.Equal("shop.example.com", head.One("X-Forwarded-Host"));
    }

    [Fact]
    public async Task AbsoluteTarget_WinsOverNothingAndArrivesAsOrigin()
    {
        WireHead head = await SeenAsync("GET http://a.test/p?q HTTP/1.1\r\nHost: a.test\r\n\r\n");

        Assert.Equal("GET /p?q HTTP/1.1", head.StartLine);
        Assert.Equal("a.test", head.One("Host"));
    }

    [Theory]
    [InlineData("Keep-Alive: timeout=5", "Keep-Alive")]
    [InlineData("Proxy-Connection: keep-alive", "Proxy-Connection")]
    [InlineData("TE: gzip", "TE")]
    [InlineData("Upgrade: foo", "Upgrade")]
    [InlineData("Connection: keep-alive", "Connection")]
    [InlineData("Connection: close", "Connection")]
    public async Task HopByHopField_IsRemoved(string field, string name)
    {
        // RFC 9110 section 7.6.1
        WireHead head = await SeenAsync($"GET / HTTP/1.1\r\nHost: a\r\n{field}\r\nX-Kept: 1\r\n\r\n");

        Assert.False(head.Has(name));
        Assert.Equal("1", head.One("X-Kept"));
    }

    [Theory]
    [InlineData("close, X-Foo")]
    [InlineData("x-fOO,close")]
    [InlineData(",, X-Foo ,")]
    [InlineData("X-Foo\r\nConnection: close")]
    public async Task FieldNamedByConnection_IsRemoved(string connection)
    {
        WireHead head = await SeenAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Foo: 1\r\nConnection: {connection}\r\nX-Kept: 1\r\n\r\n");

        Assert.False(head.Has("X-Foo"));
        Assert.False(head.Has("Connection"));
        Assert.Equal("1", head.One("X-Kept"));
    }

    [Theory]
    [InlineData("Host")]
    [InlineData("hOST")]
    [InlineData("X-Forwarded-For")]
    [InlineData("x-forwarded-host")]
    [InlineData("X-Forwarded-Proto, X-Forwarded-Port")]
    [InlineData("Forwarded")]
    [InlineData("X-Request-Id")]
    public async Task FieldOfOurs_NamedByConnection_Survives(string connection)
    {
        // CVE-2024-45410, CVE-2021-32813: the client removed the proxy's own fields.
        WireHead head = await SeenAsync($"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: {connection}\r\n\r\n");

        Assert.Equal("a.test", head.One("Host"));
        Assert.Equal("127.0.0.1", head.One("X-Forwarded-For"));
        Assert.Equal("a.test", head.One("X-Forwarded-Host"));
        Assert.Equal("http", head.One("X-Forwarded-Proto"));
        Assert.True(head.Has("X-Forwarded-Port"));
        Assert.True(head.Has("X-Request-Id"));
    }

    [Fact]
    public async Task ContentLength_NamedByConnection_StillFrames()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port,
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\nhello");

        Assert.True(response.Status is 200 or 400, $"{response}");
        Assert.All(server.WholeRequests, r => Assert.Equal("hello", r.BodyText));
    }

    [Fact]
    public async Task Forwarding_OfAnUntrustedClient_IsToldByUsAlone()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        await RawClient.GetAsync(
            proxy.Port,
            "/",
            "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 6.6.6.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
            + "X-Forwarded-Port: 666\r\nForwarded: for=6.6.6.6;proto=https\r\nX-Real-IP: 6.6.6.6\r\n"
            + "X_Forwarded_For: 6.6.6.6\r\nX.Forwarded.For: 6.6.6.6\r\nX_Forwarded-Host: evil\r\nX-Real_Ip: 6.6.6.6\r\n",
            "a.test");

        WireHead head = Assert.Single(server.Requests).Head;
        Assert.Equal("127.0.0.1", head.One("X-Forwarded-For"));
        Assert.Equal("http", head.One("X-Forwarded-Proto"));
        Assert.Equal("a.test", head.One("X-Forwarded-Host"));
        Assert.Equal($"{proxy.Port}", head.One("X-Forwarded-Port"));
        Assert.DoesNotContain("6.6.6", head.Text);
        Assert.DoesNotContain("evil", head.Text);
    }

    [Fact]
    public async Task Forwarded_NamesClientAndProtocol()
    {
        // RFC 7239
        WireHead head = await SeenAsync("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");

        string forwarded = head.One("Forwarded") ?? "";
        Assert.Contains("for=127.0.0.1", forwarded);
        Assert.Contains("proto=http", forwarded);
        Assert.Contains("host=", forwarded);
    }

    [Fact]
    public async Task Forwarding_OfATrustedClient_IsContinued()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = TrustLoopback });

        await RawClient.GetAsync(
            proxy.Port,
            "/",
            "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.test\r\nX-Forwarded-Port: 443\r\n",
            "a.test");

        WireHead head = Assert.Single(server.Requests).Head;
        Assert.Equal("192.0.2.7, 127.0.0.1", string.Join(", ", head.All("X-Forwarded-For")));
        Assert.Equal("https", head.One("X-Forwarded-Proto"));
        Assert.Equal("shop.test", head.One("X-Forwarded-Host"));
        Assert.Equal("443", head.One("X-Forwarded-Port"));
    }

    [Fact]
    public async Task TrustedIps_OtherAddress_IsNotTrusted()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "trusted_ips = [\"127.0.0.9\", \"10.0.0.0/8\"]" });

        await RawClient.GetAsync(proxy.Port, "/", "X-Forwarded-For: 6.6.6.6\r\n");

        Assert.Equal("127.0.0.1", Assert.Single(server.Requests).Head.One("X-Forwarded-For"));
    }

    [Theory]
    [InlineData("Transfer_Encoding: chunked")]
    [InlineData("Content_Length: 5")]
    [InlineData("X_Forwarded_For: 1.1.1.1")]
    [InlineData("X.Forwarded.Host: evil")]
    [InlineData("x_forwarded-Proto: https")]
    [InlineData("X_Request_Id: evil")]
    [InlineData("X.Real.Ip: 1.1.1.1")]
    public async Task Alias_OfAFieldOfOurs_IsDropped(string field)
    {
        // CGI and WSGI servers read "_" as "-": the alias would be taken for the real field (CVE-2026-39858).
        WireHead head = await SeenAsync($"GET / HTTP/1.1\r\nHost: a\r\n{field}\r\nmy_own: 1\r\n\r\n");

        Assert.False(head.Has(field[..field.IndexOf(':')]));
    }

    [Fact]
    public async Task RequestId_Absent_IsMadeAndDiffers()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        await RawClient.GetAsync(proxy.Port);
        await RawClient.GetAsync(proxy.Port);

        string[] ids = [.. server.Requests.Select(r => r.Head.One("X-Request-Id") ?? "")];
        Assert.All(ids, id => Assert.InRange(id.Length, 8, 64));
        Assert.NotEqual(ids[0], ids[1]);
    }

    [Fact]
    public async Task RequestId_OfTheClient_IsKept()
    {
        WireHead head = await SeenAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: abc-123\r\n\r\n");

        Assert.Equal("abc-123", head.One("X-Request-Id"));
    }

    [Fact]
    public async Task Traceparent_IsPassedOn()
    {
        const string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        WireHead head = await SeenAsync($"GET / HTTP/1.1\r\nHost: a\r\ntraceparent: {trace}\r\ntracestate: v=1\r\n\r\n");

        Assert.Equal(trace, head.One("traceparent"));
        Assert.Equal("v=1", head.One("tracestate"));
    }

    [Fact]
    public async Task OtherFields_ArriveInOrderAndUntouched()
    {
        WireHead head = await SeenAsync(
            "GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nA:  two words \t\r\nCookie: x=y; z=\"1\"\r\nB: 3\r\nX-Latin: \u00e9\r\nEmpty:\r\n\r\n");

        string[] mine = [.. head.Fields
            .Where(f => f.Key is "A" or "B" or "Cookie" or "X-Latin" or "Empty").Select(f => $"{f.Key}={f.Value}")];
        Assert.Equal(["B=1", "A=two words", "Cookie=x=y; z=\"1\"", "B=3", "X-Latin=\u00e9", "Empty="], mine);
    }

    [Theory]
    [InlineData("TRACE / HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n")]
    [InlineData("CONNECT 10.0.0.1:22 HTTP/1.1\r\nHost: 10.0.0.1:22\r\n\r\n")]
    [InlineData("CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n")]
    public async Task TraceAndConnect_AreRefused(string request)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(proxy.Port, request);

        Assert.True(response.Status is 405 or 501 or 400, $"{response}");
        Assert.DoesNotContain("secret", response.BodyText);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Fact]
    public async Task Answer_HopByHopFields_AreRemoved()
    {
        RawResponse response = await AnsweredAsync(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\n"
            + "Proxy-Connection: keep-alive\r\nX-Kept: 1\r\n\r\nok");

        Assert.False(response.Head.Has("X-Secret"));
        Assert.False(response.Head.Has("Keep-Alive"));
        Assert.False(response.Head.Has("Proxy-Connection"));
        Assert.False(response.Head.Lists("Connection", "X-Secret"));
        Assert.Equal("1", response.Header("X-Kept"));
    }

    [Fact]
    public async Task Answer_WithoutDate_GetsOne()
    {
        // RFC 9110 section 6.6.1
        RawResponse response = await AnsweredAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        Assert.Matches("^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$", response.Header("Date"));
    }

    [Fact]
    public async Task Answer_WithDate_KeepsIt()
    {
        const string date = "Sun, 06 Nov 1994 08:49:37 GMT";
        RawResponse response = await AnsweredAsync($"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: {date}\r\n\r\nok");

        Assert.Equal(date, response.Header("Date"));
    }

    [Fact]
    public async Task Answer_Fields_ArriveInOrderAndUntouched()
    {
        RawResponse response = await AnsweredAsync(
            "HTTP/1.1 299 Quite All Right\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nServer: x\r\nContent-Length: 2\r\n\r\nok");

        Assert.Equal("HTTP/1.1 299 Quite All Right", response.Head.StartLine);
        Assert.Equal(["a=1", "b=2"], response.Head.All("Set-Cookie"));
        Assert.Equal("x", response.Header("Server"));
    }

    [Theory]
    [InlineData("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 404)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400)]
    public async Task OwnAnswer_SaysDateTypeAndLength(string request, int status)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Rule = "Path(`/here`)" });

        RawResponse response = await RawClient.OnceAsync(proxy.Port, request);

        Assert.Equal(status, response.Status);
        Assert.True(response.Head.Has("Date"));
        Assert.NotNull(response.Head.ContentLength);
    }

    private static async Task<WireHead> SeenAsync(string request)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        RawResponse response = await RawClient.OnceAsync(proxy.Port, request);
        Assert.Equal(200, response.Status);
        return Assert.Single(server.Requests).Head;
    }

    private static async Task<RawResponse> AnsweredAsync(string answer)
    {
        await using RawServer server = RawServer.Answering(answer);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        return await RawClient.GetAsync(proxy.Port);
    }
}
