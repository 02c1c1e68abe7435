using System.Text.RegularExpressions;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

public class ErrorsTests
{
    [Theory]
    [InlineData(404, true)]
    [InlineData(405, false)]
    [InlineData(499, false)]
    [InlineData(500, true)]
    [InlineData(599, true)]
    [InlineData(600, false)]
    [InlineData(999, false)]
    [InlineData(200, false)]
    [InlineData(0, false)]
    public void Status_InTheList_KeepsItsNumberAndGetsTheBody(int status, bool isReplaced)
    {
        using var bench = MiddlewareBench.Get("/");
        bench.Exchange.Status = status;

        Assert.Equal(Verdict.Next, bench.Run(Of(new(404, 404), new(500, 599))));

        Assert.Equal(isReplaced ? status : null, bench.Exchange.LocalAnswer?.Status);
        Assert.Equal(isReplaced ? "sorry"u8.ToArray() : [], bench.Exchange.LocalAnswer?.Body.ToArray() ?? []);
    }

    [Fact]
    public void AnswerOfOurOwn_KeepsItsAllow()
    {
        using var bench = MiddlewareBench.Get("/");
        bench.Exchange.Status = 405;
        bench.Exchange.LocalAnswer = new LocalAnswer(405, "text/plain", default, "GET");

        bench.Run(Of(new StatusRange(405, 405)));

        Assert.Equal(("GET", "text/html"), (bench.Exchange.LocalAnswer.Allow, bench.Exchange.LocalAnswer.ContentType));
    }

    [Fact]
    public void TwoOfThem_KeepTheServersFieldsOnce()
    {
        using var engine = new Engine(middlewares: [Of(new StatusRange(400, 599)), Of(new StatusRange(401, 401))]);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();

        client.Feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        server.Feed("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");

        Assert.Single(Regex.Matches(client.WrittenText, "WWW-Authenticate: Basic\r\n"));
    }

    private static Errors Of(params StatusRange[] statuses) => new(new ErrorsSettings
    {
        Name = "m",
        Statuses = new Sequence<StatusRange>(statuses),
        Body = "sorry",
        ContentType = "text/html",
    });
}
