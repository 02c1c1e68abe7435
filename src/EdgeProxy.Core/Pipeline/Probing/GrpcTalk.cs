using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Services;
using EdgeProxy.Services.Health;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Pipeline.Probing;

/// <summary>
/// grpc.health.v1.Health/Check over HTTP/2 (RFC 9113), with prior knowledge or by ALPN. One request, always the same,
/// and of what comes back only the frames that say something: the message is in DATA, so no header is ever decoded.
/// </summary>
internal sealed class GrpcTalk : ProbeTalk
{
    // RFC 9113 section 4.2: what a peer may send while we have not allowed more.
    private const int PayloadBytesMax = 16 * 1024;

    private const int FrameHeadBytes = 9;

    // Compression flag and length (gRPC over HTTP/2, Length-Prefixed-Message).
    private const int PrefixBytes = 5;

    // The status is two bytes; what is longer is some other message.
    private const int MessageBytesMax = 64;

    // Frames before the answer: settings, their acknowledgement, window updates, pings, headers.
    private const int FramesMax = 64;

    // Flags (RFC 9113 section 6); what 1 means depends on the frame.
    private const byte EndStream = 1;
    private const byte Ack = 1;
    private const byte EndHeaders = 4;
    private const byte Padded = 8;

    private static readonly string[] s_states = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

    private readonly EpollLoop _loop;
    private readonly bool _isTls;
    private readonly byte[] _request;
    private readonly byte[] _message = new byte[PrefixBytes + MessageBytesMax];
    private readonly MessageSource _source = new();
    private readonly MessageSink _sink = new();
    private int _messageLength;
    private int _frameCount;

    public GrpcTalk(HealthCheckSettings settings, Server server, bool isTls, EpollLoop loop)
    {
        _loop = loop;
        _isTls = isTls;
        _request = RequestOf(settings, server, isTls);
    }

    private enum FrameType : byte
    {
        Data = 0,
        Headers = 1,
        ResetStream = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
    }

    public override void Begin(ByteLink link)
    {
        _source.Bind(link, _loop.Blocks, Primitives.Http.HeadLimits.Default);
        _sink.Bind(link, _loop.Blocks);
        _sink.Append(_request);
    }

    public override ProbeOutcome? Advance(ByteLink link)
    {
        if (_isTls && link is TlsLink tls && !tls.Protocol().SequenceEqual("h2"u8))
        {
            return ProbeOutcome.Bad("it does not speak HTTP/2");
        }

        while (true)
        {
            if (_sink.Flush() == SinkStatus.Broken)
            {
                return ProbeOutcome.Bad("connection closed");
            }

            ReadOnlySpan<byte> unread = _source.Unread;
            int length = unread.Length < FrameHeadBytes ? 0 : (unread[0] << 16) | (unread[1] << 8) | unread[2];
            if (length > PayloadBytesMax || (_frameCount == 0 && !MayBeSettings(unread)))
            {
                return ProbeOutcome.Bad("its answer is not HTTP/2");
            }

            if (unread.Length >= FrameHeadBytes && unread.Length - FrameHeadBytes >= length)
            {
                ProbeOutcome? outcome = TakeFrame(
                    (FrameType)unread[3], unread[4],
                    BinaryPrimitives.ReadUInt32BigEndian(unread[5..]) & 0x7FFF_FFFF,
                    unread.Slice(FrameHeadBytes, length));
                if (outcome is not null)
                {
                    return outcome;
                }

                _source.Skip(FrameHeadBytes + length);
                continue;
            }

            switch (_source.Fill(BlockPool.SmallBytes, PayloadBytesMax + BlockPool.SmallBytes))
            {
                case LinkStatus.Ok:
                    break;
                case LinkStatus.WouldBlock:
                    return null;
                default:
                    return ProbeOutcome.Bad("closed without an answer");
            }
        }
    }

    public override void End()
    {
        _source.Unbind();
        _sink.Unbind();
        _messageLength = 0;
        _frameCount = 0;
    }

    // RFC 9113 section 3.4: the first frame is a SETTINGS frame of stream 0. Told from an answer in another protocol as
    // early as that can be.
    private static bool MayBeSettings(ReadOnlySpan<byte> unread) =>
        (unread.Length < 1 || unread[0] == 0) && (unread.Length < 4 || unread[3] == (byte)FrameType.Settings);

    private ProbeOutcome? TakeFrame(FrameType type, byte flags, uint stream, ReadOnlySpan<byte> payload)
    {
        if (++_frameCount > FramesMax)
        {
            return ProbeOutcome.Bad("no end of frames before its answer");
        }

        switch (type)
        {
            case FrameType.Settings when (flags & Ack) == 0:
                Acknowledge(type, default);
                return null;
            case FrameType.Ping when (flags & Ack) == 0 && payload.Length == 8:
                Acknowledge(type, payload);
                return null;
            case FrameType.GoAway:
                return ProbeOutcome.Bad($"it closes the connection ({Code(payload, at: 4)})");
            case FrameType.ResetStream when stream == 1:
                return ProbeOutcome.Bad($"it refuses the request ({Code(payload, at: 0)})");
            case FrameType.Data when stream == 1:
                return TakeData(flags, payload);
            case FrameType.Headers when stream == 1 && (flags & EndStream) != 0:
                return ProbeOutcome.Bad("its answer holds no health status");
            default:
                return null;
        }
    }

