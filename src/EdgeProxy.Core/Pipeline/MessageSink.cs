using System;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>How far a <see cref="MessageSink"/> got.</summary>
internal enum SinkStatus : byte
{
    /// <summary>All of it is taken (and, after Flush, sent).</summary>
    Ok,

    /// <summary>The peer takes no more for now; the link's owner is called when it does.</summary>
    Wait,

    /// <summary>The connection broke.</summary>
    Broken,
}

/// <summary>
/// The outgoing half of a connection: a head is written into one block, short payload is copied behind it so that a
/// small
/// message leaves with one system call, long payload goes out of the source's block in the same call. Frames chunks
/// when
/// told to. Holds at most one block, and none once everything is sent. Reused after <see cref="Unbind"/>.
/// </summary>
internal sealed class MessageSink
{
    // Payload up to this is copied: cheaper than a second piece in the system call (measured with GET 1 KiB).
    private const int CopyBytesMax = 4 * 1024;

    // RFC 9112 section 7.1: chunk-size CRLF chunk-data CRLF.
    private const int ChunkOverheadMax = ChunkedWriter.HeadBytesMax + 2;

    private ByteLink? _link;
    private BlockPool? _blocks;
    private Block? _pending;
    private HeaderEdits? _edits;
    private bool _isChunked;
    private long _chunkLeft;

    /// <summary>Bytes the link took since <see cref="Bind"/>.</summary>
    public long BytesSent { get; private set; }

    public bool HasPending => _pending is not null;

    /// <summary>
    /// The peer took less than it was offered: flush before offering more, so that no more than a block waits.
    /// </summary>
    public bool IsStalled { get; private set; }

    /// <summary><see cref="End"/> was called: the message is whole once flushed.</summary>
    public bool IsEnded { get; private set; }

    public void Bind(ByteLink link, BlockPool blocks)
    {
        _link = link;
        _blocks = blocks;
    }

    /// <summary>Frame what follows in chunks (RFC 9112 section 7.1), or send it as it is.</summary>
    /// <param name="edits">A field that these leave out of the head is left out of the trailers, too.</param>
    public void StartBody(bool isChunked, HeaderEdits? edits = null)
    {
        _edits = edits;
        _isChunked = isChunked;
        _chunkLeft = 0;
        IsEnded = false;
    }

    /// <summary>
    /// Room for <paramref name="bytes"/> bytes to write a head into; <see cref="Commit"/> says how many were used.
    /// </summary>
    public Span<byte> Room(int bytes)
    {
        if (_pending is null)
        {
            _pending = _blocks!.Rent(bytes);
        }
        else if (_pending.Free.Length < bytes)
        {
            Block larger = _blocks!.Rent(_pending.Length + bytes);
            _pending.Filled.CopyTo(larger.Free);
            larger.Commit(_pending.Length);
            _pending.Clear();
            _blocks.Return(_pending);
            _pending = larger;
        }

        return _pending.Free;
    }

