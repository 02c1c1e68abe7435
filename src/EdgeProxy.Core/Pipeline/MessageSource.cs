using System;
using System.Diagnostics;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>What <see cref="MessageSource.Next"/> found.</summary>
internal enum BodyStep : byte
{
    /// <summary>Payload to hand on; say how much was taken with <see cref="MessageSource.Advance"/>.</summary>
    Data,

    /// <summary>Nothing now; the link's owner is called when there may be more.</summary>
    Wait,

    /// <summary>The body ended by its own framing.</summary>
    End,

    /// <summary>
    /// The framing is not valid, or the body is over its limit; see <see cref="MessageSource.Reason"/>.
    /// </summary>
    Malformed,

    /// <summary>The peer ended the stream before the body was whole.</summary>
    Truncated,

    /// <summary>The connection broke.</summary>
    Broken,
}

/// <summary>
/// The incoming half of a connection: reads bytes from a link into one block and finds the payload of a message body in
/// place, without copying. Both legs of an exchange use it: for the request from the client, for the response from the
/// server. Holds at most one block, and none while it is empty and waits. Reused after <see cref="Unbind"/>.
/// </summary>
/// <remarks>
/// A head can stay pinned at the front of the block while the body after it is handed on, so that the same request can
/// be
/// sent again. The pin is given up as soon as the room is needed; then <see cref="CanRewind"/> is false.
/// </remarks>
internal sealed class MessageSource
{
    // A read into less room than this is not worth its system call: the bytes are moved or the pin is given up first.
    private const int RoomMin = 512;

    private ByteLink? _link;
    private BlockPool? _blocks;
    private Block? _block;
    private BodyBudget? _chargedTo;
    private int _charged;
    private HeadLimits _limits = HeadLimits.Default;
    private int _cursor;
    private int _headLength;
    private bool _isPinned;
    private bool _hasSeenEnd;
    private BodyFraming _framing;
    private long _declared;
    private long _remaining;
    private ChunkedReader _chunks;
    private long _payload;
    private bool _isComplete;
    private bool _isBodyConsumed;
    private ByteRange _trailers;

    /// <summary>Bytes read from the link since <see cref="Bind"/>.</summary>
    public long BytesRead { get; private set; }

    public RejectReason Reason { get; private set; }

    /// <summary>
    /// Payload bytes a chunked body may have, until the message ends; one with a declared length is known beforehand.
    /// </summary>
    public long ChunkedBytesMax { get; set; } = long.MaxValue;

    /// <summary>Bytes read and not handed on.</summary>
    public ReadOnlySpan<byte> Unread => _block is null ? default : _block.Filled[_cursor..];

    /// <summary>The pinned head; MUST NOT be asked for once the pin is gone.</summary>
    public ReadOnlySpan<byte> Head
    {
        get
        {
            Debug.Assert(_isPinned, "the head's bytes are gone");
            return _block!.Filled[.._headLength];
        }
    }

    public bool CanRewind => _isPinned;

    /// <summary>Bytes behind the pinned head, handed on or not.</summary>
    public int KeptBytes => _isPinned ? _block!.Length - _headLength : 0;

    /// <summary>Memory it has now.</summary>
    public int RoomBytes => _block?.Capacity ?? 0;

    /// <summary>Nothing came behind a message that is read to its end.</summary>
    public bool IsAtBoundary => Unread.Length == (_trailers.IsEmpty ? 0 : _trailers.Length + 2);

    /// <summary>
    /// Body bytes that are kept behind the pinned head even if the room has to grow for them. 0 gives the head up
    /// instead.
    /// </summary>
    public int KeepBytesMax { get; set; }

    /// <summary>
    /// What the memory for kept body bytes counts against, beside that of bodies that are read whole; null for none.
    /// Used up, the head is given up as if <see cref="KeepBytesMax"/> were reached.
    /// </summary>
    public BodyBudget? KeepBudget { get; set; }

    /// <summary>
    /// Body bytes handed on are let go from behind the pinned head, which stays however long the body is: somebody else
    /// keeps the body.
    /// </summary>
    public bool KeepsHead { get; set; }