    private ProbeOutcome? TakeData(byte flags, ReadOnlySpan<byte> payload)
    {
        if ((flags & Padded) != 0)
        {
            if (payload.IsEmpty || payload[0] >= payload.Length)
            {
                return ProbeOutcome.Bad("its answer is not HTTP/2");
            }

            payload = payload[1..^payload[0]];
        }

        if (payload.Length > _message.Length - _messageLength)
        {
            return ProbeOutcome.Bad("its answer holds no health status");
        }

        payload.CopyTo(_message.AsSpan(_messageLength));
        _messageLength += payload.Length;
        ReadOnlySpan<byte> message = _message.AsSpan(0, _messageLength);
        bool isWhole = message.Length >= PrefixBytes
            && message.Length - PrefixBytes >= BinaryPrimitives.ReadUInt32BigEndian(message[1..]);
        if (!isWhole && (flags & EndStream) == 0)
        {
            return null;
        }

        return isWhole && message[0] == 0 && StatusOf(message[PrefixBytes..]) is { } status
            ? new ProbeOutcome(status == 1, status < s_states.Length ? s_states[status] : $"status {status}")
            : ProbeOutcome.Bad("its answer holds no health status");
    }

    // HealthCheckResponse: field 1, a varint; a message without it says 0. Null if it is some other message.
    private static int? StatusOf(ReadOnlySpan<byte> message) => message switch
    {
        [] => 0,
        [0x08, <= 0x7F and var status] => status,
        _ => null,
    };

    private static string Code(ReadOnlySpan<byte> payload, int at) =>
        payload.Length < at + 4 ? "no code" : $"code {BinaryPrimitives.ReadUInt32BigEndian(payload[at..])}";

    private void Acknowledge(FrameType type, ReadOnlySpan<byte> payload)
    {
        var frame = new List<byte>();
        Add(frame, type, Ack, stream: 0, payload);
        _sink.Append(frame.ToArray());
    }

    private static byte[] RequestOf(HealthCheckSettings settings, Server server, bool isTls)
    {
        string host = settings.Host.Length > 0 ? settings.Host : Encoding.ASCII.GetString(server.Authority.Span);
        var fields = new List<byte>
        {
            0x83, // :method POST, of the static table (RFC 7541 appendix A), as the indexes below
            (byte)(isTls ? 0x87 : 0x86), // :scheme https, http
            0x04, // :path
        };
        AddText(fields, "/grpc.health.v1.Health/Check");
        fields.Add(0x01); // :authority
        AddText(fields, host);
        fields.AddRange([0x0F, 31 - 15]); // content-type
        AddText(fields, "application/grpc");
        AddField(fields, "te", "trailers");
        fields.AddRange([0x0F, 58 - 15]); // user-agent
        AddText(fields, "edgeproxy-health");
        foreach (string line in settings.HeaderLines.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            AddField(fields, line[..colon].ToLowerInvariant(), line[(colon + 2)..]);
        }

        // HealthCheckRequest: field 1, the service; left out it is the whole server.
        var message = new List<byte>();
        if (settings.Service.Length > 0)
        {
            message.Add(0x0A);
            message.Add((byte)settings.Service.Length);
            message.AddRange(Encoding.ASCII.GetBytes(settings.Service));
        }

        byte[] prefix = new byte[PrefixBytes];
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), message.Count);
        message.InsertRange(0, prefix);

        List<byte> bytes = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8];
        Add(bytes, FrameType.Settings, 0, stream: 0, [0, 2, 0, 0, 0, 0]); // SETTINGS_ENABLE_PUSH = 0
        Add(bytes, FrameType.Headers, EndHeaders, stream: 1, [.. fields]);
        Add(bytes, FrameType.Data, EndStream, stream: 1, [.. message]);
        return [.. bytes];
    }

    private static void Add(List<byte> to, FrameType type, byte flags, byte stream, ReadOnlySpan<byte> payload)
    {
        to.AddRange([(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length]);
        to.AddRange([(byte)type, (byte)flags, 0, 0, 0, stream]);
        to.AddRange(payload);
    }

    // A literal without indexing, its name new (RFC 7541 section 6.2.2).
    private static void AddField(List<byte> to, string name, string value)
    {
        to.Add(0);
        AddText(to, name);
        AddText(to, value);
    }

    // A string literal without Huffman coding: its length with a prefix of seven bits (RFC 7541 sections 5.1, 5.2).
    private static void AddText(List<byte> to, string text)
    {
        const int PrefixMax = 0x7F;
        if (text.Length < PrefixMax)
        {
            to.Add((byte)text.Length);
        }
        else
        {
            to.Add(PrefixMax);
            int rest = text.Length - PrefixMax;
            for (; rest >= 0x80; rest >>= 7)
            {
                to.Add((byte)(rest | 0x80));
            }

            to.Add((byte)rest);
        }

        to.AddRange(Encoding.Latin1.GetBytes(text));
    }
}
