using System;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Ai;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>failover.statuses: whose answer the client gets when the main service answers badly, or not at
/// all.</summary>
public sealed class FailoverTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData("503", "[\"503\"]")]
    [InlineData("404", "[\"404\", \"500-599\"]")]
    [InlineData("503 and hangs", "[\"502-504\"]")]
    [InlineData("reset", "[\"502\"]")]
    [InlineData("closed", "[\"502\"]")]
    [InlineData("not http", "[\"502\"]")]
    [InlineData("hangs", "[\"504\"]")]
    [InlineData("hangs within the head", "[\"504\"]")]
    [InlineData("refused", "[\"502\"]")]
    public async Task MainFails_FallbackAnswers(string way, string statuses)
    {
        await using RawServer main = FailingServer.Start(way);
        await using RawServer spare = RawServer.Ok("spare");
        if (way == "refused")
        {
            main.StopAccepting();
        }

        await using ProxyProcess proxy = await StartAsync(main, spare, statuses, TimeoutFor(way));
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 3; i++)
        {
            RawResponse response = await client.RequestAsync(Get);
            Assert.Equal((200, "spare"), (response.Status, response.BodyText));
        }

        await main.WaitForRequestsAsync(way == "refused" ? 0 : 3);
        Assert.Equal((way == "refused" ? 0 : 3, 3), (main.Requests.Count, spare.Requests.Count));
        await proxy.ExpectMetricAsync(3, "edgeproxy_fallbacks_total");
        await proxy.ExpectMetricAsync(3, "edgeproxy_composed_requests_total", "member=\"spare\"");
        await proxy.ExpectMetricAsync(0, "edgeproxy_server_exchanges_in_flight");
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    [Theory]
    [InlineData("503", "[\"502\", \"504\"]", 503)]
    [InlineData("reset", "[\"503\", \"504\"]", 502)]
    [InlineData("hangs", "[\"502-503\"]", 504)]
    public async Task StatusThatIsNotMeant_IsTheAnswer(string way, string statuses, int status)
    {
        await using RawServer main = FailingServer.Start(way);
        await using RawServer spare = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(main, spare, statuses, TimeoutFor(way));

        Assert.Equal(status, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Empty(spare.Requests);
    }

    [Theory]
    [InlineData("PUT", 5, true)]
    [InlineData("PUT", 60_000, true)]
    [InlineData("PUT", 200_000, false)]
    [InlineData("POST", 5, false)]
    [InlineData("PATCH", 5, false)]
    [InlineData("DELETE", 0, true)]
    public async Task OnlyWhatMayGoAgain_GoesToTheFallback_WithItsBody(string method, int bodyBytes, bool isRepeated)
    {
        await using RawServer main = FailingServer.Start("503");
        await using RawServer spare = RawServer.Ok("spare");
        await using ProxyProcess proxy = await StartAsync(main, spare, "[\"503\"]");
        string body = string.Concat(Enumerable.Range(0, bodyBytes).Select(i => (char)('a' + (i % 26))));

        RawResponse whole = await RawClient.OnceAsync(
            proxy.Port, $"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: {bodyBytes}\r\n\r\n{body}");
        RawResponse chunked = await RawClient.OnceAsync(
            proxy.Port,
            $"{method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + (bodyBytes == 0 ? "" : $"{bodyBytes:x}\r\n{body}\r\n") + "0\r\n\r\n");

        int status = isRepeated ? 200 : 503;
        Assert.Equal((status, status), (whole.Status, chunked.Status));
        string[] bodies = isRepeated ? [body, body] : [];
        Assert.Equal(bodies, spare.WholeRequests.Select(request => request.BodyText));
    }

    [Fact]
    public async Task NothingWasSent_AnyRequestGoesToTheFallback()
    {
        await using RawServer spare = RawServer.Ok("spare");
        await using RawServer main = RawServer.Ok();
        main.StopAccepting();
        await using ProxyProcess proxy = await StartAsync(main, spare, "[\"502\"]");

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");

        Assert.Equal((200, "hello"), (response.Status, Assert.Single(spare.WholeRequests).BodyText));
    }

    [Fact]
    public async Task InterimAnswerPassedOn_IsNotTakenBack()
    {
        await using RawServer main = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
            await connection.AnswerAsync("busy", status: "503 Busy");
        });
        await using RawServer spare = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(main, spare, "[\"503\"]");

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((503, "busy"), (response.Status, response.BodyText));
        Assert.Empty(spare.Requests);
    }

    [Fact]
    public async Task RetriesComeFirst_ThenTheFallback()
    {
        await using RawServer bad = FailingServer.Start("503");
        await using RawServer worse = FailingServer.Start("503");
        await using RawServer spare = RawServer.Ok("spare");
        var config = new ProxyConfig
        {
            IsBare = true,
            More = Toml(ProxyConfig.ServerList(bad.Port, worse.Port) + "\nretry = { on = [\"503\"] }", spare.Port, "[\"503\"]"),
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");

        Assert.Equal((200, "spare"), (response.Status, response.BodyText));
        Assert.Equal("hello", Assert.Single(spare.WholeRequests).BodyText);
        Assert.Equal((3, 1), (bad.Requests.Count + worse.Requests.Count, spare.Requests.Count));
    }

    [Fact]
    public async Task FallbackCannotAnswer_TheMainAnswerStands()
    {
        await using RawServer main = FailingServer.Start("503");
        var config = new ProxyConfig
        {
            IsBare = true,
            More = Toml(ProxyConfig.ServerList(main.Port), Ports.Next(), "[\"503\"]",
                "health_check = { kind = \"tcp\", interval = \"100ms\" }"),
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((503, "sick"), (response.Status, response.BodyText));
    }

    [Theory]
    [InlineData("503", "503", "inner")]
    [InlineData("502", "503", "outer")]
    [InlineData("503", "502", "outer")]
    public async Task Nested_TheInnermostThatIsMeant_FallsBack(string first, string second, string by)
    {
        // The inner one is for 503, the outer one for both.
        await using RawServer main = FailingServer.Start(first);
        await using RawServer inner = by == "inner" ? RawServer.Ok("inner") : FailingServer.Start(second);
        await using RawServer outer = RawServer.Ok("outer");
        var config = new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "top"
                [services.top]
                failover = { service = "below", fallback = "outer", statuses = ["502-503"] }
                [services.below]
                failover = { service = "main", fallback = "inner", statuses = ["503"] }
                [services.main]
                {{ProxyConfig.ServerList(main.Port)}}
                [services.inner]
                {{ProxyConfig.ServerList(inner.Port)}}
                [services.outer]
                {{ProxyConfig.ServerList(outer.Port)}}
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Assert.Equal(by, (await RawClient.GetAsync(proxy.Port)).BodyText);
        Assert.Equal(first == "502" ? 0 : 1, inner.Requests.Count);
    }

    [Fact]
    public async Task AiServiceAsAMember_OfAFailoverWithoutStatuses_Answers()
    {
        await using ModelServer model = ModelServer.Start();
        ProxyConfig config = AiProxy.Config(model, "openai_compatible", more: $$"""
            [routers.top]
            rule = "PathPrefix(`/v1`)"
            service = "top"
            [services.top]
            failover = { service = "down", fallback = "llm" }
            [services.down]
            {{ProxyConfig.ServerList(Ports.Next())}}
            health_check = { kind = "tcp", interval = "100ms" }
            """);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await AiProxy.PostAsync(
            proxy, "/v1/chat/completions", """{"model":"fast","messages":[]}""");

        Assert.Equal(200, response.Status);
        await proxy.ExpectMetricAsync(1, "edgeproxy_composed_requests_total", "member=\"llm\"");
    }

    // Only who never answers is not waited for.
    private static string TimeoutFor(string way) =>
        way.StartsWith("hangs", StringComparison.Ordinal) ? "1s" : "1m";

    private static Task<ProxyProcess> StartAsync(
        RawServer main, RawServer spare, string statuses, string timeout = "1m")
    {
        string servers = ProxyConfig.ServerList(main.Port) + $"\nresponse_timeout = \"{timeout}\"";
        return ProxyProcess.StartAsync(new ProxyConfig { IsBare = true, More = Toml(servers, spare.Port, statuses) });
    }

    private static string Toml(string main, int spare, string statuses, string spareMore = "") => $$"""
        [routers.all]
        rule = "PathPrefix(`/`)"
        service = "all"
        [services.all]
        failover = { service = "main", fallback = "spare", statuses = {{statuses}} }
        [services.main]
        {{main}}
        [services.spare]
        {{ProxyConfig.ServerList(spare)}}
        {{spareMore}}
        """;
}
