using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Pipeline.Probing;
using EdgeProxy.Services;
using EdgeProxy.Services.Health;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>What a gRPC health probe says, and makes of frames, in whatever pieces they come.</summary>
public sealed class GrpcTalkTests : IDisposable
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte EndStream = 1;
    private const byte Padded = 8;
    private static readonly byte[] s_settings = Frame(4, 0, 0, [0, 3, 0, 0, 0, 100]);
    private static readonly byte[] s_head = Frame(Headers, 4, 1, [0x88]);

    private readonly EpollLoop _loop = new(0);
    private readonly Server _server = new("s", "orders.test", 8080, 1);

    public static TheoryData<string, byte[], bool> Answers => new()
    {
        { "SERVING", [.. s_settings, .. s_head, .. Message(1), .. Frame(Headers, 5, 1, [0x40])], true },
        { "SERVING", [.. s_settings, .. Frame(4, 1, 0, []), .. Frame(8, 0, 0, [0, 0, 1, 0]), .. s_head, .. Message(1)], true },
        { "SERVING", [.. s_settings, .. s_head, .. Split(1)], true },
        { "SERVING", [.. s_settings, .. s_head, .. Frame(Data, Padded, 1, [3, .. Text(1), 0, 0, 0])], true },
        { "SERVING", [.. s_settings, .. Frame(Data, 0, 3, [9, 9]), .. Frame(0x55, 0, 1, [1]), .. s_head, .. Message(1)], true },
        { "NOT_SERVING", [.. s_settings, .. s_head, .. Message(2)], false },
        { "SERVICE_UNKNOWN", [.. s_settings, .. s_head, .. Message(3)], false },
        { "status 77", [.. s_settings, .. s_head, .. Message(77)], false },
        { "UNKNOWN", [.. s_settings, .. s_head, .. Frame(Data, 0, 1, [0, 0, 0, 0, 0])], false },
        { "its answer holds no health status", [.. s_settings, .. Frame(Headers, 5, 1, [0x88])], false },
        { "its answer holds no health status", [.. s_settings, .. s_head, .. Frame(Data, EndStream, 1, [0, 0, 0])], false },
        { "its answer holds no health status", [.. s_settings, .. s_head, .. Frame(Data, 0, 1, [1, 0, 0, 0, 2, 8, 1])], false },
        { "its answer holds no health status", [.. s_settings, .. s_head, .. Frame(Data, 0, 1, [0, 0, 0, 0, 2, 16, 1])], false },
        { "its answer holds no health status", [.. s_settings, .. s_head, .. Frame(Data, 0, 1, new byte[100])], false },
        { "it refuses the request (code 7)", [.. s_settings, .. Frame(3, 0, 1, [0, 0, 0, 7])], false },
        { "it closes the connection (code 11)", [.. s_settings, .. Frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 11])], false },
        { "its answer is not HTTP/2", [.. s_settings, .. s_head, .. Frame(Data, Padded, 1, [4, 0, 0])], false },
        { "its answer is not HTTP/2", [.. s_settings, 0, 0x40, 1, 0, 0, 0, 0, 0, 1], false },
        { "its answer is not HTTP/2", Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\n\r\n"), false },
        { "its answer is not HTTP/2", Frame(6, 0, 0, new byte[8]), false },
        { "no end of frames before its answer", [.. s_settings, .. Enumerable.Repeat(Frame(8, 0, 0, [0, 0, 0, 1]), 99).SelectMany(f => f)], false },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Answer_InWhateverPieces_IsUnderstoodTheSame(string text, byte[] answer, bool isGood)
    {
        var talk = new GrpcTalk(new HealthCheckSettings { Kind = ProbeKind.Grpc }, _server, isTls: false, _loop);
        foreach (int size in (int[])[answer.Length, 1, 7])
        {
            var link = new MemoryLink();
            talk.Begin(link);
            ProbeOutcome? outcome = talk.Advance(link);
            for (int at = 0; at < answer.Length && outcome is null; at += size)
            {
                link.Feed(answer.AsSpan(at, Math.Min(size, answer.Length - at)));
                outcome = talk.Advance(link);
            }

            Assert.Equal(new ProbeOutcome(isGood, text), outcome);
            talk.End();
        }

        Assert.Equal(0, _loop.Blocks.RentedCount);
    }

    [Fact]
    public void Request_IsPrefaceSettingsHeadersAndMessage()
    {
        var settings = new HealthCheckSettings
        {
            Kind = ProbeKind.Grpc,
            Service = "shop.v1.Orders",
            Host = new string('h', 200),
            HeaderLines = "X-Probe: 1\r\n",
        };
        var talk = new GrpcTalk(settings, _server, isTls: false, _loop);
        var link = new MemoryLink();
        talk.Begin(link);

        Assert.Null(talk.Advance(link));

        string sent = link.WrittenText;
        Assert.StartsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u0006\u0004\0\0\0\0\0\0\u0002\0\0\0\0", sent);
        Assert.Contains("\u0004\u001c/grpc.health.v1.Health/Check\u0001\u007f\u0049" + new string('h', 200), sent);
        Assert.Contains("\0\u0002te\u0008trailers", sent);
        Assert.Contains("\0\u0007x-probe\u00011", sent);
        Assert.EndsWith("\0\0\u0015\0\u0001\0\0\0\u0001\0\0\0\0\u0010\n\u000eshop.v1.Orders", sent);
        talk.End();
    }

    [Fact]
    public void SettingsAndPings_AreAcknowledged()
    {
        var talk = new GrpcTalk(new HealthCheckSettings { Kind = ProbeKind.Grpc }, _server, isTls: false, _loop);
        var link = new MemoryLink();
        talk.Begin(link);
        Assert.Null(talk.Advance(link));
        int before = link.WrittenText.Length;

        link.Feed([.. s_settings, .. Frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])]);
        Assert.Null(talk.Advance(link));

        Assert.Equal(
            [.. Frame(4, 1, 0, []), .. Frame(6, 1, 0, [1, 2, 3, 4, 5, 6, 7, 8])],
            Encoding.Latin1.GetBytes(link.WrittenText[before..]));
        talk.End();
    }

    public void Dispose() => _loop.Dispose();

    private static byte[] Frame(byte type, byte flags, byte stream, byte[] payload) =>
        [0, (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

    private static byte[] Text(byte status) => [0, 0, 0, 0, 2, 8, status];

    private static byte[] Message(byte status) => Frame(Data, 0, 1, Text(status));

    private static IEnumerable<byte> Split(byte status) => Text(status).SelectMany(one => Frame(Data, 0, 1, [one]));
}
