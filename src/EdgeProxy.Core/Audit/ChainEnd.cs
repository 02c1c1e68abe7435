using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>A segment with a footer, as far as retention must know it.</summary>
internal sealed record ClosedSegment(string Name, ulong LastSeq, long Bytes, long ClosedMs, byte[] FooterHash);

/// <summary>
/// What the folder holds when the proxy starts: where the chain ends, and what of it is no chain. The last segment is
/// read whole, those before it at their ends.
/// </summary>
internal sealed class ChainEnd
{
    private readonly Dictionary<ulong, ulong> _numbers = [];

    public ChainState State { get; } = new();

    public List<ClosedSegment> Closed { get; } = [];

    /// <summary>Key of the open segment; null if none is open.</summary>
    public byte[]? OpenKeyId { get; private set; }

    /// <summary>The last process wrote all it had and ended the segment; also so if there was none.</summary>
    public bool IsClean { get; private set; } = true;

    /// <summary>Bytes behind the valid part of the last segment, and their SHA-256.</summary>
    public long CutBytes { get; private set; }

    public byte[] CutDigest { get; private set; } = [];

    /// <summary>
    /// Reads the end, cuts off what follows the valid part and keeps it beside. Throws as the files do.
    /// </summary>
    public static ChainEnd Find(IAuditFiles files)
    {
        var end = new ChainEnd();
        IReadOnlyList<string> names = files.List();
        for (int i = 0; i < names.Count - 1; i++)
        {
            // Rare: one before the last has no end. Verification tells of it; the chain goes on behind the last.
            end.AddClosed(files, names[i]);
        }

        // A last segment of which not even the header is whole is none: the one before it is then the last.
        for (int i = names.Count - 1; i >= 0 && end.State.SegmentNumber == 0; i--)
        {
            end.Closed.RemoveAll(segment => segment.Name == names[i]);
            end.ReadWhole(files, names[i]);
        }

        return end;
    }

    /// <summary>The chain has the record with this number on this lane.</summary>
    public bool Has(ulong lane, ulong number) => _numbers.TryGetValue(lane, out ulong last) && number <= last;

    private void AddClosed(IAuditFiles files, string name)
    {
        using Stream stream = files.OpenRead(name);
        const int FrameBytes = ChainFrame.OverheadBytes + SegmentFooter.BodyBytes;
        if (stream.Length < FrameBytes)
        {
            return;
        }

        byte[] frame = new byte[FrameBytes];
        stream.Seek(-FrameBytes, SeekOrigin.End);
        stream.ReadExactly(frame);
        ReadOnlySpan<byte> body = frame.AsSpan(ChainFrame.LengthBytes, SegmentFooter.BodyBytes);
        if (SegmentFooter.Read(body) is { } footer)
        {
            byte[] hash = frame[^Sha256.HashBytes..];
            Closed.Add(new ClosedSegment(name, footer.LastSeq, stream.Length, footer.ClosedMs, hash));
        }
    }

    private void ReadWhole(IAuditFiles files, string name)
    {
        long length;
        long valid;
        using (Stream stream = files.OpenRead(name))
        {
            length = stream.Length;
            using var reader = new SegmentReader(stream);
            IsClean = false;
            while (reader.Read() == FrameStatus.Whole)
            {
                Take(reader, name, length);
            }

            valid = reader.NextOffset;
        }

        if (valid < length)
        {
            Cut(files, name, valid);
        }

        if (valid == 0)
        {
            files.Delete(name);
        }
    }

    private void Take(SegmentReader reader, string name, long length)
    {
        reader.Hash.CopyTo(State.Hash);
        State.Length = reader.NextOffset;
        switch (reader.Kind)
        {
            case FrameKind.Header:
                State.SegmentNumber = reader.Header!.Number;
                State.CreatedMs = reader.Header.CreatedMs;
                State.Seq = reader.Header.FirstSeq - 1;
                State.Tree.Reset();
                State.IsOpen = true;
                OpenKeyId = reader.Header.KeyId;
                break;
            case FrameKind.Record:
                State.Seq = reader.Seq;
                State.Tree.Add(reader.Body);
                var record = new RecordReader(reader.Record);
                IsClean = record.Kind == RecordKind.Stop;
                if (record.Lane != 0)
                {
                    _numbers[record.Lane] = record.Number;
                }

                break;
            default:
                State.IsOpen = false;
                State.Tree.Reset();
                OpenKeyId = null;
                SegmentFooter footer = SegmentFooter.Read(reader.Body)!;
                Closed.Add(new ClosedSegment(
                    name, footer.LastSeq, length, footer.ClosedMs, reader.Hash.ToArray()));
                break;
        }
    }

    private void Cut(IAuditFiles files, string name, long valid)
    {
        using (Stream stream = files.OpenRead(name))
        {
            stream.Seek(valid, SeekOrigin.Begin);
            CutBytes += stream.Length - valid;
            CutDigest = SHA256.HashData(stream);
            stream.Seek(valid, SeekOrigin.Begin);
            files.Keep(name, stream);
        }

        using IAuditFile file = files.OpenAppend(name, isNew: false);
        file.Truncate(valid);
        file.Sync();
        IsClean = false;
    }
}
