using System;
using System.Linq;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Transport.Http2;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>The side of HTTP/2 that asks: streams as links, over memory; the test is the server.</summary>
public sealed class Http2AskingTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nX-One: 1\r\n\r\n";

    [Fact]
    public void Answer_CutAtEveryByte_IsTheSameText()
    {
        const string Expected = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
            + "HTTP/1.1 200 OK\r\ncontent-type: t\r\ntransfer-encoding: chunked\r\n\r\n";
        byte[] answer = Settings().Headers(1, false, ":status: 103", "link: x")
            .Headers(1, false, ":status: 200", "content-type: t").Data(1, "hello").Data(1, "world")
            .Headers(1, true, "grpc-status: 0").Take();
        for (int cut = 0; cut <= answer.Length; cut++)
        {
            using var asking = new Asking();
            Http2Stream stream = asking.Ask(Get);
            asking.Feed(answer.AsSpan(0, cut));
            string text = Asking.Read(stream);
            asking.Feed(answer.AsSpan(cut));
            text += Asking.Read(stream);

            Assert.StartsWith(Expected, text);
            Assert.EndsWith("\r\n0\r\ngrpc-status: 0\r\n\r\n", text);
            Assert.False(stream.IsBroken);
            stream.Close();
            asking.Turn();
            Assert.DoesNotContain(asking.Frames, static frame => frame.Type == FrameType.ResetStream);
        }
    }

    [Fact]
    public void Request_IsFieldsWithoutThoseOfTheConnection()
    {
        using var asking = new Asking();
        Http2Stream stream = asking.Ask(Get);
        Frame head = asking.Frames.Single(static frame => frame.Type == FrameType.Headers);

        Assert.Equal(
            [
                (":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "a.test"), ("te", "trailers"),
                ("x-one", "1"),
            ],
            head.Fields);
        Assert.True(head.IsEnd);
        stream.Close();
        asking.Turn();
        Assert.Equal(Http2Error.Cancel, asking.Frames.Single(static f => f.Type == FrameType.ResetStream).Error);
    }

    [Fact]
    public void Ids_GoUpInTheOrderOfRequests_NotOfStreams()
    {
        using var asking = new Asking();
        Http2Stream first = asking.Connection.Open(asking);
        Http2Stream second = asking.Connection.Open(asking);
        Asking.Write(second, Get);
        Asking.Write(first, Get);

        Assert.Equal((3, 1), (first.Id, second.Id));
        first.Close();
        second.Close();
    }

    [Fact]
    public void Streams_AreAsManyAsTheServerSays_AndNoneAfterGoAway()
    {
        using var asking = new Asking();
        asking.Feed(new FrameWriter().Frame(FrameType.Settings, 0, 0, 0, 3, 0, 0, 0, 2).Take());
        Http2Stream first = asking.Ask(Get);
        Http2Stream second = asking.Ask(Get);
        Assert.False(asking.Connection.CanOpen);

        // The first is done, or may be; the second was not begun.
        asking.Feed(new FrameWriter().Frame(FrameType.GoAway, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0).Take());
        Assert.Equal((false, true), (first.IsBroken, second.IsBroken));
        Assert.True(second.IsUntouched);
        second.Close();
        Assert.False(asking.Connection.CanOpen);
        asking.Feed(new FrameWriter().Headers(1, true, ":status: 204").Take());
        Assert.StartsWith("HTTP/1.1 204 No Content\r\n", Asking.Read(first));
        first.Close();
        asking.Turn();
        Assert.True(asking.Link.HasEndedWrites);
    }

    [Theory]
    [InlineData((int)Http2Error.RefusedStream, true)]
    [InlineData((int)Http2Error.Cancel, false)]
    public void Reset_SaysWhetherAnythingWasDone(int error, bool isUntouched)
    {
        using var asking = new Asking();
        Http2Stream stream = asking.Ask(Get);
        asking.Feed(Settings().Reset(1, (Http2Error)error).Take());

        Assert.Equal((true, isUntouched), (stream.IsBroken, stream.IsUntouched));
        stream.Close();
    }

    [Fact]
    public void ConnectionThatBreaks_BreaksItsStreams_AndMayHaveDoneTheirRequests()
    {
        using var asking = new Asking();
        Http2Stream stream = asking.Ask(Get);
        asking.Link.Break();

        Assert.Equal((true, false), (stream.IsBroken, stream.IsUntouched));
        stream.Close();
        asking.Turn();
        Assert.True(asking.HasEnded);
    }

    [Fact]
    public void SlowStream_KeepsItsOwnWindow_AndNotTheConnections()
    {
        using var asking = new Asking();
        Http2Stream slow = asking.Ask(Get);
        asking.Feed(Settings().Headers(1, false, ":status: 200").Take());
        string piece = new('x', 16_000);
        for (int i = 0; i < 4; i++)
        {
            asking.Feed(new FrameWriter().Data(1, piece).Take());
        }

        for (int id = 3; id < 20; id += 2)
        {
            Http2Stream other = asking.Ask(Get);
            asking.Feed(new FrameWriter().Headers(id, false, ":status: 200").Data(id, piece).Data(id, piece)
                .Data(id, piece).Data(id, "", isEnd: true).Take());
            other.Close();
        }

        Assert.False(slow.IsBroken);
        Assert.DoesNotContain(
            asking.Frames, static frame => frame.StreamId == 1 && frame.Type == FrameType.WindowUpdate);
        Assert.InRange(Asking.Read(slow).Length, 64_000, 66_000);
        asking.Turn();
        Assert.Contains(asking.Frames, static frame => frame.StreamId == 1 && frame.Type == FrameType.WindowUpdate);
        slow.Close();
    }

    [Theory]
    [InlineData(Http2Limits.SilenceMs - 1, false, true)]
    [InlineData(Http2Limits.SilenceMs, true, true)]
    [InlineData(Http2Limits.SilenceMs, false, false)]
    public void RequestGivenUp_SaysThatNobodyIsThere_OnlyAfterALongSilence(int ms, bool isHeard, bool canOpen)
    {
        using var asking = new Asking();
        asking.Feed(Settings().Take());
        Http2Stream stream = asking.Ask(Get);
        asking.Pass(ms);
        if (isHeard)
        {
            asking.Feed(new FrameWriter().Frame(FrameType.Settings, 0, 0).Take());
        }

        stream.Abort();
        Assert.Equal(canOpen, asking.Connection.CanOpen);
    }

    private static FrameWriter Settings() => new FrameWriter().Frame(FrameType.Settings, 0, 0);
}
