using System.Collections.Generic;
using System.Linq;
using System.Net;
using EdgeProxy.EntryPoints;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Telemetry;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>What a client's connection may hold here, and for how long.</summary>
public sealed class Http2RoomTests
{
    [Theory]
    [InlineData(100, 0)]
    [InlineData(BlockPool.SmallBytes + 100, 1)]
    [InlineData(5_200, 1)]
    public void UploadsThatWait_HoldLittleMoreThanTheyAre(int bytes, int large)
    {
        using var engine = new Engine();
        for (int i = 0; i < Http2Limits.StreamsDefault; i++)
        {
            engine.Idle(new MemoryLink { WriteRoom = 0 });
        }

        var client = new Http2Client(engine);
        client.Send(client.Write);
        string piece = new('x', bytes);
        for (int i = 0; i < Http2Limits.StreamsDefault; i++)
        {
            client.Send(client.Write.Request(1 + (2 * i), isEnd: false, method: "POST").Data(1 + (2 * i), piece));
        }

        Assert.Null(client.GoAway);
        Assert.Equal(Http2Limits.StreamsDefault, engine.Shard.RentedCount);

        // Its head, what is left of the body, and what is written to the server, as over HTTP/1.1.
        Assert.InRange(
            engine.Loop.Blocks.RentedBytes / Http2Limits.StreamsDefault,
            bytes,
            (large * BlockPool.LargeBytes) + (4 * BlockPool.SmallBytes));
    }

    [Fact]
    public void Streams_AreNoMoreThanConnectionsMayBe()
    {
        const int Most = 150;
        using var engine = new Engine(entryPoint: new EntryPointSettings
        {
            Name = "web",
            Address = new IPEndPoint(IPAddress.Loopback, 0),
            ConnectionsMax = Most,
        });
        for (int i = 0; i < Most; i++)
        {
            engine.Idle();
        }

        Http2Client[] clients = [new(engine), new(engine)];
        foreach (Http2Client client in clients)
        {
            for (int i = 0; i < Http2Limits.StreamsDefault; i++)
            {
                client.Write.Request(1 + (2 * i));
            }

            client.Send(client.Write);
        }

        Assert.Equal(Most, engine.Shard.RentedCount);
        Assert.DoesNotContain(clients[0].Frames, static frame => frame.Type == FrameType.ResetStream);
        List<Frame> refused = [.. clients[1].Frames.Where(static frame => frame.Type == FrameType.ResetStream)];
        Assert.Equal((2 * Http2Limits.StreamsDefault) - Most, refused.Count);
        Assert.All(refused, static frame => Assert.Equal(Http2Error.RefusedStream, frame.Error));
        Assert.Equal(refused.Count, engine.Shard.Counters.Read(Counter.Http2StreamsRefused));

        // Room again.
        clients[0].Send(clients[0].Write.Reset(1));
        int next = 1 + (2 * Http2Limits.StreamsDefault);
        engine.Idle();
        clients[1].Send(clients[1].Write.Request(next));
        Assert.Null(clients[1].ResetOf(next));
    }

    [Fact]
    public void PayloadBeyondItsLength_ComesBackToTheConnectionsWindow()
    {
        using var engine = new Engine();
        var client = new Http2Client(engine);
        string whole = new('x', FrameHeader.PayloadBytesDefault);
        int streams = Http2Limits.ConnectionWindowBytes / FrameHeader.PayloadBytesDefault;
        MemoryLink server = engine.Idle();
        for (int i = 1; i <= streams; i++)
        {
            client.Send(client.Write.Request(1 + (2 * i), false, "POST", "/", "content-length: 1")
                .Data(1 + (2 * i), whole));
            Assert.Equal(Http2Error.Protocol, client.ResetOf(1 + (2 * i)));
        }

        int last = 3 + (2 * streams);
        client.Send(client.Write.Request(last, isEnd: false, method: "POST").Data(last, whole).Data(last, "", true));
        Assert.Null(client.GoAway);
        int returned = client.Of(0).Where(static frame => frame.Type == FrameType.WindowUpdate).Skip(1)
            .Sum(static frame => (frame.Payload[1] << 16) | (frame.Payload[2] << 8) | frame.Payload[3]);
        Assert.InRange(
            returned, Http2Limits.ConnectionWindowBytes / 2, Http2Limits.ConnectionWindowBytes + whole.Length);
        Assert.NotNull(server);
    }

    [Fact]
    public void DrainedConnection_WhoseClientStoppedReading_IsCut()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(client.Write.Request(1).Window(0, 1 << 20));
        client.Link.WriteRoom = 1_000;
        server.Feed(Http2Client.Answer(new string('x', 30_000)));
        engine.Turn();
        Assert.Equal(0, engine.Shard.RentedCount); // all of it waits to be sent

        engine.EntryPoint.Drain();
        engine.Turn();
        client.Send(client.Write.Frame(FrameType.Ping, FrameFlags.Ack, 0, "leaving!"u8));
        engine.PassSeconds(59);
        Assert.False(client.Link.IsClosed);
        engine.PassSeconds(3);
        Assert.True(client.Link.IsClosed);
    }

    [Fact]
    public void DrainedConnection_WithinAHead_IsNoHeadTimeout()
    {
        using var engine = new Engine();
        var client = new Http2Client(engine);
        engine.EntryPoint.Drain();
        engine.Turn();
        engine.PassSeconds(0.8);
        client.Send(client.Write.Frame(FrameType.Headers, 0, 1, FrameWriter.Section([":method: GET"])));
        engine.PassSeconds(1);

        Assert.Equal(0, engine.Shard.Counters.Read(Counter.HeadTimeouts));
        Assert.False(client.Link.IsAborted);
    }
}
