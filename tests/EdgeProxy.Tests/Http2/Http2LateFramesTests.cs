using System;
using System.Linq;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Transport.Http2;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>
/// Frames that were on their way when their stream ended here (RFC 9113 section 5.1): whoever sent them did nothing
/// wrong, and others' streams on the connection go on.
/// </summary>
public sealed class Http2LateFramesTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

    // More than any allowance for floods has.
    private const int RoundsOfLateFrames = 20;

    [Fact]
    public void AnswersToWhatWasCancelled_AreDropped_HoweverMany()
    {
        using var asking = new Asking();
        asking.Feed(new FrameWriter().Frame(FrameType.Settings, 0, 0).Take());
        Http2Stream waiting = asking.Ask(Get);
        var late = new FrameWriter();
        for (int round = 0; round < RoundsOfLateFrames; round++)
        {
            Http2Stream[] streams = [.. Enumerable.Range(0, Http2Limits.StreamsDefault - 1)
                .Select(_ => asking.Ask(Get))];
            foreach (Http2Stream stream in streams)
            {
                late.Headers(stream.Id, false, ":status: 200").Data(stream.Id, "late").Data(stream.Id, "")
                    .Headers(stream.Id, true, "x-sum: 1").Data(stream.Id, "later");
                stream.Abort();
            }

            asking.Feed(late.Take());
        }

        Assert.DoesNotContain(asking.Frames, static frame => frame.Type == FrameType.GoAway);
        Assert.Equal(
            RoundsOfLateFrames * (Http2Limits.StreamsDefault - 1),
            asking.Frames.Count(static frame => frame.Type == FrameType.ResetStream));
        asking.Feed(late.Headers(waiting.Id, true, ":status: 204").Take());
        Assert.StartsWith("HTTP/1.1 204 No Content\r\n", Asking.Read(waiting));
        waiting.Close();
    }

    [Fact]
    public void LateFields_CountForTheTable()
    {
        using var asking = new Asking();
        asking.Feed(new FrameWriter().Frame(FrameType.Settings, 0, 0).Take());
        Http2Stream gone = asking.Ask(Get);
        Http2Stream next = asking.Ask(Get);
        gone.Abort();

        // 200, and a field that is kept; then the same by its place in the table.
        const FrameFlags Whole = FrameFlags.EndHeaders | FrameFlags.EndStream;
        asking.Feed(new FrameWriter()
            .Frame(FrameType.Headers, Whole, 1, [0x88, 0x40, 1, (byte)'k', 1, (byte)'v'])
            .Frame(FrameType.Headers, Whole, 3, [0x88, 0xBE]).Take());

        Assert.Contains("\r\nk: v\r\n", Asking.Read(next));
        next.Close();
    }

    // What Go's net/http does for a body that is longer than its buffer.
    [Theory]
    [InlineData("GET", "content-length: 5", "hello", null)]
    [InlineData("GET", "content-length: 5", "hello", "x-sum: 1")]
    [InlineData("GET", "content-length: 0", "", null)]
    [InlineData("HEAD", "content-length: 5", "", null)]
    public void EndInAFrameOfItsOwn_IsWaitedFor_ByNobody(string method, string length, string body, string? trailer)
    {
        using var asking = new Asking();
        asking.Feed(new FrameWriter().Frame(FrameType.Settings, 0, 0).Take());
        for (int i = 0; i < 2 * Http2Limits.IdleFramesMax; i++)
        {
            Http2Stream stream = asking.Ask(Get.Replace("GET", method, StringComparison.Ordinal));
            int id = stream.Id;
            FrameWriter answer = new FrameWriter().Headers(id, false, ":status: 200", length);
            asking.Feed((body.Length > 0 ? answer.Data(id, body) : answer).Take());
            Assert.EndsWith($"\r\n\r\n{body}", Asking.Read(stream));
            stream.Close();
            Assert.Equal((1, true), (asking.Connection.StreamCount, asking.Connection.AwaitsEnds));
            asking.Feed((trailer is null ? answer.Data(id, "", isEnd: true) : answer.Headers(id, true, trailer)).Take());
            Assert.Equal((0, false), (asking.Connection.StreamCount, asking.Connection.AwaitsEnds));
        }

        Assert.DoesNotContain(
            asking.Frames, static frame => frame.Type is FrameType.ResetStream or FrameType.GoAway);
        Assert.True(asking.Connection.CanOpen);
    }

    [Theory]
    [InlineData("more", (int)Http2Error.Protocol)]
    [InlineData("never", (int)Http2Error.Cancel)]
    [InlineData("reset", null)]
    [InlineData("goaway", null)]
    [InlineData("end", null)]
    public void EndThatDoesNotCome_IsNotWaitedForLong(string kind, int? told)
    {
        using var asking = new Asking();
        asking.Feed(new FrameWriter().Frame(FrameType.Settings, 0, 0).Take());
        Http2Stream stream = asking.Ask(Get);
        asking.Feed(new FrameWriter().Headers(1, false, ":status: 200", "content-length: 2").Data(1, "ok").Take());
        Asking.Read(stream);
        stream.Close();
        asking.Pass(Http2Limits.EndAwaitedMs - 1);
        Assert.NotEqual(long.MaxValue, asking.Connection.CancelAwaited(asking.NowMs));
        Assert.Equal(1, asking.Connection.StreamCount);
        switch (kind)
        {
            case "more":
                asking.Feed(new FrameWriter().Data(1, "x").Take());
                break;
            case "never":
                asking.Pass(1);
                Assert.Equal(long.MaxValue, asking.Connection.CancelAwaited(asking.NowMs));
                break;
            case "reset":
                asking.Feed(new FrameWriter().Reset(1, Http2Error.None).Take());
                break;
            case "goaway":
                asking.Feed(new FrameWriter().Frame(FrameType.GoAway, 0, 0, new byte[8]).Take());
                break;
            default:
                asking.Link.FeedEnd();
                asking.Turn();
                break;
        }

        asking.Turn();
        Assert.Equal(0, asking.Connection.StreamCount);
        Assert.Equal(
            (Http2Error?)told, asking.Frames.FirstOrDefault(static f => f.Type == FrameType.ResetStream)?.Error);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Http2Limits.StreamsRemembered - 1)]
    [InlineData(Http2Limits.StreamsRemembered + 10)]
    public void RestOfAnUpload_ThatWasAnsweredEarly_DoesNoHarm(int streamsSince)
    {
        using var engine = new Engine("Path(`/x`)");
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1, isEnd: false, method: "POST"));
        Assert.Equal(Http2Error.None, client.ResetOf(1));
        for (int i = 1; i <= streamsSince; i++)
        {
            client.Send(client.Write.Request(1 + (2 * i), isEnd: i % 2 == 0, method: "POST"));
        }

        client.Send(client.Write.Headers(1, true, "x-sum: 1"));
        Assert.Null(client.GoAway);
        int last = 3 + (2 * streamsSince);
        client.Send(client.Write.Request(last));
        Assert.Equal(404, client.Status(last));
    }

    [Fact]
    public void HeadBehindTheEnd_IsStillAMistake()
    {
        using var engine = new Engine("Path(`/x`)");
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1, isEnd: false, method: "POST").Request(3));
        client.Send(client.Write.Request(3));

        Assert.Equal(Http2Error.StreamClosed, client.GoAway);
    }
}
