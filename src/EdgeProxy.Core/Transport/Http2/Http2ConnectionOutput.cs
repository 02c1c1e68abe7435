using System;
using System.Buffers.Binary;
using System.Text;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.Transport.Http2;

/// <summary>What is sent: frames wait in one queue and leave together.</summary>
internal sealed partial class Http2Connection
{
    // A frame of this many bytes is worth its while, however little the peer takes.
    private const int EarningBytes = 1024;

    // Streams that wait for room have it one after the other, so many in one turn.
    private const int WakesPerTurnMax = 32;

    // No peer may take less; who would take more gains little.
    private const int FramePayloadMax = FrameHeader.PayloadBytesDefault;

    private const int WindowMax = int.MaxValue;
    private const ulong LeavingPing = 0x6C65_6176_696E_6721;

    private readonly ByteQueue _output;
    private readonly HpackWriter _fields = new();
    private long _sendWindow = 65_535; // RFC 9113 section 6.9.2
    private long _receiveWindow = Http2Limits.ConnectionWindowBytes;
    private int _unreturned;
    private int _peerStreamWindow = 65_535;

    /// <summary>Frames of streams may be added.</summary>
    internal bool HasRoom => _output.Length < Http2Limits.OutputBytes;

    /// <summary>
    /// Sends as much of a body as both windows and the output have room for; returns how much. The end goes with its
    /// last byte.
    /// </summary>
    internal int WriteData(Http2Stream stream, ReadOnlySpan<byte> payload, bool isEnd)
    {
        Touch();
        int sent = 0;
        do
        {
            long room = Math.Min(Http2Limits.OutputBytes - _output.Length, FramePayloadMax);
            int part = (int)Math.Clamp(
                Math.Min(room, Math.Min(stream.SendWindow, _sendWindow)), 0, payload.Length - sent);
            if (part == 0 && sent < payload.Length)
            {
                break;
            }

            int offered = payload.Length - sent;
            bool isLast = isEnd && sent + part == payload.Length;
            WriteFrameHeader(FrameType.Data, isLast ? FrameFlags.EndStream : FrameFlags.None, stream.Id, part);
            _output.Append(payload.Slice(sent, part));
            stream.SendWindow -= part;
            _sendWindow -= part;
            sent += part;
            if (part == offered || part >= EarningBytes)
            {
                // It may be acknowledged, for the stream and for the connection. One that is short because the peer
                // takes no more earns nothing (CVE-2019-9511, "data dribble").
                _guard.EarnFrames(2);
            }
        }
        while (sent < payload.Length);

        return sent;
    }

    /// <summary>An answer's head, without the fields that HTTP/2 has frames for.</summary>
    internal void WriteResponse(Http2Stream stream, ReadOnlySpan<byte> status, HeadLines lines, bool isEnd)
    {
        Touch();
        Block block = _loop.Blocks.Rent(SectionBytesMax(lines));
        Span<byte> room = block.Free;
        int length = _fields.Begin(room);
        length += _fields.Write(room[length..], ":status"u8, status);
        length += WriteFields(room[length..], lines);
        WriteSection(stream.Id, room[..length], isEnd);
        _loop.Blocks.Return(block);
    }

    /// <summary>A request's head; false if it is not one that HTTP/2 can tell.</summary>
    internal bool TryWriteRequest(
        Http2Stream stream, ReadOnlySpan<byte> method, ReadOnlySpan<byte> target, HeadLines lines, bool isEnd)
    {
        Touch();
        ReadOnlySpan<byte> authority = AuthorityOf(lines);
        if (authority.IsEmpty)
        {
            return false;
        }

        if (stream.Id == 0)
        {
            Number(stream);
            _guard.EarnFrames(2); // as an answer does: a server may say that it took it, and ask whether we are there
        }

        Block block = _loop.Blocks.Rent(SectionBytesMax(lines) + method.Length + target.Length + authority.Length);
        Span<byte> room = block.Free;
        int length = _fields.Begin(room);
        length += _fields.Write(room[length..], ":method"u8, method);
        length += _fields.Write(room[length..], ":scheme"u8, _link.IsSecure ? "https"u8 : "http"u8);
        length += _fields.Write(room[length..], ":path"u8, target);
        length += _fields.Write(room[length..], ":authority"u8, authority);

        // Said of this hop: trailers are passed on, and gRPC asks to be told so.
        length += _fields.Write(room[length..], "te"u8, "trailers"u8);
        length += WriteFields(room[length..], lines);
        WriteSection(stream.Id, room[..length], isEnd);
        _loop.Blocks.Return(block);
        return true;
    }

    /// <summary>Trailers, and with them the end of the message.</summary>
    internal void WriteTrailers(Http2Stream stream, HeadLines lines)
    {
        Touch();
        Block block = _loop.Blocks.Rent(SectionBytesMax(lines));
        Span<byte> room = block.Free;
        int length = _fields.Begin(room);
        length += WriteFields(room[length..], lines);
        WriteSection(stream.Id, room[..length], isEnd: true);
        _loop.Blocks.Return(block);
    }

    private static ReadOnlySpan<byte> AuthorityOf(HeadLines lines)
    {
        while (lines.MoveNext())
        {
            if (Ascii.EqualsIgnoreCase(lines.Name, "host"u8))
            {
                return lines.Value;
            }
        }

        return default;
    }

