using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

public class HeadersTests
{
    // A long body takes the room the head was in before the answer's head is written.
    [Fact]
    public void Response_AfterTheRequestsHeadIsGone_StillHasItsFacts()
    {
        using var bench = new MiddlewareBench("POST /p HTTP/1.1\r\nHost: A.test\r\nContent-Length: 9\r\n\r\n");
        Headers headers = Of("{method} {host} {path} {router}");
        Assert.Equal(Verdict.Next, headers.OnRequest(bench.Exchange));

        bench.Exchange.ClientSource.Unpin();
        headers.OnResponse(bench.Exchange);

        Assert.Equal(["X-A: POST a.test /p r"], bench.Answered);
    }

    [Fact]
    public void Both_Warm_AllocateNothing()
    {
        using var bench = MiddlewareBench.Get("/p", "X-A: 1\r\n");
        bench.AssertNoAllocations(Of("{method} {host} {path}"));
        bench.AssertNoAllocations(Of("plain"));
    }

    private static Headers Of(string value)
    {
        var changes = new HeaderChanges
        {
            Set = new Sequence<HeaderLine>([new(FieldName.Of("X-A"), ValueTemplate.Parse(value, out _)!)]),
        };
        return new Headers(new HeadersSettings { Name = "m", Request = changes, Response = changes });
    }
}