    /// <summary>At least one byte of the body came, payload or framing.</summary>
    public bool HasBodyBegun => _isBodyConsumed || !Unread.IsEmpty;

    /// <summary>The body ended by its framing, or there was none.</summary>
    public bool IsComplete => _isComplete;

    /// <summary>The peer ended its direction, and that end was read.</summary>
    public bool HasSeenEnd => _hasSeenEnd;

    /// <summary>Trailer lines of a chunked body that ended, until the next call of any other member.</summary>
    public ReadOnlySpan<byte> Trailers => _trailers.IsEmpty ? default : _trailers.Of(Unread);

    /// <summary>Sees every payload byte that is handed on; null if nobody wants to.</summary>
    public BodyDigest? Digest { get; set; }

    /// <summary>Payload bytes handed on since the body started.</summary>
    public long PayloadTaken => _framing == BodyFraming.ContentLength ? _declared - _remaining : _payload;

    public void Bind(ByteLink link, BlockPool blocks, HeadLimits limits)
    {
        _link = link;
        _blocks = blocks;
        _limits = limits;
    }

    /// <summary>
    /// Reads once from the link, after making room. WouldBlock gives an empty block back. The room grows up to
    /// <paramref name="bytesMax"/>, which a caller that waits for a whole head or trailer section MUST NOT exceed.
    /// </summary>
    public LinkStatus Fill(int roomWanted, int bytesMax)
    {
        if (_hasSeenEnd)
        {
            return LinkStatus.End;
        }

        if (!_link!.MayRead)
        {
            ReleaseIfEmpty();
            return _link.IsBroken ? LinkStatus.Broken : LinkStatus.WouldBlock;
        }

        MakeRoom(roomWanted, bytesMax);
        LinkStatus status = _link.TryRead(_block!.Free, out int count);
        if (status == LinkStatus.Ok)
        {
            _block.Commit(count);
            BytesRead += count;
            return status;
        }

        _hasSeenEnd = status == LinkStatus.End;
        ReleaseIfEmpty();
        return status;
    }

    /// <summary>Keeps the first <paramref name="length"/> unread bytes, a head, and moves on behind them.</summary>
    public void Pin(int length)
    {
        Debug.Assert(!_isPinned && length <= Unread.Length, "one head at a time");
        _headLength = length;
        _cursor = length;
        _isPinned = true;
    }

    /// <summary>Gives the head up; what was handed on with it cannot be sent again.</summary>
    public void Unpin()
    {
        if (_isPinned)
        {
            _isPinned = false;
            _block!.Consume(_cursor);
            _cursor = 0;
            _headLength = 0;
        }
    }

    /// <summary>
    /// A body that was read to its end goes from behind the pinned head, and its memory with it: somebody else has it.
    /// </summary>
    public void LetGoOfBody()
    {
        if (!_isPinned || !_isComplete)
        {
            return;
        }

        _block!.RemoveAt(_headLength, _cursor - _headLength);
        _cursor = _headLength;
        if (_block.Capacity > BlockPool.LargeBytes && _block.Length <= BlockPool.LargeBytes)
        {
            Block smaller = _blocks!.Rent(_block.Length);
            _block.Filled.CopyTo(smaller.Free);
            smaller.Commit(_block.Length);
            _block.Clear();
            ReturnBlock();
            _block = smaller;
        }
    }

    /// <summary>The message is here whole: nothing is read from its link any more, which is somebody else's.</summary>
    public void LetGoOfLink()
    {
        _hasSeenEnd = true;
        _link = null;
    }

    /// <summary>Drops the first <paramref name="count"/> unread bytes, a head that was used.</summary>
    public void Skip(int count) => Consume(count);

    /// <summary>Starts a body at the unread bytes.</summary>
    public void StartBody(BodyFraming framing, long length)
    {
        _framing = framing;
        _declared = length;
        _remaining = framing == BodyFraming.ContentLength ? length : 0;
        _chunks = default;
        _payload = 0;
        _trailers = default;
        _isBodyConsumed = false;
        _isComplete = framing == BodyFraming.None || (framing == BodyFraming.ContentLength && length == 0);
        Reason = RejectReason.None;
    }

