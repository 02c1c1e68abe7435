using System;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.Transport.Http2;

/// <summary>
/// What is written to a stream: a message of HTTP/1.1 from this program's own writers, taken apart again. A head comes
/// in one piece, and so do trailers; payload as it comes.
/// </summary>
internal sealed partial class Http2Stream
{
    // How a body in chunks goes on when it ends with the chunk that is written.
    private static ReadOnlySpan<byte> ChunkAndEnd => "\r\n0\r\n\r\n"u8;

    private Writing _writing;
    private long _bodyLeft;
    private bool _isSpoiled;

    private enum Writing : byte
    {
        Head,
        Declared,
        Tunnel,
        ChunkSize,
        ChunkPayload,
        ChunkEnd,
        Trailers,
        Ended,
    }

    public override LinkStatus TryWrite(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count)
    {
        count = 0;
        if (Has(State.Closed | State.Reset))
        {
            return LinkStatus.Broken;
        }

        if (!_connection.IsOpen)
        {
            return LinkStatus.WouldBlock;
        }

        _ = Take(first, ref count) && Take(second, ref count) && Take(third, ref count);
        BytesWritten += count;
        if (_isSpoiled)
        {
            _connection.Reset(this, Http2Error.Internal);
            return LinkStatus.Broken;
        }

        long total = (long)first.Length + second.Length + third.Length;
        if (count < total)
        {
            _connection.Block(this);
        }

        return count > 0 || total == 0 ? LinkStatus.Ok : LinkStatus.WouldBlock;
    }

    /// <summary>Ends a tunnel's direction. A message ends by its framing.</summary>
    public override void EndWrites()
    {
        if (_writing == Writing.Tunnel && !Has(State.Closed | State.Reset))
        {
            _connection.WriteData(this, default, isEnd: true);
            EndMessage();
        }
    }

    private void ResetWrites()
    {
        _writing = Writing.Head;
        _bodyLeft = 0;
        _isSpoiled = false;
    }

    // True if the whole piece was taken, so that the next may follow.
    private bool Take(ReadOnlySpan<byte> piece, ref int count)
    {
        int at = 0;
        while (at < piece.Length)
        {
            ReadOnlySpan<byte> rest = piece[at..];
            int taken = _writing switch
            {
                Writing.Head => TakeHead(rest),
                Writing.Declared => TakeDeclared(rest),
                Writing.Tunnel => _connection.WriteData(this, rest, isEnd: false),
                Writing.ChunkSize => TakeChunkSize(rest),
                Writing.ChunkPayload => TakeChunk(rest),
                Writing.ChunkEnd => TakeChunkEnd(rest),
                Writing.Trailers => TakeTrailers(rest),
                _ => Spoil(),
            };
            if (taken == 0)
            {
                break;
            }

            at += taken;
        }

        count += at;
        return at == piece.Length;
    }

    // The writer of messages is ours: what is not a message is a fault of this program, and costs the stream.
    private int Spoil()
    {
        _isSpoiled = true;
        return 0;
    }

    private int TakeHead(ReadOnlySpan<byte> bytes)
    {
        if (!_connection.HasRoom || (Id == 0 && !_connection.MayNumber))
        {
            return 0;
        }

        int length = HeadLines.LengthAt(bytes);
        if (length == 0)
        {
            return Spoil();
        }

        ReadOnlySpan<byte> head = bytes[..length];
        return (_connection.IsServer ? TryWriteResponse(head) : TryWriteRequest(head)) ? length : Spoil();
    }

    private bool TryWriteResponse(ReadOnlySpan<byte> head)
    {
        const int CodeStart = 9; // behind "HTTP/1.1 "
        var lines = new HeadLines(head, hasStart: true);
        ReadOnlySpan<byte> code = lines.Start.Length >= CodeStart + 3 ? lines.Start.Slice(CodeStart, 3) : default;
        if (!FieldRules.TryReadLength(code, out long status))
        {
            return false;
        }

        if (status == 101)
        {
            // RFC 8441 section 5: what HTTP/1.1 says by 101 a CONNECT is told by 200.
            _connection.WriteResponse(this, "200"u8, lines, isEnd: false);
            _writing = Writing.Tunnel;
            return Has(State.IsTunnel);
        }

        if (status is >= 200 and < 300 && Has(State.IsTunnel))
        {
            return false; // the peer would take what follows for the tunnel it asked for
        }

        bool hasBody = !Has(State.IsHead) && status is not (204 or 304);
        Mark(State.IsTunnel, false);
        Framing framing = status < 200 ? Framing.Interim : hasBody ? FramingOf(lines) : Framing.None;
        _connection.WriteResponse(this, code, lines, framing == Framing.None);
        Begin(framing);
        return true;
    }

