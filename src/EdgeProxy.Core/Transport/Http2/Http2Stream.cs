using System;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Transport.Http2;

/// <summary>
/// One stream of an HTTP/2 connection as a link that speaks HTTP/1.1: a field section is read from it as a head, DATA
/// as a body, and a message that is written to it leaves as frames. So whatever serves or asks over HTTP/1.1 does so
/// over HTTP/2, by the same readers. One message each way; belongs to its connection's loop; used again for another
/// stream when both sides let go.
/// </summary>
internal sealed partial class Http2Stream : ByteLink
{
    private readonly ByteQueue _inbox;
    private readonly byte[] _staged = new byte[ChunkedWriter.HeadBytesMax];
    private Http2Connection _connection = null!;
    private State _state;
    private int _stagedStart;
    private int _stagedEnd;
    private int _headLeft;
    private int _payloadLeft;
    private int _chunkLeft;
    private long _declaredLeft;
    private int _unreturned;

    public Http2Stream(BlockPool blocks)
    {
        _inbox = new ByteQueue(blocks, BlockPool.SmallBytes); // its peer chooses how little comes at once
    }

    [Flags]
    private enum State : ushort
    {
        None = 0,

        /// <summary>The peer's message is here to its end.</summary>
        EndReceived = 1,

        /// <summary>Ours left, to its end.</summary>
        EndSent = 2,

        /// <summary>Either side broke it off, or the connection is gone.</summary>
        Reset = 4,

        /// <summary>Its owner let go.</summary>
        Closed = 8,

        /// <summary>Payload is read from it in chunks.</summary>
        IsChunked = 16,

        /// <summary>Payload is what a tunnel's other end sent.</summary>
        IsTunnel = 32,

        /// <summary>The end of a tunnel was handed out.</summary>
        EndRead = 64,

        /// <summary>The request is HEAD: its answer has no body, whatever it says.</summary>
        IsHead = 128,

        /// <summary>The peer promised that it did nothing with the request.</summary>
        Refused = 256,

        /// <summary>The peer's final head is here.</summary>
        HasHead = 512,

        /// <summary>It was broken off because the connection ended.</summary>
        LostConnection = 1024,
    }

    public int Id { get; private set; }

    /// <summary>Payload bytes the peer takes; below 0 after it took back what it had granted.</summary>
    public long SendWindow { get; set; }

    /// <summary>Payload bytes the peer may send.</summary>
    public int ReceiveWindow { get; set; }

    /// <summary>Bytes the connection had read when its request left.</summary>
    internal long CarrierReadBefore { get; set; }

    /// <summary>When its request left.</summary>
    internal long AskedMs { get; set; }

    /// <summary>Its owner has the whole answer and let go; the frame that says so is still to come.</summary>
    internal bool IsEndAwaited { get; set; }

    /// <summary>When that began.</summary>
    internal long EndAwaitedSinceMs { get; set; }

    // Where it stands among those that have news, and those that wait to write.
    internal bool IsReady { get; set; }

    internal bool IsBlocked { get; set; }

    /// <summary>It wants to write, and the peer takes no more of this stream.</summary>
    internal bool WaitsForWindow { get; set; }

    public override ByteLink Carrier => _connection.Link;

    public override int HttpMajor => 2;

    public override IpAddress RemoteAddress => _connection.Link.RemoteAddress;

    public override int RemotePort => _connection.Link.RemotePort;

    public override IpAddress LocalAddress => _connection.Link.LocalAddress;

    public override int LocalPort => _connection.Link.LocalPort;

    public override bool IsConnected => _connection.IsOpen && !Has(State.Reset | State.Closed);

    public override bool HasEnded =>
        Has(State.Reset | State.Closed) || (Has(State.IsTunnel) && Has(State.EndReceived));

    public override bool IsBroken => Has(State.Reset | State.Closed);

    public override bool AsksForTunnel => Has(State.IsTunnel);

    public override bool IsUntouched => Has(State.Refused);

    public override bool MayBeStale => Has(State.LostConnection);

    public override bool MayRead => !Has(State.Closed)
        && (!_inbox.IsEmpty || _stagedStart < _stagedEnd
            || (Has(State.IsTunnel) && Has(State.EndReceived) && !Has(State.EndRead)));

    public override int WaitingBytes => _headLeft + _payloadLeft;

    public override bool IsSecure => _connection.Link.IsSecure;