    /// <summary>Back to the start of the body, for another try; only while <see cref="CanRewind"/>.</summary>
    public void Rewind()
    {
        Debug.Assert(_isPinned, "nothing to go back to");
        _cursor = _headLength;
        Digest?.Restart();
        StartBody(_framing, _declared);
    }

    /// <summary>The next contiguous payload. Reads from the link when nothing is buffered.</summary>
    public BodyStep Next(out ReadOnlySpan<byte> payload)
    {
        payload = default;
        while (!_isComplete)
        {
            BodyStep step = NextBuffered(out payload);
            if (step != BodyStep.Wait)
            {
                return step;
            }

            switch (Fill(BodyRoom(), BlockPool.LargeBytes + _limits.TrailerBytes))
            {
                case LinkStatus.Ok:
                    break;
                case LinkStatus.WouldBlock:
                    return BodyStep.Wait;
                case LinkStatus.End when _framing == BodyFraming.UntilClose:
                    _isComplete = true;
                    break;
                case LinkStatus.End:
                    return BodyStep.Truncated;
                default:
                    return BodyStep.Broken;
            }
        }

        return BodyStep.End;
    }

    /// <summary>Says that the first <paramref name="count"/> bytes of the payload were handed on.</summary>
    public void Advance(int count)
    {
        if (count == 0)
        {
            return;
        }

        Digest?.Take(Unread[..count]);
        Consume(count);
        if (_framing == BodyFraming.ContentLength)
        {
            _remaining -= count;
            _isComplete = _remaining == 0;
        }
        else if (_framing == BodyFraming.Chunked)
        {
            _chunks.Advance(count);
            _payload += count;
        }
    }

    /// <summary>The payload is what ends a body with a declared length.</summary>
    public bool IsLast(ReadOnlySpan<byte> payload) =>
        _framing == BodyFraming.ContentLength && payload.Length == _remaining;

    /// <summary>Bytes of a body with a declared length that are still to come.</summary>
    public long Remaining => _remaining;

    /// <summary>
    /// Ends the message: drops its pinned head and trailers, and keeps what follows, the next message of the
    /// connection.
    /// </summary>
    public void EndMessage()
    {
        Unpin();
        if (!_trailers.IsEmpty)
        {
            Consume(_trailers.Length + 2); // and the empty line that ends the section
            _trailers = default;
        }

        ChunkedBytesMax = long.MaxValue;
        KeepBytesMax = 0;
        KeepBudget = null;
        KeepsHead = false;
        StartBody(BodyFraming.None, 0);
        ReleaseIfEmpty();
    }

    /// <summary>Lets go of link and block, whatever is in it.</summary>
    public void Unbind()
    {
        if (_block is not null)
        {
            _block.Clear();
            ReturnBlock();
        }

        _link = null;
        _blocks = null;
        _limits = HeadLimits.Default;
        _cursor = 0;
        _headLength = 0;
        _isPinned = false;
        _hasSeenEnd = false;
        BytesRead = 0;
        ChunkedBytesMax = long.MaxValue;
        KeepBytesMax = 0;
        KeepBudget = null;
        KeepsHead = false;
        Digest = null;
        StartBody(BodyFraming.None, 0);
        _isComplete = false;
    }

    private BodyStep NextBuffered(out ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> unread = Unread;
        payload = default;
        if (unread.IsEmpty)
        {
            return BodyStep.Wait;
        }

        switch (_framing)
        {
            case BodyFraming.ContentLength:
                payload = unread[..(int)Math.Min(unread.Length, _remaining)];
                return BodyStep.Data;
            case BodyFraming.UntilClose:
                payload = unread;
                return BodyStep.Data;
            default:
                return NextChunk(unread, out payload);
        }
    }

