using System;
using System.Buffers.Binary;
using System.IO;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>What stood at a place of a segment.</summary>
internal enum FrameStatus : byte
{
    /// <summary>A frame whose hash is right.</summary>
    Whole,

    /// <summary>Nothing more: the file ends with a frame.</summary>
    End,

    /// <summary>The file ends within a frame.</summary>
    Torn,

    /// <summary>No frame has such a length.</summary>
    BadLength,

    /// <summary>The bytes are not those that were hashed.</summary>
    BadHash,

    /// <summary>The first frame is no header of a version that is known.</summary>
    BadHeader,
}

/// <summary>
/// Reads a segment frame by frame and checks each hash; holds one frame, whatever the segment's size.
/// </summary>
internal sealed class SegmentReader(Stream stream) : IDisposable
{
    private readonly BufferedStream _stream = new(stream, 64 * 1024);

    // The hash before the frame, then the frame: what is hashed is one piece.
    private readonly byte[] _buffer = new byte[Sha256.HashBytes + ChainFrame.BytesMax];
    private int _bodyLength;

    /// <summary>Set by the first frame.</summary>
    public SegmentHeader? Header { get; private set; }

    /// <summary>Where the last frame read begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Where the next one begins: everything before it is whole.</summary>
    public long NextOffset { get; private set; }

    public ReadOnlySpan<byte> Body => _buffer.AsSpan(Sha256.HashBytes + ChainFrame.LengthBytes, _bodyLength);

    public FrameKind Kind => (FrameKind)Body[0];

    /// <summary>Of a record: its number in the chain, and the record itself.</summary>
    public ulong Seq => BinaryPrimitives.ReadUInt64LittleEndian(Body[1..]);

    public ReadOnlySpan<byte> Record => Body[ChainFrame.RecordHeadBytes..];

    /// <summary>The hash before the frame read last.</summary>
    public ReadOnlySpan<byte> Before => _buffer.AsSpan(0, Sha256.HashBytes);

    /// <summary>Its own.</summary>
    public ReadOnlySpan<byte> Hash =>
        _buffer.AsSpan(Sha256.HashBytes + ChainFrame.LengthBytes + _bodyLength, Sha256.HashBytes);

    public FrameStatus Read()
    {
        if (Header is not null)
        {
            Hash.CopyTo(_buffer);
        }

        Offset = NextOffset;
        _bodyLength = 0;
        Span<byte> length = _buffer.AsSpan(Sha256.HashBytes, ChainFrame.LengthBytes);
        int count = _stream.ReadAtLeast(length, length.Length, throwOnEndOfStream: false);
        if (count < length.Length)
        {
            return count == 0 ? FrameStatus.End : FrameStatus.Torn;
        }

        uint bodyLength = BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (bodyLength is 0 or > ChainFrame.BodyBytesMax)
        {
            return FrameStatus.BadLength;
        }

        int rest = (int)bodyLength + Sha256.HashBytes;
        Span<byte> body = _buffer.AsSpan(Sha256.HashBytes + ChainFrame.LengthBytes, rest);
        if (_stream.ReadAtLeast(body, rest, throwOnEndOfStream: false) < rest)
        {
            return FrameStatus.Torn;
        }

        _bodyLength = (int)bodyLength;
        return Check();
    }

    /// <summary>Begins again at the file's first byte.</summary>
    public void Rewind()
    {
        _stream.Seek(0, SeekOrigin.Begin);
        Header = null;
        Offset = 0;
        NextOffset = 0;
        _bodyLength = 0;
    }

    public void Dispose() => _stream.Dispose();

    private FrameStatus Check()
    {
        if (Header is null)
        {
            Header = SegmentHeader.Read(Body);
            if (Header is null)
            {
                return FrameStatus.BadHeader;
            }

            Header.Previous.CopyTo(_buffer, 0);
        }

        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        Sha256.Write(_buffer.AsSpan(0, Sha256.HashBytes + ChainFrame.LengthBytes + _bodyLength), hash);
        if (!hash.SequenceEqual(Hash))
        {
            return FrameStatus.BadHash;
        }

        bool isRecord = Kind == FrameKind.Record && _bodyLength >= ChainFrame.RecordHeadBytes;
        if (!isRecord && Kind != FrameKind.Footer && !(Kind == FrameKind.Header && Offset == 0))
        {
            return FrameStatus.BadLength;
        }

        NextOffset += ChainFrame.OverheadBytes + _bodyLength;
        return FrameStatus.Whole;
    }
}
