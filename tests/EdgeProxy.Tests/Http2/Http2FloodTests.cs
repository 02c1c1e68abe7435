using System;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Transport.Http2;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>
/// Peers that make work and nothing else: each is told to calm down after so many frames and no later, whatever time
/// passes, and a connection that works does not come near.
/// </summary>
public sealed class Http2FloodTests
{
    public static TheoryData<string> Floods =>
    [
        "reset", "made-reset-window", "made-reset-priority", "made-reset-length", "settings", "settings-ack", "ping",
        "priority", "unknown", "data-empty", "continuation-empty", "continuation-small", "window", "window-stream",
        "refused", "reset-late", "goaway",
    ];

    [Theory]
    [MemberData(nameof(Floods))]
    public void Flood_IsEnded(string kind)
    {
        using var engine = new Engine();
        engine.Idle();
        var client = new Http2Client(engine);
        bool isReset = kind is "reset" or "refused" || kind.StartsWith("made", StringComparison.Ordinal);
        int limit = isReset ? Http2Limits.ResetsMax : Http2Limits.IdleFramesMax;
        int sent = 0;
        Begin(client, kind);
        while (client.GoAway is null && sent < 4 * limit)
        {
            for (int i = 0; i < 10; i++)
            {
                Add(client.Write, kind, sent++);
            }

            client.Send(client.Write);
        }

        Assert.Equal(Http2Error.EnhanceYourCalm, client.GoAway);
        Assert.InRange(sent, limit / 2, limit + Http2Limits.StreamsDefault + 20);
        Assert.True(client.Link.HasEndedWrites);
        Assert.Equal(0, engine.Shard.RentedCount);
    }

    [Theory]
    [InlineData("ping")]
    [InlineData("window")]
    public void SameFrames_OverTime_AreFine(string kind)
    {
        using var engine = new Engine();
        engine.Idle();
        var client = new Http2Client(engine);
        Begin(client, "window-stream"); // a request under way
        for (int second = 0; second < 20; second++)
        {
            for (int i = 0; i < Http2Limits.IdleFramesPerSecond - 10; i++)
            {
                Add(client.Write, kind, i);
            }

            client.Send(client.Write);
            engine.PassSeconds(1);
        }

        Assert.Null(client.GoAway);
    }

    [Fact]
    public void WindowUpdates_ForWhatWasSent_AreFine_HoweverMany()
    {
        using var engine = new Engine();
        var client = new Http2Client(engine);
        EdgeProxy.Tests.Transport.MemoryLink server = engine.Idle();
        client.Send(client.Write.Request(1));
        server.Feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 3 * Http2Limits.IdleFramesMax; i++)
        {
            server.Feed("5\r\nevent\r\n");
            engine.Turn();
            client.Send(client.Write.Window(0, 5).Window(1, 5));
        }

        Assert.Null(client.GoAway);
        Assert.Equal(15 * Http2Limits.IdleFramesMax, client.Body(1).Length);
    }

    [Fact]
    public void Dribble_OfOneByteWindows_IsEnded()
    {
        using var engine = new Engine();
        var client = new Http2Client(engine);
        EdgeProxy.Tests.Transport.MemoryLink server = engine.Idle();
        client.Send(client.Write.Frame(FrameType.Settings, 0, 0, 0, 4, 0, 0, 0, 0).Request(1));
        server.Feed(Http2Client.Answer(new string('x', 100_000)));
        engine.Turn();
        for (int i = 0; i < 2 * Http2Limits.IdleFramesMax && client.GoAway is null; i++)
        {
            client.Send(client.Write.Window(1, 1));
        }

        Assert.Equal(Http2Error.EnhanceYourCalm, client.GoAway);
        Assert.InRange(client.Body(1).Length, 900, 1_100);
    }

    [Fact]
    public void ManyGoodRequests_AreNoFlood()
    {
        using var engine = new Engine();
        var server = new ScriptedServer(engine);
        var client = new Http2Client(engine);
        server.KeepIdle(8);
        for (int i = 0; i < 3_000; i++)
        {
            client.Send(client.Write.Request(1 + (2 * i)));
            if (i % 10 == 0)
            {
                engine.PassSeconds(0.1);
            }
        }

        Assert.Null(client.GoAway);
        Assert.Equal(3_000, server.Whole.Count);
    }

    private static void Begin(Http2Client client, string kind)
    {
        switch (kind)
        {
            case "data-empty":
            case "window-stream":
                client.Send(client.Write.Request(1, isEnd: false, method: "POST"));
                break;
            case "continuation-empty":
            case "continuation-small":
                client.Send(client.Write.Frame(FrameType.Headers, 0, 1, FrameWriter.Section([":method: GET"])));
                break;
            case "reset-late":
                client.Send(client.Write.Request(1).Reset(1));
                break;
            case "refused":
                client.Send(client.Write);
                break;
        }
    }

    private static void Add(FrameWriter write, string kind, int number)
    {
        int id = 1 + (2 * number);
        _ = kind switch
        {
            "reset" => write.Request(id).Reset(id),
            "made-reset-window" => write.Request(id, isEnd: false, method: "POST").Window(id, int.MaxValue),
            "made-reset-priority" => write.Request(id, isEnd: false, method: "POST")
                .Frame(FrameType.Priority, 0, id, 0, 0, (byte)(id >> 8), (byte)id, 0),
            "made-reset-length" => write.Request(id, false, "POST", "/", "content-length: 1").Data(id, "xx"),
            "settings" => write.Frame(FrameType.Settings, 0, 0),
            "settings-ack" => write.Frame(FrameType.Settings, FrameFlags.Ack, 0),
            "ping" => write.Frame(FrameType.Ping, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8),
            "priority" => write.Frame(FrameType.Priority, 0, 1, 0, 0, 0, 0, 16),
            "unknown" => write.Frame((FrameType)0x42, 0, 0, 1),
            "data-empty" => write.Data(1, ""),
            "continuation-empty" => write.Frame(FrameType.Continuation, 0, 1),
            "continuation-small" => write.Frame(FrameType.Continuation, 0, 1, 0x82),
            "window" => write.Window(0, 1),
            "window-stream" => write.Window(1, 1),
            "refused" => write.Headers(id, true, ":method: GET", ":path: /"),
            "reset-late" => write.Reset(1),
            "goaway" => write.Frame(FrameType.GoAway, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            _ => throw new ArgumentException(kind),
        };
    }
}