    private bool TryWriteRequest(ReadOnlySpan<byte> head)
    {
        var lines = new HeadLines(head, hasStart: true);
        int first = lines.Start.IndexOf((byte)' ');
        int last = lines.Start.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first)
        {
            return false;
        }

        ReadOnlySpan<byte> method = lines.Start[..first];
        Framing framing = FramingOf(lines);
        Mark(State.IsHead, method.SequenceEqual("HEAD"u8));
        if (!_connection.TryWriteRequest(
            this, method, lines.Start[(first + 1)..last], lines, framing == Framing.None))
        {
            return false;
        }

        Begin(framing);
        return true;
    }

    private void Begin(Framing framing)
    {
        switch (framing)
        {
            case Framing.Interim:
                break;
            case Framing.None:
                EndMessage();
                break;
            default:
                _writing = framing == Framing.Chunked ? Writing.ChunkSize : Writing.Declared;
                break;
        }
    }

    private Framing FramingOf(HeadLines lines)
    {
        while (lines.MoveNext())
        {
            if (Ascii.EqualsIgnoreCase(lines.Name, "transfer-encoding"u8))
            {
                _bodyLeft = 0;
                return Framing.Chunked;
            }

            if (Ascii.EqualsIgnoreCase(lines.Name, "content-length"u8)
                && FieldRules.TryReadLength(lines.Value, out long length) && length > 0)
            {
                _bodyLeft = length;
                return Framing.Declared;
            }
        }

        return Framing.None;
    }

    private int TakeDeclared(ReadOnlySpan<byte> bytes)
    {
        bool isEnd = bytes.Length >= _bodyLeft;
        int sent = _connection.WriteData(this, isEnd ? bytes[..(int)_bodyLeft] : bytes, isEnd);
        _bodyLeft -= sent;
        if (_bodyLeft == 0)
        {
            EndMessage();
        }

        return sent;
    }

    private int TakeChunkSize(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            byte value = bytes[at++];
            if (value == (byte)'\n')
            {
                _writing = _bodyLeft > 0 ? Writing.ChunkPayload : Writing.Trailers;
                break;
            }

            if (value != (byte)'\r')
            {
                int digit = HexDigit.Worth(value);
                if (digit < 0)
                {
                    return Spoil();
                }

                _bodyLeft = (_bodyLeft << 4) | (uint)digit;
            }
        }

        return at;
    }

    private int TakeChunk(ReadOnlySpan<byte> bytes)
    {
        int length = (int)Math.Min(bytes.Length, _bodyLeft);
        bool isEnd = length == _bodyLeft && bytes[length..].StartsWith(ChunkAndEnd);
        int sent = _connection.WriteData(this, bytes[..length], isEnd);
        _bodyLeft -= sent;
        if (_bodyLeft > 0)
        {
            return sent;
        }

        if (isEnd)
        {
            EndMessage();
            return sent + ChunkAndEnd.Length;
        }

        _writing = Writing.ChunkEnd;
        return sent;
    }

    private int TakeChunkEnd(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            return bytes.Length;
        }

        _writing = Writing.ChunkSize;
        return end + 1;
    }

    private int TakeTrailers(ReadOnlySpan<byte> bytes)
    {
        if (!_connection.HasRoom)
        {
            return 0;
        }

        if (bytes.StartsWith(ChunkedWriter.CrLf))
        {
            _connection.WriteData(this, default, isEnd: true);
            EndMessage();
            return ChunkedWriter.CrLf.Length;
        }

        int length = HeadLines.LengthAt(bytes);
        if (length == 0)
        {
            return Spoil();
        }

        _connection.WriteTrailers(this, new HeadLines(bytes[..length], hasStart: false));
        EndMessage();
        return length;
    }

    private void EndMessage()
    {
        _writing = Writing.Ended;
        _state |= State.EndSent;
    }

    private enum Framing : byte
    {
        /// <summary>Not the final head.</summary>
        Interim,
        None,
        Declared,
        Chunked,
    }
}