    public override bool Serves(ReadOnlySpan<byte> host) => _connection.Link.Serves(host);

    public override string BreakReason => _connection.BreakReason;

    /// <summary>Both messages are whole.</summary>
    public bool IsComplete => Has(State.EndSent) && Has(State.EndReceived);

    public bool HasEndReceived => Has(State.EndReceived);

    public bool HasEndSent => Has(State.EndSent);

    public bool IsReset => Has(State.Reset);

    internal bool IsClosed => Has(State.Closed);

    internal bool HasFinalHead => Has(State.HasHead);

    internal bool IsHeadRequest => Has(State.IsHead);

    /// <summary>Given once it has one: ids go up in the order of the requests.</summary>
    internal void SetId(int id) => Id = id;

    public override LinkStatus TryRead(Span<byte> destination, out int count)
    {
        count = 0;
        if (Has(State.Closed))
        {
            return LinkStatus.Broken;
        }

        count = ReadFramed(destination);
        if (count > 0)
        {
            BytesRead += count;
            return LinkStatus.Ok;
        }

        if (Has(State.IsTunnel) && Has(State.EndReceived))
        {
            _state |= State.EndRead;
            return LinkStatus.End;
        }

        return Has(State.Reset) ? LinkStatus.Broken : LinkStatus.WouldBlock;
    }

    public override void Close()
    {
        if (HasWholeAnswer && _connection.IsOpen)
        {
            // To reset it would tell the server that its answer was not wanted.
            LetGo();
            _connection.AwaitEnd(this);
            return;
        }

        // RFC 9113 section 8.1: an answer may be over before its request; NO_ERROR says that it is whole.
        End(Has(State.EndSent) && _connection.IsServer ? Http2Error.None
            : _connection.IsServer ? Http2Error.Internal
            : Http2Error.Cancel);
    }

    public override void Abort() => End(_connection.IsServer ? Http2Error.Internal : Http2Error.Cancel);

    /// <summary>Begins another stream.</summary>
    internal void Open(Http2Connection connection, int id, long sendWindow, int receiveWindow)
    {
        _connection = connection;
        Id = id;
        SendWindow = sendWindow;
        ReceiveWindow = receiveWindow;
        _declaredLeft = -1;
    }

    /// <summary>As new; what nobody read is gone.</summary>
    internal void Recycle()
    {
        _inbox.Clear();
        _connection = null!;
        Owner = null;
        Id = 0;
        SendWindow = 0;
        ReceiveWindow = 0;
        BytesRead = 0;
        BytesWritten = 0;
        _state = State.None;
        _stagedStart = 0;
        _stagedEnd = 0;
        _headLeft = 0;
        _payloadLeft = 0;
        _chunkLeft = 0;
        _declaredLeft = -1;
        _unreturned = 0;
        WaitsForWindow = false;
        IsEndAwaited = false;
        ResetWrites();
    }

    /// <summary>A request's head, made of its fields.</summary>
    internal void TakeRequest(in RequestText head, bool isEnd)
    {
        _declaredLeft = head.ContentLength;
        Mark(State.IsChunked, head.IsChunked);
        Mark(State.IsTunnel, head.IsTunnel);
        Mark(State.IsHead, head.IsHead);
        TakeHead(head.Text, isEnd);
    }

    /// <summary>An answer's head, interim or final.</summary>
    internal void TakeResponse(in ResponseText head, bool isEnd)
    {
        if (head.Status >= 200)
        {
            bool hasBody = !Has(State.IsHead) && head.Status is not (204 or 304);
            _declaredLeft = hasBody ? head.ContentLength : 0;
            Mark(State.IsChunked, head.IsChunked);
            _state |= State.HasHead;
        }

        TakeHead(head.Text, isEnd);
    }

    /// <summary>
    /// Payload of a DATA frame; false if there is more or less of it than the head said (RFC 9113 section 8.1.1).
    /// </summary>
    internal bool TryTakePayload(ReadOnlySpan<byte> payload, bool isEnd)
    {
        if (_declaredLeft >= 0)
        {
            _declaredLeft -= payload.Length;
            if (_declaredLeft < 0 || (isEnd && _declaredLeft > 0))
            {
                return false;
            }
        }

        if (Has(State.Closed | State.Reset))
        {
            _connection.ReturnUnread(payload.Length);
        }
        else
        {
            _inbox.Append(payload);
            _payloadLeft += payload.Length;
        }

        if (isEnd)
        {
            TakeEnd(default);
        }

        return true;
    }