    private static int SectionBytesMax(HeadLines lines)
    {
        const int OwnFieldsMax = 256;
        int bytes = OwnFieldsMax;
        while (lines.MoveNext())
        {
            bytes += HpackWriter.BytesMax(2 * lines.Name.Length, lines.Value.Length);
        }

        return bytes;
    }

    // A name is put into lower case in the room behind its field, which is counted twice for that.
    private int WriteFields(Span<byte> room, HeadLines lines)
    {
        int length = 0;
        while (lines.MoveNext())
        {
            Span<byte> name = room[^lines.Name.Length..];
            Ascii.ToLower(lines.Name, name, out _);
            if (!FieldRules.IsOfConnection(name) && !IsLeftOut(name))
            {
                length += _fields.Write(room[length..], name, lines.Value);
            }
        }

        return length;
    }

    private static bool IsLeftOut(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("host"u8) || name.SequenceEqual("te"u8) || name.SequenceEqual("sec-websocket-accept"u8);

    // HEADERS, and CONTINUATION for what one frame cannot hold.
    private void WriteSection(int id, ReadOnlySpan<byte> section, bool isEnd)
    {
        FrameType type = FrameType.Headers;
        FrameFlags flags = isEnd ? FrameFlags.EndStream : FrameFlags.None;
        do
        {
            int part = Math.Min(section.Length, FramePayloadMax);
            flags |= part == section.Length ? FrameFlags.EndHeaders : FrameFlags.None;
            WriteFrameHeader(type, flags, id, part);
            _output.Append(section[..part]);
            section = section[part..];
            type = FrameType.Continuation;
            flags = FrameFlags.None;
        }
        while (!section.IsEmpty);
    }

    private void WriteFrameHeader(FrameType type, FrameFlags flags, int id, int length)
    {
        new FrameHeader(length, type, flags, id).Write(_output.WholeRoom(FrameHeader.Bytes));
        _output.Commit(FrameHeader.Bytes);
    }

    private void WriteNumber(uint number)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_output.WholeRoom(sizeof(uint)), number);
        _output.Commit(sizeof(uint));
    }

    private void WriteReset(int id, Http2Error error)
    {
        WriteFrameHeader(FrameType.ResetStream, FrameFlags.None, id, sizeof(uint));
        WriteNumber((uint)error);
        if (IsServer && id <= _lastPeerStream)
        {
            _resets.Add(id);
        }
    }

    private void WriteGoAway(int lastId, Http2Error error)
    {
        WriteFrameHeader(FrameType.GoAway, FrameFlags.None, 0, 2 * sizeof(uint));
        WriteNumber((uint)lastId);
        WriteNumber((uint)error);
    }

    private void WriteWindowUpdate(int id, int bytes)
    {
        WriteFrameHeader(FrameType.WindowUpdate, FrameFlags.None, id, sizeof(uint));
        WriteNumber((uint)bytes);
        Touch();
    }

    private void WritePing(ulong payload, bool isAck)
    {
        WriteFrameHeader(FrameType.Ping, isAck ? FrameFlags.Ack : FrameFlags.None, 0, sizeof(ulong));
        BinaryPrimitives.WriteUInt64BigEndian(_output.WholeRoom(sizeof(ulong)), payload);
        _output.Commit(sizeof(ulong));
    }

    private void SayTerms()
    {
        const int SettingBytes = 6;
        if (!IsServer)
        {
            _output.Append(Preface);
        }

        int count = IsServer ? 4 : 3;
        WriteFrameHeader(FrameType.Settings, FrameFlags.None, 0, count * SettingBytes);
        WriteSetting(Http2Setting.InitialWindowSize, Http2Limits.StreamWindowBytes);
        WriteSetting(Http2Setting.MaxHeaderListSize, _terms.HeadLimits.HeadBytes);
        if (IsServer)
        {
            WriteSetting(Http2Setting.MaxConcurrentStreams, _terms.StreamsMax);
            WriteSetting(Http2Setting.EnableConnectProtocol, 1);
        }
        else
        {
            WriteSetting(Http2Setting.EnablePush, 0);
        }

        WriteWindowUpdate(0, Http2Limits.ConnectionWindowBytes - 65_535);
    }

    private void WriteSetting(Http2Setting setting, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_output.WholeRoom(sizeof(ushort)), (ushort)setting);
        _output.Commit(sizeof(ushort));
        WriteNumber((uint)value);
    }

    // Sends, and lets those write that wait for room, one after the other, while there is some.
    private void Send()
    {
        if (!Flush())
        {
            Lose(Http2End.Broken);
        }

        int wakes = 0;
        while (HasRoom && _sendWindow > 0 && _phase <= Phase.Open && wakes < WakesPerTurnMax
            && _blocked.TryDequeue(out Http2Stream? stream))
        {
            wakes++;
            stream.IsBlocked = false;
            if (stream.IsClosed)
            {
                Recycle(stream);
                continue;
            }

            stream.Owner?.OnLinkReady(stream);
            if (!HasRoom && !Flush())
            {
                Lose(Http2End.Broken);
            }
        }

        if (!Flush())
        {
            Lose(Http2End.Broken);
        }
    }

    // False if the link is broken.
    private bool Flush()
    {
        while (!_output.IsEmpty && _link.IsConnected)
        {
            LinkStatus status = _link.TryWrite(
                _output.PieceAt(0), _output.PieceAt(1), _output.PieceAt(2), out int count);
            if (status != LinkStatus.Ok)
            {
                return status == LinkStatus.WouldBlock;
            }

            _output.Consume(count);
        }

        return !_link.IsBroken;
    }
}