    private BodyStep NextChunk(ReadOnlySpan<byte> unread, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        ChunkStep step = _chunks.Next(unread, _limits, out int framingBytes, out int payloadBytes);
        switch (step)
        {
            case ChunkStep.Data:
                Consume(framingBytes);
                if (payloadBytes > ChunkedBytesMax - _payload)
                {
                    Reason = RejectReason.BodyTooLarge;
                    return BodyStep.Malformed;
                }

                payload = Unread[..payloadBytes];
                return BodyStep.Data;
            case ChunkStep.NeedMore:
                Consume(framingBytes);
                return BodyStep.Wait;
            case ChunkStep.End:
                EndChunks(framingBytes);
                return BodyStep.End;
            default:
                Reason = _chunks.Reason;
                return BodyStep.Malformed;
        }
    }

    // The trailer lines stay readable until EndMessage: consume up to them, and the framing behind them with them.
    private void EndChunks(int framingBytes)
    {
        _isComplete = true;
        ByteRange trailers = _chunks.Trailers;
        if (trailers.IsEmpty)
        {
            Consume(framingBytes);
            return;
        }

        Consume(trailers.Offset);
        _trailers = new ByteRange(0, trailers.Length);
    }

    private void Consume(int count)
    {
        _isBodyConsumed |= count > 0;
        if (_isPinned)
        {
            _cursor += count;
        }
        else if (count > 0)
        {
            _block!.Consume(count);
        }
    }

    // Small reads first: most bodies are short, and a block that fits the cache is warm. Long ones get large blocks, if
    // there is something to put into them.
    private int BodyRoom() =>
        (_framing == BodyFraming.ContentLength && _remaining <= BlockPool.SmallBytes)
            || _link is { WaitingBytes: <= 2 * BlockPool.SmallBytes }
            ? BlockPool.SmallBytes
            : BlockPool.LargeBytes;

    private void MakeRoom(int roomWanted, int bytesMax)
    {
        if (_block is null)
        {
            _block = _blocks!.Rent(roomWanted);
            return;
        }

        if (_isPinned && KeepsHead)
        {
            _block.RemoveAt(_headLength, _cursor - _headLength);
            _cursor = _headLength;
            if (_block.Free.Length < Math.Min(roomWanted, RoomMin))
            {
                Grow(_block.Length + roomWanted);
            }

            return;
        }

        if (_framing != BodyFraming.None && _block.Free.Length < RoomMin)
        {
            int kept = _block.Length - _headLength;
            if (_isPinned && kept < KeepBytesMax && TryKeep(kept))
            {
                return;
            }

            Unpin();
        }

        if (_block.IsEmpty && _block.Capacity < roomWanted)
        {
            ReturnBlock();
            _block = _blocks!.Rent(roomWanted);
            return;
        }

        if (_block.Free.Length >= RoomMin)
        {
            return;
        }

        _block.Compact();
        if (_block.Free.Length == 0)
        {
            Grow(Math.Clamp(_block.Capacity * 4, _block.Capacity + 1, Math.Max(bytesMax, _block.Capacity + 1)));
        }
    }

    // In steps, so that a short body costs little; the last bit of room is a read's, not kept for sure. What is taken
    // is what is counted.
    private bool TryKeep(int kept)
    {
        int room = _headLength + Math.Min(KeepBytesMax, Math.Max(_block!.Capacity, kept * 4)) + RoomMin;
        Block larger = _blocks!.Rent(room);
        if (KeepBudget is { } budget && !budget.TryTake(larger.Capacity))
        {
            _blocks.Return(larger);
            return false;
        }

        MoveTo(larger);
        (_charged, _chargedTo) = (larger.Capacity, KeepBudget);
        return true;
    }

    private void Grow(int bytes) => MoveTo(_blocks!.Rent(bytes));

    private void MoveTo(Block larger)
    {
        _block!.Filled.CopyTo(larger.Free);
        larger.Commit(_block.Length);
        _block.Clear();
        ReturnBlock();
        _block = larger;
    }

    private void ReturnBlock()
    {
        _blocks!.Return(_block!);
        _block = null;
        _chargedTo?.Give(_charged);
        (_charged, _chargedTo) = (0, null);
    }

    private void ReleaseIfEmpty()
    {
        if (_block is { IsEmpty: true } && !_isPinned)
        {
            ReturnBlock();
        }
    }
}
