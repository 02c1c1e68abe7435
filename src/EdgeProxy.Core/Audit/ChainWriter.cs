using System;
using System.Buffers.Binary;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>
/// Appends records to the open segment and closes it with a signed footer. Bytes go to the file in batches; nothing
/// counts before <see cref="Sync"/> came back, and <see cref="Rollback"/> goes back to what it left. One thread.
/// </summary>
/// <remarks>Members throw what <see cref="IAuditFiles"/> throws; then only Rollback may follow.</remarks>
internal sealed class ChainWriter : IDisposable
{
    private const int BatchBytes = 256 * 1024;

    private readonly IAuditFiles _files;
    private readonly SegmentKey _key;
    private readonly string _node;

    // The hash before the first frame of the batch, then frames: see ChainFrame.
    private readonly byte[] _batch = new byte[Sha256.HashBytes + BatchBytes + ChainFrame.BytesMax];
    private int _filled;
    private readonly ChainState _state;
    private readonly ChainState _durable = new();
    private IAuditFile? _file;
    private bool _isSynced = true;
    private bool _isFailedNew;
    private long _closedBytes;
    private readonly long _bytesBefore;

    /// <param name="state">Where the chain ends, on the disk.</param>
    public ChainWriter(IAuditFiles files, SegmentKey key, string node, ChainState state)
    {
        _files = files;
        _key = key;
        _node = node;
        _state = state;
        _durable.CopyFrom(state);
        _bytesBefore = state.IsOpen ? state.Length : 0;
        StartBatch();
    }

    /// <summary>Where the chain ends on the disk.</summary>
    public ChainState Durable => _durable;

    /// <summary>Bytes that came onto the disk by this writer.</summary>
    public long DurableBytes => _closedBytes + (_durable.IsOpen ? _durable.Length : 0) - _bytesBefore;

    /// <summary>Something was appended and is not on the disk.</summary>
    public bool IsDirty => !_isSynced || _filled > 0;

    /// <summary>The open segment's bytes, those not written yet included; 0 if none is open.</summary>
    public long SegmentBytes => _state.IsOpen ? _state.Length + _filled : 0;

    public long SegmentCreatedMs => _state.CreatedMs;

    public long SegmentRecords => _state.Tree.Count;

    public ulong Append(ReadOnlySpan<byte> record, long nowMs)
    {
        Open(nowMs);
        Span<byte> room = NextFrame();
        Span<byte> body = room[(Sha256.HashBytes + ChainFrame.LengthBytes)..];
        ulong seq = ++_state.Seq;
        body[0] = (byte)FrameKind.Record;
        BinaryPrimitives.WriteUInt64LittleEndian(body[1..], seq);
        record.CopyTo(body[ChainFrame.RecordHeadBytes..]);
        int length = ChainFrame.RecordHeadBytes + record.Length;
        _state.Tree.Add(body[..length]);
        EndFrame(room, length);
        return seq;
    }

    /// <summary>Ends the segment, if one is open. The next record opens another.</summary>
    public void Close(long nowMs)
    {
        if (!_state.IsOpen)
        {
            return;
        }

        Flush();
        var footer = new SegmentFooter(
            (ulong)_state.Tree.Count, _state.Seq, nowMs, _state.Tree.Root(), new byte[SegmentFooter.SignatureBytes]);
        footer = footer with { Signature = _key.Sign(footer.Signed(_state.Hash)) };
        Span<byte> room = NextFrame();
        EndFrame(room, footer.Write(room[(Sha256.HashBytes + ChainFrame.LengthBytes)..]));
        Flush();
        _file!.Sync();
        _closedBytes += _state.Length;
        _state.IsOpen = false;
        _state.Tree.Reset();
        _file.Dispose();
        _file = null;
        _isSynced = true;
        _durable.CopyFrom(_state);
    }

    /// <summary>All that was appended is on the disk when this comes back.</summary>
    public void Sync()
    {
        Flush();
        if (!_isSynced)
        {
            _file!.Sync();
            _isSynced = true;
        }

        _durable.CopyFrom(_state);
    }

    /// <summary>Hands what was appended to the kernel.</summary>
    public void Flush()
    {
        if (_filled > 0)
        {
            _isSynced = false;
            _file!.Append(_batch.AsSpan(Sha256.HashBytes, _filled));
            _state.Length += _filled;
        }

        StartBatch();
    }

    /// <summary>
    /// Forgets what is not known to be on the disk, and cuts it off the file: after a failed write or sync nothing is
    /// known of it, and a second sync would lie (the kernel drops the pages it could not write).
    /// </summary>
    public void Rollback()
    {
        bool wasOpen = _state.IsOpen;
        _state.CopyFrom(_durable);
        StartBatch();
        _file?.Dispose();
        _file = null; // opened again, and cut, by the next record
        _isSynced = true;
        _isFailedNew |= wasOpen && !_state.IsOpen;
    }

    public void Dispose() => _file?.Dispose();

    private void Open(long nowMs)
    {
        if (_state.IsOpen)
        {
            if (_file is null)
            {
                _file = _files.OpenAppend(DiskFiles.NameOf(_state.SegmentNumber), isNew: false);
                _file.Truncate(_state.Length);
            }

            return;
        }

        var header = new SegmentHeader(
            _state.SegmentNumber + 1, _state.Seq + 1, nowMs, [.. _state.Hash], _key.Id, _node);
        if (_isFailedNew)
        {
            _files.Delete(DiskFiles.NameOf(header.Number));
            _isFailedNew = false;
        }

        _state.IsOpen = true;
        _file = _files.OpenAppend(DiskFiles.NameOf(header.Number), isNew: true);
        _state.SegmentNumber++;
        _state.Length = 0;
        _state.CreatedMs = nowMs;
        Span<byte> room = NextFrame();
        EndFrame(room, header.Write(room[(Sha256.HashBytes + ChainFrame.LengthBytes)..]));
    }

    private void StartBatch()
    {
        _filled = 0;
        _state.Hash.CopyTo(_batch, 0);
    }

    // From the hash before it on.
    private Span<byte> NextFrame()
    {
        if (_filled >= BatchBytes)
        {
            Flush();
        }

        return _batch.AsSpan(_filled);
    }

    private void EndFrame(Span<byte> room, int bodyLength)
    {
        int length = ChainFrame.Close(room, bodyLength);
        room.Slice(length, Sha256.HashBytes).CopyTo(_state.Hash);
        _filled += length;
    }
}
