using System;
using System.Buffers.Binary;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.Transport.Http2;

/// <summary>What comes: frames, one after the other, and what each does (RFC 9113 section 6).</summary>
internal sealed partial class Http2Connection
{
    private const int SettingBytes = 6;
    private const int PingBytes = 8;
    private const int PriorityBytes = 5;

    private bool _hasPreface;

    /// <summary>What a client's connection begins with (RFC 9113 section 3.4).</summary>
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    private void TakeFrames()
    {
        while (_phase <= Phase.Open && (_hasPreface || !IsServer || TryTakePreface()))
        {
            ReadOnlySpan<byte> bytes = _input!.Filled;
            if (bytes.Length < FrameHeader.Bytes)
            {
                return;
            }

            FrameHeader header = FrameHeader.Read(bytes);
            if (header.Length > FrameHeader.PayloadBytesDefault)
            {
                Fail(Http2Error.FrameSize);
                return;
            }

            if (bytes.Length < FrameHeader.Bytes + header.Length)
            {
                return;
            }

            if (!TryTakeFirst(header))
            {
                return;
            }

            TakeFrame(header, bytes.Slice(FrameHeader.Bytes, header.Length));
            _input?.Consume(FrameHeader.Bytes + header.Length);
            if (_input is null || _input.IsEmpty)
            {
                return;
            }
        }
    }

    private bool TryTakePreface()
    {
        ReadOnlySpan<byte> bytes = _input!.Filled;
        int seen = Math.Min(bytes.Length, Preface.Length);
        if (!bytes[..seen].SequenceEqual(Preface[..seen]))
        {
            Fail(Http2Error.Protocol);
            return false;
        }

        _hasPreface = seen == Preface.Length;
        if (_hasPreface)
        {
            _input.Consume(seen);
        }

        return _hasPreface;
    }

    // RFC 9113 section 3.4: SETTINGS comes first, from either side.
    private bool TryTakeFirst(FrameHeader header)
    {
        if (_phase == Phase.Opening)
        {
            if (header.Type != FrameType.Settings || header.Has(FrameFlags.Ack))
            {
                Fail(Http2Error.Protocol);
                return false;
            }

            _phase = Phase.Open;
        }

        return true;
    }

    private void TakeFrame(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        // RFC 9113 section 6.10: nothing comes between the frames of a field section.
        bool isRest = header.Type == FrameType.Continuation && header.StreamId == _sectionStream;
        if (_sectionStream != 0 != isRest || (header.Type == FrameType.Continuation && !isRest))
        {
            Fail(Http2Error.Protocol);
            return;
        }

        switch (header.Type)
        {
            case FrameType.Data:
                TakeData(header, payload);
                break;
            case FrameType.Headers:
                TakeHeaders(header, payload);
                break;
            case FrameType.Continuation:
                TakeContinuation(header, payload);
                break;
            case FrameType.Priority:
                TakePriority(header, payload);
                break;
            case FrameType.ResetStream:
                TakeReset(header, payload);
                break;
            case FrameType.Settings:
                TakeSettings(header, payload);
                break;
            case FrameType.PushPromise:
                Fail(Http2Error.Protocol); // clients have none, and servers were told not to
                break;
            case FrameType.Ping:
                TakePing(header, payload);
                break;
            case FrameType.GoAway:
                TakeGoAway(header, payload);
                break;
            case FrameType.WindowUpdate:
                TakeWindowUpdate(header, payload);
                break;
            default:
                TrySpendFrame();
                break;
        }
    }

    private void TakeData(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0 || IsIdle(header.StreamId)
            || !header.TryStrip(payload, out ReadOnlySpan<byte> content))
        {
            Fail(Http2Error.Protocol);
            return;
        }

        // All of the frame counts, padding and whatever it is about.
        _receiveWindow -= payload.Length;
        if (_receiveWindow < 0)
        {
            Fail(Http2Error.FlowControl);
            return;
        }

        if (!IsServer)
        {
            Return(payload.Length);
        }

        if (!_streams.TryGetValue(header.StreamId, out Http2Stream? stream) || stream.IsReset || stream.HasEndReceived)
        {
            ReturnUnread(payload.Length);
            TakeLate(header.StreamId, stream);
            return;
        }

