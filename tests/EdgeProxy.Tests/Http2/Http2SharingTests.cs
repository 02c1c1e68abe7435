using System;
using System.Linq;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>
/// One connection to a server is many requests': how many it is sent, which of them may go elsewhere, and what one
/// answer may do to the others.
/// </summary>
public sealed class Http2SharingTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

    [Theory]
    [InlineData(10)]
    [InlineData(Http2Limits.StreamsBeforeTerms)]
    [InlineData(2)]
    [InlineData(0)]
    public void RequestsOfANewConnection_AreFew_UntilTheServerSaysHowManyItTakes(int taken)
    {
        using var asking = new Asking { Ready = WriteGet };
        Http2Stream[] streams = OpenAll(asking);
        Assert.Equal(Http2Limits.StreamsBeforeTerms, HeadsOf(asking));

        asking.Feed(new FrameWriter().Frame(FrameType.Settings, 0, 0, 0, 3, 0, 0, 0, (byte)taken).Take());

        int sent = int.Max(taken, Http2Limits.StreamsBeforeTerms);
        Assert.Equal(sent, HeadsOf(asking));
        Assert.Equal(streams.Length - sent, streams.Count(static stream => stream.IsUntouched));
        Assert.Equal(sent, streams.Count(static stream => !stream.IsBroken));
        Assert.Equal(taken, asking.Connection.PeerStreamsMax);
        foreach (Http2Stream stream in streams)
        {
            stream.Close();
        }
    }

    [Fact]
    public void RequestsOfANewConnection_AllGo_OnceTheServerSaidNothingOfIt()
    {
        using var asking = new Asking { Ready = WriteGet };
        Http2Stream[] streams = OpenAll(asking);
        asking.Feed(new FrameWriter().Frame(FrameType.Settings, 0, 0).Take());

        Assert.Equal(streams.Length, HeadsOf(asking));
        Assert.Equal(streams.Length, streams.Count(static stream => stream.Id > 0 && !stream.IsBroken));
        foreach (Http2Stream stream in streams)
        {
            stream.Close();
        }
    }

    [Fact]
    public void ServerThatRefuses_IsAskedForNoMoreAtOnce()
    {
        using var asking = new Asking();
        asking.Feed(Settings().Take());
        Http2Stream[] streams = [.. Enumerable.Range(0, 5).Select(_ => asking.Ask(Get))];
        asking.Feed(new FrameWriter().Reset(7, Http2Error.RefusedStream).Reset(9, Http2Error.RefusedStream).Take());
        streams[3].Close();
        streams[4].Close();
        Assert.False(asking.Connection.CanOpen);

        asking.Feed(new FrameWriter().Headers(1, true, ":status: 204").Take());
        streams[0].Close();
        Assert.True(asking.Connection.CanOpen);
        streams[1].Close();
        streams[2].Close();
    }

    // RFC 9113 section 6.8: whatever the last stream is that counts, none is begun behind a GOAWAY.
    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void RequestsThatWait_WhenTheServerGoesAway_AreNotSent(int last)
    {
        using var asking = new Asking { Ready = WriteGet };
        asking.Feed(Settings().Take());
        asking.Link.WriteRoom = 0;
        Http2Stream first = asking.Ask(Large(70_000));
        Http2Stream second = asking.Connection.Open(asking);
        Assert.Equal(LinkStatus.WouldBlock, second.TryWrite(Encoding.Latin1.GetBytes(Get), default, default, out _));
        asking.Feed(new FrameWriter()
            .Frame(FrameType.GoAway, 0, 0, (byte)(last >> 24), (byte)(last >> 16), (byte)(last >> 8), (byte)last,
                0, 0, 0, 0).Take());
        asking.Link.WriteRoom = long.MaxValue;
        asking.Turn();

        Assert.Equal((true, true), (second.IsBroken, second.IsUntouched));
        Assert.False(first.IsBroken);
        Assert.Equal(1, HeadsOf(asking));
        first.Close();
        second.Close();
    }

    [Fact]
    public void RefusedStream_StaysRefused_WhenTheConnectionEndsInTheSameRead()
    {
        using var asking = new Asking();
        asking.Feed(Settings().Take());
        Http2Stream refused = asking.Ask(Get);
        Http2Stream other = asking.Ask(Get);
        MemoryLink.InTurn(() =>
        {
            asking.Link.Feed(new FrameWriter().Reset(1, Http2Error.RefusedStream).Take());
            asking.Link.FeedEnd();
        });

        Assert.Equal((true, true, false), (refused.IsBroken, refused.IsUntouched, refused.MayBeStale));
        Assert.Equal((true, false, true), (other.IsBroken, other.IsUntouched, other.MayBeStale));
        refused.Close();
        other.Close();
        asking.Turn();
    }

    [Theory]
    [InlineData(100_000, false)]
    [InlineData(Http2Limits.CodedAnswerBytes - 100, false)]
    [InlineData(Http2Limits.CodedAnswerBytes + 100, true)]
    public void AnswerWithALargeHead_CostsItsOwnRequest_UpToABound(int bytes, bool isEnd)
    {
        using var asking = new Asking();
        asking.Feed(Settings().Take());
        Http2Stream large = asking.Ask(Get);
        Http2Stream other = asking.Ask(Get);
        byte[] section = FrameWriter.Section(
            [":status: 200", .. Enumerable.Range(0, (bytes / 1_000) - 1).Select(static i => $"x: {new string('y', 990)}")]);
        section = [.. section, .. FrameWriter.Section([$"x: {new string('z', bytes - section.Length - 6)}"])];
        for (int at = 0; at < section.Length; at += FrameHeader.PayloadBytesDefault)
        {
            int part = int.Min(section.Length - at, FrameHeader.PayloadBytesDefault);
            asking.Feed(new FrameWriter().Frame(at == 0 ? FrameType.Headers : FrameType.Continuation,
                at + part == section.Length ? FrameFlags.EndHeaders : 0, 1, section.AsSpan(at, part)).Take());
        }

        Assert.True(large.IsBroken);
        Assert.Equal(isEnd, other.IsBroken);
        Assert.Equal(isEnd, asking.Frames.Any(static frame => frame.Type == FrameType.GoAway));
        large.Close();
        other.Close();
    }

    [Fact]
    public void AnswersFields_KeptOnceAndNamedTooOften_EndTheConnection()
    {
        using var asking = new Asking();
        asking.Feed(Settings().Take());
        Http2Stream stream = asking.Ask(Get);
        byte[] kept = [0x88, 0x40, 1, (byte)'b', 0x7F, 0xA1, 0x1E, .. Enumerable.Repeat((byte)'z', 4000)];
        asking.Feed(new FrameWriter().Frame(
            FrameType.Headers, FrameFlags.EndHeaders, 1, [.. kept, .. Enumerable.Repeat((byte)0xBE, 10_000)]).Take());

        Assert.Equal(
            Http2Error.EnhanceYourCalm, asking.Frames.Single(static frame => frame.Type == FrameType.GoAway).Error);
        stream.Close();
    }

    [Fact]
    public void BadAnswers_AreNotCountedAgainstWhoWaitsBesideThem()
    {
        using var asking = new Asking();
        asking.Feed(Settings().Take());
        Http2Stream waiting = asking.Ask(Get);
        for (int i = 0; i < 2 * Http2Limits.ResetsMax; i++)
        {
            Http2Stream stream = asking.Ask(Get);
            asking.Feed(new FrameWriter().Headers(stream.Id, true, ":status: 200", "connection: close").Take());
            Assert.True(stream.IsBroken);
            stream.Close();
        }

        Assert.False(waiting.IsBroken);
        Assert.DoesNotContain(asking.Frames, static frame => frame.Type == FrameType.GoAway);
        waiting.Close();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(99)]
    public void AnswerOnAStreamThatNobodyBegan_IsAMistake(int id)
    {
        using var asking = new Asking();
        asking.Feed(Settings().Take());
        Http2Stream stream = asking.Ask(Get);
        asking.Feed(new FrameWriter().Frame(FrameType.Headers, 0, id, 0x88).Take());

        Assert.Equal(Http2Error.Protocol, asking.Frames.Single(static f => f.Type == FrameType.GoAway).Error);
        stream.Close();
    }

    [Fact]
    public void ReadingThatStopped_ForOutputThatWasFull_GoesOnWhenThatIsGone()
    {
        using var asking = new Asking();
        asking.Feed(Settings().Take());
        asking.Link.WriteRoom = 0;
        Http2Stream first = asking.Ask(Large(60_000));
        Http2Stream second = asking.Ask(Large(80_000));
        asking.Feed(new FrameWriter().Headers(1, true, ":status: 204").Take());
        Assert.Equal("", Asking.Read(first));
        asking.Link.WriteRoom = long.MaxValue;
        asking.Turn();

        Assert.StartsWith("HTTP/1.1 204 No Content\r\n", Asking.Read(first));
        first.Close();
        second.Close();
    }

    private static FrameWriter Settings() => new FrameWriter().Frame(FrameType.Settings, 0, 0);

    // "~" is what Huffman makes no shorter.
    private static string Large(int bytes) => $"GET / HTTP/1.1\r\nHost: a.test\r\nX: {new string('~', bytes)}\r\n\r\n";

    private static int HeadsOf(Asking asking) => asking.Frames.Count(static frame => frame.Type == FrameType.Headers);

    private static Http2Stream[] OpenAll(Asking asking)
    {
        Http2Stream[] streams = [.. Enumerable.Range(0, Http2Limits.StreamsDefault)
            .Select(_ => asking.Connection.Open(asking))];
        foreach (Http2Stream stream in streams)
        {
            WriteGet(stream);
        }

        asking.Turn();
        asking.Turn();
        return streams;
    }

    private static void WriteGet(Http2Stream stream)
    {
        if (stream.Id == 0 && !stream.IsBroken)
        {
            stream.TryWrite(Encoding.Latin1.GetBytes(Get), default, default, out _);
        }
    }
}