    /// <summary>Bytes of a frame that are no payload.</summary>
    internal void ReturnPadding(int bytes) => _unreturned = _connection.Return(this, bytes, _unreturned);

    /// <summary>Trailers as field lines, and the end; false if a body is not whole.</summary>
    internal bool TryTakeTrailers(ReadOnlySpan<byte> lines)
    {
        bool isWhole = _declaredLeft <= 0;
        if (isWhole)
        {
            TakeEnd(lines);
        }

        return isWhole;
    }

    /// <summary>The peer, or what became of the connection, breaks it off.</summary>
    /// <param name="isRefused">The peer promised that it did nothing.</param>
    /// <param name="isWithConnection">The connection ended, not this stream of it.</param>
    internal void TakeReset(bool isRefused, bool isWithConnection = false)
    {
        _state |= State.Reset;
        Mark(State.Refused, isRefused);
        Mark(State.LostConnection, isWithConnection);
    }

    // All of an answer but the frame that ends it (RFC 9113 section 8.1).
    private bool HasWholeAnswer => !_connection.IsServer && _declaredLeft == 0 && Has(State.EndSent)
        && Has(State.HasHead) && !Has(State.EndReceived | State.Reset | State.Closed);

    private bool Has(State any) => (_state & any) != 0;

    private void Mark(State flag, bool isSet) => _state = isSet ? _state | flag : _state & ~flag;

    private void TakeHead(ReadOnlySpan<byte> text, bool isEnd)
    {
        _inbox.Append(text);
        _headLeft += text.Length;
        Mark(State.EndReceived, isEnd);
    }

    private void TakeEnd(ReadOnlySpan<byte> trailers)
    {
        _state |= State.EndReceived;
        if (Has(State.IsChunked) && !Has(State.Closed))
        {
            _inbox.Append(ChunkedWriter.LastChunk);
            _inbox.Append(trailers);
            _inbox.Append(ChunkedWriter.CrLf);
        }
    }

    // Head, then payload, framed if need be, then what ends it.
    private int ReadFramed(Span<byte> destination)
    {
        int count = 0;
        int payload = 0;
        while (count < destination.Length)
        {
            Span<byte> room = destination[count..];
            if (_stagedStart < _stagedEnd)
            {
                int part = Math.Min(_stagedEnd - _stagedStart, room.Length);
                _staged.AsSpan(_stagedStart, part).CopyTo(room);
                _stagedStart += part;
                count += part;
            }
            else if (_headLeft > 0)
            {
                int part = _inbox.Take(room[..Math.Min(room.Length, _headLeft)]);
                _headLeft -= part;
                count += part;
            }
            else if (_payloadLeft > 0)
            {
                int part = ReadPayload(room);
                payload += part;
                count += part;
            }
            else if (!_inbox.IsEmpty)
            {
                count += _inbox.Take(room);
            }
            else
            {
                break;
            }
        }

        if (payload > 0)
        {
            _unreturned = _connection.Return(this, payload, _unreturned);
        }

        return count;
    }

    private int ReadPayload(Span<byte> room)
    {
        bool isChunked = Has(State.IsChunked);
        if (isChunked && _chunkLeft == 0)
        {
            _chunkLeft = _payloadLeft;
            _stagedStart = 0;
            _stagedEnd = ChunkedWriter.WriteHead(_staged, _chunkLeft);
            return 0;
        }

        int part = _inbox.Take(room[..Math.Min(room.Length, isChunked ? _chunkLeft : _payloadLeft)]);
        _payloadLeft -= part;
        if (isChunked)
        {
            _chunkLeft -= part;
            if (_chunkLeft == 0)
            {
                ChunkedWriter.CrLf.CopyTo(_staged);
                _stagedStart = 0;
                _stagedEnd = ChunkedWriter.CrLf.Length;
            }
        }

        return part;
    }

    /// <summary>Lets go; the peer, if it still thinks of it, is told why.</summary>
    internal void End(Http2Error error)
    {
        if (Has(State.Closed))
        {
            return;
        }

        bool wasReset = Has(State.Reset);
        LetGo();
        _connection.Release(this, wasReset || IsComplete ? null : error);
    }

    private void LetGo()
    {
        _state |= State.Closed;
        _connection.ReturnUnread(_payloadLeft);
        _payloadLeft = 0;
        _headLeft = 0;
        _inbox.Clear();
    }
}