        bool isEnd = header.Has(FrameFlags.EndStream);
        if (content.IsEmpty && !isEnd && !TrySpendFrame())
        {
            return;
        }

        stream.ReceiveWindow -= payload.Length;
        if (stream.ReceiveWindow < 0)
        {
            ReturnUnread(payload.Length);
            Refuse(stream.Id, Http2Error.FlowControl);
            return;
        }

        int padding = payload.Length - content.Length;
        if (padding > 0)
        {
            stream.ReturnPadding(padding);
        }

        if (!IsServer && !stream.HasFinalHead)
        {
            ReturnUnread(content.Length);
            Refuse(stream.Id, Http2Error.Protocol);
            return;
        }

        if (!stream.TryTakePayload(content, isEnd))
        {
            ReturnUnread(content.Length);
            Refuse(stream.Id, Http2Error.Protocol);
            return;
        }

        MarkReady(stream);
    }

    // DATA for a stream that is over.
    private void TakeLate(int id, Http2Stream? stream)
    {
        if (stream?.IsReset ?? IsLate(id))
        {
            SpendLate();
        }
        else
        {
            Refuse(id, Http2Error.StreamClosed);
        }
    }

    private void TakePriority(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0)
        {
            Fail(Http2Error.Protocol);
        }
        else if (payload.Length != PriorityBytes)
        {
            Refuse(header.StreamId, Http2Error.FrameSize);
        }
        else if (DependsOnItself(header.StreamId, payload))
        {
            Refuse(header.StreamId, Http2Error.Protocol);
        }
        else
        {
            TrySpendFrame(); // RFC 9113 section 5.3.2: deprecated, and not looked at
        }
    }

    private static bool DependsOnItself(int id, ReadOnlySpan<byte> priority) =>
        (BinaryPrimitives.ReadInt32BigEndian(priority) & int.MaxValue) == id;

    private void TakeReset(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != sizeof(uint))
        {
            Fail(Http2Error.FrameSize);
            return;
        }

        if (header.StreamId == 0 || IsIdle(header.StreamId))
        {
            Fail(Http2Error.Protocol);
            return;
        }

        if (!_streams.TryGetValue(header.StreamId, out Http2Stream? stream) || stream.IsReset)
        {
            TrySpendFrame();
            return;
        }

        var error = (Http2Error)BinaryPrimitives.ReadInt32BigEndian(payload);
        if (stream.HasEndSent || TrySpendReset())
        {
            Resets++;
            bool isRefused = !IsServer && error == Http2Error.RefusedStream;
            if (isRefused)
            {
                _streamsTaken = Math.Max(1, Math.Min(_streamsTaken, StreamCount) - 1);
            }

            stream.TakeReset(isRefused);
            MarkReady(stream);
        }
    }

    private void TakeSettings(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0)
        {
            Fail(Http2Error.Protocol);
            return;
        }

        bool isAck = header.Has(FrameFlags.Ack);
        if (isAck ? payload.Length != 0 : payload.Length % SettingBytes != 0)
        {
            Fail(Http2Error.FrameSize);
            return;
        }

        if (!TrySpendFrame(1 + (payload.Length / (8 * SettingBytes))) || isAck)
        {
            return;
        }

        for (int at = 0; at < payload.Length; at += SettingBytes)
        {
            var setting = (Http2Setting)BinaryPrimitives.ReadUInt16BigEndian(payload[at..]);
            uint value = BinaryPrimitives.ReadUInt32BigEndian(payload[(at + sizeof(ushort))..]);
            Http2Error error = TakeSetting(setting, value);
            if (error != Http2Error.None)
            {
                Fail(error);
                return;
            }
        }

        WriteFrameHeader(FrameType.Settings, FrameFlags.Ack, 0, 0);
        if (!IsServer && _unnumbered.Count > 0)
        {
            RefuseWaiting(StreamCount - PeerStreamsMax);
            MarkWaiting();
        }
    }

    private Http2Error TakeSetting(Http2Setting setting, uint value)
    {
        switch (setting)
        {
            case Http2Setting.HeaderTableSize:
                _fields.Limit(value);
                break;
            case Http2Setting.EnablePush when value > 1 || (value == 1 && !IsServer):
                return Http2Error.Protocol;
            case Http2Setting.MaxConcurrentStreams:
                PeerStreamsMax = (int)Math.Min(value, int.MaxValue);
                break;
            case Http2Setting.InitialWindowSize:
                return value > WindowMax ? Http2Error.FlowControl : TakeStreamWindow((int)value);
            case Http2Setting.MaxFrameSize:
                if (value is < FrameHeader.PayloadBytesDefault or > FrameHeader.PayloadBytesMax)
                {
                    return Http2Error.Protocol;
                }

                break; // what is sent stays within the smallest that can be asked for
            case Http2Setting.EnableConnectProtocol when value > 1:
                return Http2Error.Protocol;
        }

        return Http2Error.None;
    }

    // RFC 9113 section 6.9.2: the difference is every open stream's.
    private Http2Error TakeStreamWindow(int bytes)
    {
        long difference = (long)bytes - _peerStreamWindow;
        _peerStreamWindow = bytes;
        foreach (Http2Stream stream in _streams.Values)
        {
            stream.SendWindow += difference;
            if (stream.SendWindow > WindowMax)
            {
                return Http2Error.FlowControl;
            }

            WakeIfWindow(stream);
        }

        return Http2Error.None;
    }

    private void TakePing(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0)
        {
            Fail(Http2Error.Protocol);
        }
        else if (payload.Length != PingBytes)
        {
            Fail(Http2Error.FrameSize);
        }
        else if (TrySpendFrame())
        {
            ulong opaque = BinaryPrimitives.ReadUInt64BigEndian(payload);
            if (!header.Has(FrameFlags.Ack))
            {
                WritePing(opaque, isAck: true);
            }
            else if (opaque == LeavingPing && _leaving == Leaving.Announced)
            {
                LeaveNow();
            }
        }
    }

    private void TakeGoAway(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0)
        {
            Fail(Http2Error.Protocol);
            return;
        }

        if (payload.Length < 2 * sizeof(uint))
        {
            Fail(Http2Error.FrameSize);
            return;
        }

        int lastId = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        if (!TrySpendFrame() || IsServer)
        {
            return; // a client that leaves asks no more, and waits for what it asked
        }

        _processedMax = Math.Min(_processedMax, lastId);
        _leaving = _leaving == Leaving.No ? Leaving.Said : _leaving;
        RefuseWaiting(_unnumbered.Count); // RFC 9113 section 6.8: none is begun from here on
        foreach (Http2Stream stream in _streams.Values)
        {
            if (stream.Id > _processedMax && !stream.IsReset)
            {
                stream.TakeReset(isRefused: true);
                MarkReady(stream);
            }
        }
    }

    private void TakeWindowUpdate(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != sizeof(uint))
        {
            Fail(Http2Error.FrameSize);
            return;
        }

        int id = header.StreamId;
        int increment = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        if (id != 0 && IsIdle(id))
        {
            Fail(Http2Error.Protocol);
            return;
        }

        if (!TrySpendFrame())
        {
            return;
        }

        if (id == 0)
        {
            _sendWindow += increment;
            if (increment == 0 || _sendWindow > WindowMax)
            {
                Fail(increment == 0 ? Http2Error.Protocol : Http2Error.FlowControl);
            }
        }
        else if (increment == 0)
        {
            Refuse(id, Http2Error.Protocol);
        }
        else if (_streams.TryGetValue(id, out Http2Stream? stream) && !stream.IsReset)
        {
            stream.SendWindow += increment;
            if (stream.SendWindow > WindowMax)
            {
                Refuse(id, Http2Error.FlowControl);
            }
            else
            {
                WakeIfWindow(stream);
            }
        }
    }

    private void WakeIfWindow(Http2Stream stream)
    {
        if (stream.WaitsForWindow && stream.SendWindow > 0)
        {
            stream.WaitsForWindow = false;
            if (!stream.IsBlocked)
            {
                stream.IsBlocked = true;
                _blocked.Enqueue(stream);
            }
        }
    }
}