    public void Commit(int bytes) => _pending!.Commit(bytes);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Commit(bytes.Length);
    }

    /// <summary>
    /// Takes payload: copies it to be sent with the rest, or sends it. On Wait <paramref name="taken"/> tells how much
    /// was
    /// taken; the caller offers the rest again, and MUST offer the same bytes.
    /// </summary>
    public SinkStatus Write(ReadOnlySpan<byte> payload, out int taken)
    {
        taken = 0;
        if (payload.IsEmpty)
        {
            return SinkStatus.Ok;
        }

        return _isChunked ? WriteChunked(payload, out taken) : WritePlain(payload, out taken);
    }

    /// <summary>Ends the body; of <paramref name="trailers"/>, whole field lines, what may travel on is sent.</summary>
    public void End(ReadOnlySpan<byte> trailers)
    {
        if (IsEnded)
        {
            return;
        }

        IsEnded = true;
        if (_isChunked)
        {
            Append(ChunkedWriter.LastChunk);
            int start = 0;
            while (TrailerFields.TryNext(
                trailers, ref start, out ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name))
            {
                // A server that puts trailers among the fields would take the client's word for ours.
                if (_edits?.Drops(name) != true)
                {
                    Append(line);
                }
            }

            Append(ChunkedWriter.CrLf);
        }
    }

    /// <summary>Sends what waits.</summary>
    public SinkStatus Flush()
    {
        while (_pending is not null)
        {
            LinkStatus status = _link!.TryWrite(_pending.Filled, default, default, out int count);
            if (status != LinkStatus.Ok)
            {
                return Stall(status);
            }

            Sent(count);
        }

        IsStalled = false;
        return SinkStatus.Ok;
    }

    /// <summary>Lets go of link and block; unsent bytes are lost.</summary>
    public void Unbind()
    {
        if (_pending is not null)
        {
            _pending.Clear();
            _blocks!.Return(_pending);
            _pending = null;
        }

        _link = null;
        _blocks = null;
        _edits = null;
        _isChunked = false;
        _chunkLeft = 0;
        BytesSent = 0;
        IsEnded = false;
        IsStalled = false;
    }

    private SinkStatus WritePlain(ReadOnlySpan<byte> payload, out int taken)
    {
        if (_pending is not null && payload.Length <= CopyBytesMax && _pending.Length <= CopyBytesMax)
        {
            Append(payload);
            taken = payload.Length;
            return SinkStatus.Ok;
        }

        return Send(payload, default, out taken);
    }

    private SinkStatus WriteChunked(ReadOnlySpan<byte> payload, out int taken)
    {
        if (_chunkLeft == 0)
        {
            if (payload.Length <= CopyBytesMax - ChunkOverheadMax)
            {
                AppendChunkHead(payload.Length, payload.Length + ChunkOverheadMax);
                Append(payload);
                Append(ChunkedWriter.CrLf);
                taken = payload.Length;
                return _pending!.Length >= CopyBytesMax ? Flush() : SinkStatus.Ok;
            }

            AppendChunkHead(payload.Length, ChunkedWriter.HeadBytesMax);
            _chunkLeft = payload.Length;
        }

        ReadOnlySpan<byte> part = payload[..(int)Math.Min(payload.Length, _chunkLeft)];
        ReadOnlySpan<byte> close = part.Length == _chunkLeft ? ChunkedWriter.CrLf : default;
        SinkStatus status = Send(part, close, out int sent);
        taken = Math.Min(sent, part.Length);
        _chunkLeft -= taken;
        if (_chunkLeft == 0 && sent < part.Length + 2 && taken > 0)
        {
            Append(ChunkedWriter.CrLf[(sent - taken)..]);
        }

        return status;
    }

    private void AppendChunkHead(int size, int room)
    {
        Span<byte> target = Room(room);
        Commit(ChunkedWriter.WriteHead(target, size));
    }

    // One system call for what waits, the payload and what closes it. `taken` may count bytes of `close` too.
    private SinkStatus Send(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> close, out int taken)
    {
        ReadOnlySpan<byte> waiting = _pending is null ? default : _pending.Filled;
        LinkStatus status = _link!.TryWrite(waiting, payload, close, out int count);
        if (status != LinkStatus.Ok)
        {
            taken = 0;
            return Stall(status);
        }

        int fromWaiting = Math.Min(count, waiting.Length);
        taken = count - fromWaiting;
        if (fromWaiting > 0)
        {
            Sent(fromWaiting);
        }

        BytesSent += taken;
        IsStalled = taken < payload.Length;
        return IsStalled ? SinkStatus.Wait : SinkStatus.Ok;
    }

    private SinkStatus Stall(LinkStatus status)
    {
        IsStalled = status == LinkStatus.WouldBlock;
        return IsStalled ? SinkStatus.Wait : SinkStatus.Broken;
    }

    private void Sent(int count)
    {
        BytesSent += count;
        _pending!.Consume(count);
        if (_pending.IsEmpty)
        {
            _blocks!.Return(_pending);
            _pending = null;
        }
    }
}
