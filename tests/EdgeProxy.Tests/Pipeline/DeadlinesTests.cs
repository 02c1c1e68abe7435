using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>
/// Whose silence ends an exchange, with the defaults: a request body 30 s, a first byte of the answer 60 s, a body's
/// rate judged after 5 s.
/// </summary>
public sealed class DeadlinesTests
{
    private const string Expecting =
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n";

    [Fact]
    public void Upload_StopsWhileTheAnswerFlows_AnswerIsNotCut()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");

        server.Feed("HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\n");
        for (int second = 0; second < 45; second++)
        {
            Assert.False(client.IsClosed, $"cut after {second} s");
            server.Feed("x");
            engine.PassSeconds(1);
        }

        Assert.EndsWith("\r\n\r\n" + new string('x', 45), client.WrittenText);
        Assert.False(client.IsAborted);
    }

    [Fact]
    public void Upload_Stops_IsTheClientsFault()
    {
        using var engine = new Engine();
        engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + new string('x', 999));

        engine.PassSeconds(5);
        Assert.Equal("", client.WrittenText);
        engine.PassSeconds(26);

        Assert.StartsWith("HTTP/1.1 408 ", client.WrittenText);
    }

    [Fact]
    public void Continue_ServerSaysNothing_IsTheServersFault()
    {
        using var engine = new Engine();
        engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed(Expecting);

        engine.PassSeconds(59);
        Assert.Equal("", client.WrittenText);
        engine.PassSeconds(2);

        Assert.StartsWith("HTTP/1.1 504 ", client.WrittenText);
    }

    [Fact]
    public void Continue_Late_GivesTheClientItsWholeTime()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed(Expecting);

        engine.PassSeconds(40);
        server.Feed("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", client.WrittenText);
        client.TakeWritten();
        engine.PassSeconds(4);
        Assert.Equal("", client.WrittenText);
        engine.PassSeconds(3);

        // Not a byte in the grace of 5 s is slower than any rate.
        Assert.StartsWith("HTTP/1.1 408 ", client.WrittenText);
    }

    [Fact]
    public void Continue_BodyBegunWithoutIt_IsJudgedAsAnyBody()
    {
        using var engine = new Engine();
        engine.Idle();
        MemoryLink client = engine.Accept();

        // RFC 9110 section 10.1.1: a client need not wait. One that sent half of its body waits for nobody.
        client.Feed(Expecting + "hello");
        engine.PassSeconds(31);

        Assert.StartsWith("HTTP/1.1 408 ", client.WrittenText);
    }

    [Fact]
    public void Discard_BodyInDribbles_EndsAfterFiveSecondsInAll()
    {
        using var engine = new Engine(rule: "Path(`/here`)");
        MemoryLink client = engine.Accept();
        client.Feed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404 ", client.WrittenText);

        for (int tenth = 0; tenth < 49; tenth++)
        {
            client.Feed("x");
            engine.PassSeconds(0.1);
        }

        Assert.False(client.IsClosed, "before the 5 s are over");
        client.Feed("x");
        engine.PassSeconds(0.3);
        Assert.True(client.IsClosed);
    }

    [Fact]
    public void Discard_BodyComesInTime_ConnectionGoesOn()
    {
        using var engine = new Engine(rule: "Path(`/here`)");
        engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        engine.PassSeconds(4);
        client.Feed("world");
        engine.PassSeconds(10);
        client.TakeWritten();

        client.Feed("GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 404 ", client.WrittenText);
    }

    [Fact]
    public void Discard_Drain_IsShort()
    {
        using var engine = new Engine(rule: "Path(`/here`)");
        MemoryLink client = engine.Accept();
        client.Feed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");

        engine.EntryPoint.Drain();
        engine.PassSeconds(0.5);
        Assert.False(client.IsClosed, "what is on its way may still come");
        engine.PassSeconds(0.7);

        Assert.True(client.IsClosed);
    }
}
