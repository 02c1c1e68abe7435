using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Services;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>
/// HTTP/2 through the whole engine, in memory: what goes to the server, what comes back, and what is left.
/// </summary>
public sealed class Http2EngineTests
{
    [Fact]
    public void Get_IsForwardedAsHttp1_AndAnsweredWithFrames()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);

        client.Send(client.Write.Request(1, path: "/a?b=c", more: ["accept: */*", "cookie: a=1", "cookie: b=2"]));
        string request = server.WrittenText;
        Answer(engine, server, Http2Client.Answer("hello", "X-One: 1\r\nConnection: x-two\r\nX-Two: 2\r\n"));

        Assert.StartsWith("GET /a?b=c HTTP/1.1\r\nHost: a.test\r\n", request);
        Assert.Contains("\r\ncookie: a=1; b=2\r\n", request);
        Assert.DoesNotContain("transfer-encoding", request, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(200, client.Status(1));
        Assert.Equal("hello", client.Body(1));
        Assert.True(client.HasEnded(1));
        Frame head = client.Of(1).First();
        Assert.Equal("1", head.Field("x-one"));
        Assert.Null(head.Field("x-two"));
        Assert.Null(head.Field("connection"));
        Assert.Equal(1, engine.Pool.IdleCount);
        Assert.Equal(0, engine.Loop.Streams.RentedCount);
        Assert.Equal(0, engine.Loop.Blocks.RentedCount);
    }

    [Fact]
    public void Streams_AreAnsweredInTheOrderOfTheServers_NotOfTheRequests()
    {
        using var engine = new Engine();
        MemoryLink second = engine.Idle();
        MemoryLink first = engine.Idle();
        var client = new Http2Client(engine);

        client.Send(client.Write.Request(1, path: "/1").Request(3, path: "/3"));
        Answer(engine, second, Http2Client.Answer("three"));
        Assert.Equal((0, 200), (client.Status(1), client.Status(3)));
        Answer(engine, first, Http2Client.Answer("one"));

        Assert.Equal(("one", "three"), (client.Body(1), client.Body(3)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Body_WithTrailers_GoesOn(bool isByteByByte)
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine, isByteByByte ? new MemoryLink { ReadMax = 1 } : null);

        client.Send(client.Write.Request(1, isEnd: false, method: "POST").Data(1, "hel").Data(1, "").Data(1, "lo")
            .Headers(1, isEnd: true, "x-sum: 7", "content-length: 99"));
        string request = server.WrittenText;
        Answer(engine, server,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\ngrpc-status: 0\r\n\r\n");

        Assert.Contains("transfer-encoding: chunked\r\n", request);
        Assert.EndsWith("0\r\nx-sum: 7\r\n\r\n", request);
        Assert.Equal("hello", string.Concat(Chunks(request)));
        Assert.Equal("abc", client.Body(1));
        Frame trailers = client.Of(1).Last();
        Assert.True(trailers.IsEnd);
        Assert.Equal([("grpc-status", "0")], trailers.Fields);
    }

    [Fact]
    public void DeclaredBody_StaysDeclared()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);

        client.Send(client.Write.Request(1, false, "POST", "/", "content-length: 5").Data(1, "hello", isEnd: true));

        Assert.Contains("content-length: 5\r\n", server.WrittenText);
        Assert.EndsWith("\r\n\r\nhello", server.WrittenText);
        Answer(engine, server, Http2Client.Answer(""));
        Assert.True(client.Of(1).Single().IsEnd);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304)]
    public void Answer_WithoutBody_EndsWithItsHead(string method, string answer, int status)
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);

        client.Send(client.Write.Request(1, method: method));
        Answer(engine, server, answer);

        Assert.Equal(status, client.Status(1));
        Assert.True(client.Of(1).Single().IsEnd);
        Assert.Equal(status == 204 ? null : "5", client.Of(1).Single().Field("content-length"));
    }

    [Fact]
    public void HeadOfManyFrames_IsWhole_BothWays()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        string value = new('~', 20_000); // which Huffman makes no shorter
        byte[] section = FrameWriter.Section(
            [":method: GET", ":scheme: http", ":path: /", ":authority: a.test", $"x-long: {value}"]);
        client.Send(client.Write.Frame(FrameType.Headers, FrameFlags.EndStream, 1, section.AsSpan(0, 16_000))
            .Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1, section.AsSpan(16_000)));
        Assert.Contains($"x-long: {value}\r\n", server.WrittenText);
        Answer(engine, server, Http2Client.Answer("ok", $"X-Long: {value}\r\n"));

        Assert.Equal(value, client.Of(1).First().Field("x-long"));
        Assert.Equal("ok", client.Body(1));
    }

    [Fact]
    public void ExtendedConnect_IsATunnel_ThatEndsOnEachSide()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Headers(1, false, ":method: CONNECT", ":protocol: websocket", ":scheme: https",
            ":path: /chat", ":authority: a.test", "sec-websocket-version: 13"));
        Assert.StartsWith("GET /chat HTTP/1.1\r\nHost: a.test\r\n", server.WrittenText);
        Assert.Contains("Connection: Upgrade\r\n", server.WrittenText);
        Assert.Contains("upgrade: websocket\r\n", server.WrittenText);
        Assert.DoesNotContain("transfer-encoding", server.WrittenText, StringComparison.OrdinalIgnoreCase);
        Answer(engine, server, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: p\r\n\r\nhello");
        Frame head = client.Of(1).First();
        Assert.Equal((200, "p"), (client.Status(1), head.Field("sec-websocket-protocol")));
        Assert.Null(head.Field("upgrade"));
        Assert.Null(head.Field("sec-websocket-accept"));
        Assert.Equal("hello", client.Body(1));
        client.Send(client.Write.Data(1, "bytes\r\n\r\n").Data(1, "", isEnd: true));

        Assert.EndsWith("\r\n\r\nbytes\r\n\r\n", server.WrittenText);
        Assert.True(server.HasEndedWrites);
        Assert.False(client.HasEnded(1));
        MemoryLink.InTurn(server.FeedEnd);
        engine.Turn();
        Assert.True(client.HasEnded(1));
        Assert.Equal(0, engine.Loop.Streams.RentedCount);
    }

    [Fact]
    public void RequestLimit_OfAConnection_EndsIt()
    {
        using var engine = new Engine();
        var server = new ScriptedServer(engine);
        server.KeepIdle(4);
        engine.EntryPoint.Configure(
            engine.EntryPoint.Settings with { RequestsPerConnectionMax = 2 }, tls: null);
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1));
        Assert.Null(client.GoAway);
        client.Send(client.Write.Request(3));
        client.Send(client.Write.Request(5));

        Assert.Equal((200, 200, 0), (client.Status(1), client.Status(3), client.Status(5)));
        Assert.Equal(Http2Error.None, client.GoAway);
        Assert.True(client.Link.HasEndedWrites);
    }

    [Fact]
    public void Continue_IsPassedOn_BeforeTheBody()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);

        client.Send(client.Write.Request(1, false, "POST", "/", "expect: 100-continue", "content-length: 2"));
        Answer(engine, server, "HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("100", client.Of(1).Single().Field(":status"));
        Assert.False(client.HasEnded(1));
        client.Send(client.Write.Data(1, "ok", isEnd: true));
        Answer(engine, server, Http2Client.Answer("done"));

        Assert.EndsWith("\r\n\r\nok", server.WrittenText);
        Assert.Equal((200, "done"), (client.Status(1), client.Body(1)));
    }

    [Fact]
    public void Answer_WaitsForTheClientsWindow_AndItsServerWaitsWithIt()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1).Window(0, 1 << 20));
        string body = new('x', 300_000);
        Answer(engine, server, Http2Client.Answer(body));

        // One window of the stream; the proxy holds little more, and leaves the rest where it is.
        Assert.Equal(65_535, client.Body(1).Length);
        Assert.InRange(server.UnreadCount, 150_000, 235_000);
        client.Send(client.Write.Window(1, 100_000));
        Assert.Equal(165_535, client.Body(1).Length);
        client.Send(client.Write.Window(1, 1 << 20));

        Assert.Equal(body.Length, client.Body(1).Length);
        Assert.True(client.HasEnded(1));
        Assert.All(client.Of(1), static frame => Assert.InRange(frame.Payload.Length, 0, 16_384));
    }

    [Fact]
    public void ConnectionWindow_IsSharedFairly()
    {
        using var engine = new Engine();
        MemoryLink second = engine.Idle();
        MemoryLink first = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1).Request(3).Window(1, 1 << 20).Window(3, 1 << 20));
        Answer(engine, first, Http2Client.Answer(new string('a', 200_000)));
        Answer(engine, second, Http2Client.Answer(new string('b', 200_000)));
        Assert.Equal((65_535, 0), (client.Body(1).Length, client.Body(3).Length));
        for (int round = 0; round < 4; round++)
        {
            client.Send(client.Write.Window(0, 20_000));
        }

        Assert.Equal((105_535, 40_000), (client.Body(1).Length, client.Body(3).Length));
        client.Send(client.Write.Window(0, 1 << 20));
        Assert.True(client.HasEnded(1) && client.HasEnded(3));
    }

    [Fact]
    public void Upload_WaitsForTheServer_AndTheClientIsToldHowFar()
    {
        using var engine = new Engine();
        var server = new MemoryLink { WriteRoom = 10_000 };
        engine.Idle(server);
        var client = new Http2Client(engine);
        string piece = new('x', 16_000);
        client.Send(client.Write.Request(1, isEnd: false, method: "POST"));
        for (int i = 0; i < 4; i++)
        {
            client.Send(client.Write.Data(1, piece));
        }

        Assert.DoesNotContain(client.Of(1), static frame => frame.Type == FrameType.WindowUpdate);
        MemoryLink.InTurn(() => server.WriteRoom = long.MaxValue);
        engine.Turn();
        Frame update = Assert.Single(client.Of(1), static frame => frame.Type == FrameType.WindowUpdate);
        Assert.InRange(update.Payload[2] << 8, 32_000, 65_535);
        client.Send(client.Write.Data(1, piece, isEnd: true));
        Assert.EndsWith("\r\n0\r\n\r\n", server.WrittenText);
        Answer(engine, server, Http2Client.Answer("ok"));
        Assert.Equal("ok", client.Body(1));
    }

    [Fact]
    public void MoreThanTheWindow_IsAFaultOfTheStream()
    {
        using var engine = new Engine();
        var server = new MemoryLink { WriteRoom = 0 };
        engine.Idle(server);
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1, isEnd: false, method: "POST"));
        string piece = new('x', 16_384);
        for (int i = 0; i < 5; i++)
        {
            client.Send(client.Write.Data(1, piece));
        }

        Assert.Equal(Http2Error.FlowControl, client.ResetOf(1));
        Assert.True(server.IsAborted);
    }

    [Fact]
    public void Reset_EndsTheRequestAtTheServer()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1));
        client.Send(client.Write.Reset(1));

        Assert.True(server.IsAborted);
        Assert.Empty(client.Of(1));
        Assert.Equal(0, engine.Shard.RentedCount);
    }

    [Fact]
    public void RequestTakenBackInTheSameTurn_IsNeverBegun()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1).Reset(1));

        Assert.Equal("", server.WrittenText);
        Assert.Equal(1, engine.Pool.IdleCount);
    }

    [Fact]
    public void BrokenAnswer_IsAResetStream_AndTheConnectionGoesOn()
    {
        using var engine = new Engine();
        MemoryLink second = engine.Idle();
        MemoryLink first = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1));
        MemoryLink.InTurn(() =>
        {
            first.Feed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
            first.FeedEnd();
        });
        engine.Turn();
        Assert.Equal(Http2Error.Internal, client.ResetOf(1));
        Assert.False(client.HasEnded(1));

        client.Send(client.Write.Request(3));
        Answer(engine, second, Http2Client.Answer("ok"));
        Assert.Equal("ok", client.Body(3));
    }

    [Fact]
    public void EarlyAnswer_EndsTheUpload_WithoutAnError()
    {
        using var engine = new Engine("Path(`/x`)");
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1, isEnd: false, method: "POST"));

        Assert.Equal(404, client.Status(1));
        Assert.True(client.HasEnded(1));
        Assert.Equal(Http2Error.None, client.ResetOf(1));
        client.Send(client.Write.Data(1, "late").Data(1, "r", isEnd: true));
        Assert.Null(client.GoAway);
    }

    [Fact]
    public void StreamsOverTheLimit_AreRefused()
    {
        using var engine = new Engine();
        for (int i = 0; i < Http2Limits.StreamsDefault; i++)
        {
            engine.Idle();
        }

        var client = new Http2Client(engine);
        for (int i = 0; i <= Http2Limits.StreamsDefault; i++)
        {
            client.Write.Request(1 + (2 * i));
        }

        client.Send(client.Write);
        Frame refused = Assert.Single(client.Frames, static frame => frame.Type == FrameType.ResetStream);
        Assert.Equal(
            (1 + (2 * Http2Limits.StreamsDefault), Http2Error.RefusedStream), (refused.StreamId, refused.Error));
        Assert.Equal(Http2Limits.StreamsDefault, engine.Shard.RentedCount);
    }

    [Fact]
    public void HeadOverTheLimit_Is431_AndABombEndsTheConnection()
    {
        using var engine = new Engine();
        var client = new Http2Client(engine);
        string[] many = [.. Enumerable.Range(0, 10).Select(static i => $"x-{i}: {new string('y', 1500)}")];
        client.Send(client.Write.Request(1, more: many));
        Assert.Equal(0, client.Status(1));

        // Kept once, then named again and again: small on the wire.
        byte[] kept = [0x40, 1, (byte)'b', 0x7F, 0xA1, 0x1E, .. Enumerable.Repeat((byte)'z', 4000)];
        byte[] head = FrameWriter.Section([":method: GET", ":scheme: http", ":path: /", ":authority: a.test"]);
        byte[] block = [.. head, .. kept];
        client.Send(client.Write.Frame(
            FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, 3,
            [.. block, .. Enumerable.Repeat((byte)0xBE, 10)]));
        Assert.Equal(431, client.Status(3));
        Assert.Null(client.GoAway);

        client.Send(client.Write.Frame(
            FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, 5,
            [.. block, .. Enumerable.Repeat((byte)0xBE, 10_000)]));
        Assert.Equal(Http2Error.EnhanceYourCalm, client.GoAway);
    }

    [Fact]
    public void Drain_LetsInWhatIsOnItsWay_ThenEnds()
    {
        using var engine = new Engine();
        MemoryLink second = engine.Idle();
        MemoryLink first = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1));
        engine.EntryPoint.Drain();
        engine.Turn();
        engine.Turn();

        Frame goAway = Assert.Single(client.Frames, static frame => frame.Type == FrameType.GoAway);
        Assert.Equal([0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], goAway.Payload);
        Frame ping = Assert.Single(client.Frames, static frame => frame.Type == FrameType.Ping);
        client.Send(client.Write.Request(3).Frame(FrameType.Ping, FrameFlags.Ack, 0, ping.Payload));
        goAway = client.Frames.Last(static frame => frame.Type == FrameType.GoAway);
        Assert.Equal([0, 0, 0, 3, 0, 0, 0, 0], goAway.Payload);

        // What was on its way all the same does not count, nor does it do harm.
        client.Send(client.Write.Request(5, isEnd: false, method: "POST").Data(5, "late").Headers(5, true, "x: y"));
        Answer(engine, first, Http2Client.Answer("one"));
        Answer(engine, second, Http2Client.Answer("three"));

        Assert.Equal(("one", "three"), (client.Body(1), client.Body(3)));
        Assert.True(client.Link.HasEndedWrites);
        client.Link.FeedEnd();
        engine.Turn();
        Assert.True(client.Link.IsClosed);
    }

    [Fact]
    public void IdleConnection_IsToldThatItEnds()
    {
        using var engine = new Engine();
        var client = new Http2Client(engine);
        engine.PassSeconds(76);

        Assert.Equal(Http2Error.None, client.GoAway);
        Assert.True(client.Link.HasEndedWrites);
        engine.PassSeconds(3);
        Assert.True(client.Link.IsClosed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ClientThatBeginsNothing_OrNeverEndsAHead_IsClosed(bool isWithinHead)
    {
        using var engine = new Engine();
        var client = new Http2Client(engine, isGreeting: isWithinHead);
        if (isWithinHead)
        {
            engine.PassSeconds(2);
            client.Send(client.Write.Frame(FrameType.Headers, 0, 1, FrameWriter.Section([":method: GET"])));
        }

        engine.PassSeconds(9);
        Assert.False(client.Link.IsClosed);
        engine.PassSeconds(2);
        Assert.True(client.Link.IsClosed);
    }

    [Fact]
    public void PartOfAFrame_HoldsOneSmallBlock_AndIsReadOnWhenTheRestComes()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        byte[] request = client.Write.Request(1, isEnd: false, method: "POST").Data(1, new('x', 9_000), true).Take();
        client.Send(client.Write.Raw(request.AsSpan(0, 10)));

        // All that is free is what was rented before and came back: the part is in a small block.
        long free = engine.Loop.Blocks.FreeBytes;
        Assert.Equal(1, engine.Loop.Blocks.RentedCount);
        Assert.InRange(free, BlockPool.LargeBytes, long.MaxValue);

        client.Send(client.Write.Raw(request.AsSpan(10)));
        Assert.EndsWith("\r\n0\r\n\r\n", server.WrittenText);
    }

    [Fact]
    public void ClientThatReadsNothing_IsCut()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1).Window(0, 1 << 20).Window(1, 1 << 20));
        client.Link.WriteRoom = 1000;
        Answer(engine, server, Http2Client.Answer(new string('x', 1_000_000)));
        Assert.InRange(server.UnreadCount, 700_000, 1_000_000);
        engine.PassSeconds(61);

        Assert.True(client.Link.IsClosed);
        Assert.Equal(0, engine.Loop.Streams.RentedCount);
    }

    [Fact]
    public void Connection_ThatEnds_EndsItsStreams()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1));
        client.Link.FeedEnd();
        engine.Turn();

        Assert.True(server.IsAborted);
        Assert.True(client.Link.IsClosed);
    }

    [Fact]
    public void Exchange_OfAWarmConnection_AllocatesNoMoreThanOneOfHttp1()
    {
        using var engine = new Engine();
        var server = new AnsweringLink("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: s\r\n\r\nok");
        engine.Pool.Put(new UpstreamConnection(engine.Pool) { Link = server });
        var plain = new SilentLink();
        engine.EntryPoint.OnAccepted(engine.Loop, plain);
        var link = new SilentLink();
        Http2Client.Accept(engine, link);
        link.Give(new FrameWriter().Preface().Take());
        byte[] old = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"u8.ToArray();
        byte[] request = new FrameWriter().Request(1).Take();
        int id = 1;

        long before = AllocatedBy(engine, plain, () => old);
        long after = AllocatedBy(engine, link, () =>
        {
            BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(5), id);
            id += 2;
            return request;
        });

        Assert.Equal(before, after);
        Assert.True(link.WrittenCount > 50 * 30);
        Assert.Equal(0, engine.Loop.Blocks.RentedCount);
    }

    private static long AllocatedBy(Engine engine, SilentLink link, Func<byte[]> request)
    {
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 50; i++)
            {
                link.Give(request());
                engine.Loop.RunOnce(0);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static void Answer(Engine engine, MemoryLink server, string text)
    {
        server.Feed(text);
        engine.Turn();
    }

    private static IEnumerable<string> Chunks(string request)
    {
        string rest = request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        while (true)
        {
            int end = rest.IndexOf("\r\n", StringComparison.Ordinal);
            int size = Convert.ToInt32(rest[..end], 16);
            if (size == 0)
            {
                yield break;
            }

            yield return rest.Substring(end + 2, size);
            rest = rest[(end + 2 + size + 2)..];
        }
    }
}
