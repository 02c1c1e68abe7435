using System;
using System.Text;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>
/// Bodies of requests that were answered without them: short ones make way for the next request, none is read for long.
/// </summary>
public sealed class DiscardTests
{
    private const string Chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    private const string Next = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    public void Chunked_WithItsEnd_MakesWay(int readMax)
    {
        using Engine engine = Refusing();
        MemoryLink client = engine.Accept(new MemoryLink { ReadMax = readMax });

        client.Feed(Chunked + "5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n" + Next + Chunked + "3\r\nabc\r\n0\r\n\r\n" + Next);

        Assert.Equal(4, Answers(client));
        Assert.False(client.HasEndedWrites);
        Assert.DoesNotContain("Connection: close", client.WrittenText);
    }

    [Fact]
    public void Chunked_OfTheMostBytes_MakesWay_OneMoreEndsTheConnection()
    {
        const string first = "1\r\nx\r\n";
        string most = new('x', ErrorResponses.DiscardBytesMax - 64);
        string body = $"{most.Length:x}\r\n{most}\r\n";
        using Engine engine = Refusing();
        MemoryLink client = engine.Accept();
        client.Feed(Chunked + first);
        client.Feed(body + "0\r\n\r\n" + Next);
        Assert.Equal(2, Answers(client));

        MemoryLink other = engine.Accept();
        other.Feed(Chunked + first);
        other.Feed(body + body + "0\r\n\r\n" + Next);
        Assert.Equal(1, Answers(other));
        Assert.True(other.HasEndedWrites);
    }

    // What is counted is what was read, or framing would be free.
    [Fact]
    public void Chunked_OfLittleButFraming_EndsTheConnection()
    {
        using Engine engine = Refusing();
        MemoryLink client = engine.Accept();
        client.Feed(Chunked);
        const string chunk = "1\r\nx\r\n";

        int fed = 0;
        while (!client.HasEndedWrites && fed < 4 * ErrorResponses.DiscardBytesMax)
        {
            client.Feed(chunk);
            fed += chunk.Length;
        }

        Assert.InRange(fed, ErrorResponses.DiscardBytesMax, ErrorResponses.DiscardBytesMax + (2 * chunk.Length));
        client.Feed("0\r\n\r\n" + Next);
        Assert.Equal(1, Answers(client));
    }

    [Fact]
    public void Chunked_DrippingIn_EndsInTime()
    {
        using Engine engine = Refusing();
        MemoryLink client = engine.Accept();
        client.Feed(Chunked);

        int seconds = 0;
        while (!client.IsClosed && seconds < 60)
        {
            client.Feed("1\r\nx\r\n");
            engine.PassSeconds(1);
            seconds++;
        }

        Assert.InRange(seconds, 5, 7);
        Assert.Equal(1, Answers(client));
    }

    [Theory]
    [InlineData("GET /evil HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("5\r\nhello, longer\r\n0\r\n\r\n")]
    [InlineData("-1\r\n")]
    public void Chunked_ThatIsNone_EndsTheConnection_AndTheAnswerIsThere(string rest)
    {
        using Engine engine = Refusing();
        MemoryLink client = engine.Accept();
        client.Feed(Chunked);

        client.Feed(rest + Next);

        Assert.Equal(1, Answers(client));
        Assert.True(client.HasEndedWrites);
        Assert.False(client.IsAborted);
    }

    [Fact]
    public void Chunked_ThatWaitsForA100_IsNotWaitedFor()
    {
        using Engine engine = Refusing();
        MemoryLink client = engine.Accept();

        client.Feed(Chunked.Replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", StringComparison.Ordinal));

        Assert.Equal(1, Answers(client));
        Assert.Contains("Connection: close", client.WrittenText);
        Assert.True(client.HasEndedWrites);
    }

    // What is here whole asks nobody to wait, however long it is.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Held_LongerThanIsThrownAway_MakesWay(bool isChunked)
    {
        var settings = new BufferingSettings { Name = "buffering" };
        using var engine = new Engine(middlewares:
            [new Buffering(settings), new Respond(new RespondSettings { Name = "respond", Status = 404 })]);
        string payload = new('x', 3 * ErrorResponses.DiscardBytesMax);
        string request = isChunked
            ? $"{Chunked}{payload.Length:x}\r\n{payload}\r\n0\r\nX-T: 1\r\n\r\n"
            : $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {payload.Length}\r\n\r\n{payload}";
        MemoryLink client = engine.Accept();

        client.Feed(request + Next + request);
        client.Feed(Next);

        Assert.Equal(4, Answers(client));
        Assert.DoesNotContain("Connection: close", client.WrittenText);
        Assert.False(client.HasEndedWrites);
    }

    // No router takes it: a 404.
    private static Engine Refusing() => new(rule: "Host(`other`)");

    private static int Answers(MemoryLink client) =>
        Encoding.Latin1.GetString(client.Written).Split("HTTP/1.1 404").Length - 1;
}
