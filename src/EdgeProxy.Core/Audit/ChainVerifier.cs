using System;
using System.Collections.Generic;
using System.IO;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>The first place where a chain is not what was written.</summary>
/// <param name="Segment">Name of the file.</param>
/// <param name="Seq">The record expected there; 0 if it is none that is wrong.</param>
/// <param name="Offset">Byte in the file where the frame begins.</param>
internal sealed record ChainProblem(string Segment, ulong Seq, long Offset, string What)
{
    public override string ToString() => $"{Segment}: record {Seq}, byte {Offset}: {What}";
}

/// <summary>What verification found.</summary>
internal sealed record ChainReport
{
    /// <summary>The first of <see cref="Problems"/>; null if there is none.</summary>
    public ChainProblem? Problem => Problems.Count > 0 ? Problems[0] : null;

    /// <summary>The first of each segment, so many at most.</summary>
    public List<ChainProblem> Problems { get; } = [];

    /// <summary>
    /// The problem is that the last file ends within a frame: it is being written just now, or its process was killed.
    /// </summary>
    public bool IsTornEnd { get; set; }

    public int Segments { get; set; }

    public ulong FirstSeq { get; set; }

    public ulong LastSeq { get; set; }

    /// <summary>Up to this record everything is under a signature; 0 if nothing is.</summary>
    public ulong SignedSeq { get; set; }

    public long Records { get; set; }

    public long Bytes { get; set; }

    /// <summary>Of the last frame.</summary>
    public byte[] HeadHash { get; set; } = new byte[Sha256.HashBytes];

    /// <summary>What came before the first segment was removed, and a record of the chain says so.</summary>
    public bool IsBeginningKnown { get; set; }

    /// <summary>A record and a hash that were noted elsewhere are in the chain; null if none were given.</summary>
    public bool? HasNoted { get; set; }
}

/// <summary>
/// Checks a chain with public keys alone, anywhere: every hash, every number, each segment's tree and signature, the
/// seams between segments. What is wrong ends its segment, and the next one is looked at by itself: its records are
/// under its own signature, whatever is before them. Holds one record at a time.
/// </summary>
internal sealed class ChainVerifier(IReadOnlyList<SegmentKey> keys)
{
    /// <summary>Nothing behind so many is looked at.</summary>
    public const int ProblemsMax = 100;

    private readonly MerkleTree _tree = new();
    private readonly List<byte[]> _removed = [];
    private ChainReport _report = new();
    private byte[]? _previous;
    private byte[] _first = [];
    private ulong _number;
    private bool _isDamaged; // the segment before

    /// <summary>A head noted elsewhere: the record's number and the beginning of its hash.</summary>
    public (ulong Seq, byte[] Hash)? Noted { get; init; }

    /// <summary>Called with each record that is right, before its segment's signature is known.</summary>
    public Action<SegmentHeader, ulong, ReadOnlySpan<byte>>? OnRecord { get; init; }

    /// <summary>Segments in their order, and how each is opened. Throws what opening and reading throw.</summary>
    public ChainReport Verify(IReadOnlyList<string> names, Func<string, Stream> open)
    {
        _report = new ChainReport { HasNoted = Noted is null ? null : Noted.Value.Seq == 0 };
        foreach (string name in names)
        {
            using Stream stream = open(name);
            _report.Bytes += stream.Length;
            bool isLast = name == names[^1];
            if (VerifySegment(name, stream, isLast) is { } problem)
            {
                _report.Problems.Add(problem);
                _isDamaged = true;
                if (_report.Problems.Count == ProblemsMax)
                {
                    break;
                }

                continue;
            }

            _report.Segments++;
        }

        _report.IsBeginningKnown =
            _report.FirstSeq <= 1 || _removed.Exists(hash => hash.AsSpan().SequenceEqual(_first));
        return _report;
    }

    private ChainProblem? VerifySegment(string name, Stream stream, bool isLast)
    {
        using var reader = new SegmentReader(stream);
        _tree.Reset();
        SegmentFooter? footer = null;
        while (true)
        {
            FrameStatus status = reader.Read();
            ulong next = _report.LastSeq + 1;
            if (status == FrameStatus.End && reader.Header is not null)
            {
                return footer is null && !isLast
                    ? new ChainProblem(name, 0, reader.Offset, "has no footer, and is not the last segment")
                    : null;
            }

            string? what = status == FrameStatus.Whole
                ? footer is null ? Take(reader, ref footer) : "there is something behind the footer"
                : Text(status);
            if (what is not null)
            {
                _report.IsTornEnd = isLast && status == FrameStatus.Torn && _report.Problems.Count == 0;
                return new ChainProblem(name, reader.Header is null ? 0 : next, reader.Offset, what);
            }
        }
    }

    private string? Take(SegmentReader reader, ref SegmentFooter? footer)
    {
        string? what = reader.Kind switch
        {
            FrameKind.Header => TakeHeader(reader.Header!),
            FrameKind.Record => TakeRecord(reader),
            _ => TakeFooter(reader, out footer),
        };
        if (what is null)
        {
            reader.Hash.CopyTo(_report.HeadHash);
            _previous = _report.HeadHash;
        }

        return what;
    }

    private string? TakeHeader(SegmentHeader header)
    {
        if (_report.FirstSeq == 0)
        {
            _first = header.Previous;
            _report.FirstSeq = header.FirstSeq;
            _report.LastSeq = header.FirstSeq - 1;
        }
        else if (_isDamaged && header.Number > _number && header.FirstSeq > _report.LastSeq)
        {
            _report.LastSeq = header.FirstSeq - 1; // where the one before ended is not known
        }
        else if (_previous is null || !header.Previous.AsSpan().SequenceEqual(_previous)
            || header.Number != _number + 1)
        {
            return $"does not follow segment {_number}: one is missing, or another was put in its place";
        }

        _isDamaged = false;
        _number = header.Number;
        return header.FirstSeq == _report.LastSeq + 1
            ? null
            : $"begins with record {header.FirstSeq}, the one before ended with {_report.LastSeq}";
    }

    private string? TakeRecord(SegmentReader reader)
    {
        if (reader.Seq != _report.LastSeq + 1)
        {
            return $"has number {reader.Seq}";
        }

        _tree.Add(reader.Body);
        _report.LastSeq = reader.Seq;
        _report.Records++;
        ReadOnlySpan<byte> record = reader.Record;
        if (record.Length > 0 && (RecordKind)record[0] == RecordKind.Checkpoint
            && RecordReader.TryFind(record, RecordField.FooterHash, out ReadOnlySpan<byte> removed))
        {
            _removed.Add(removed.ToArray());
        }

        if (Noted is { } noted && noted.Seq == reader.Seq)
        {
            _report.HasNoted = reader.Hash.StartsWith(noted.Hash);
        }

        OnRecord?.Invoke(reader.Header!, reader.Seq, record);
        return null;
    }

    private string? TakeFooter(SegmentReader reader, out SegmentFooter? footer)
    {
        footer = SegmentFooter.Read(reader.Body);
        if (footer is null)
        {
            return "is no footer";
        }

        if (footer.Count != (ulong)_tree.Count || footer.LastSeq != _report.LastSeq
            || !footer.Root.AsSpan().SequenceEqual(_tree.Root()))
        {
            return "the footer speaks of other records";
        }

        SegmentKey? key = KeyOf(reader.Header!.KeyId);
        if (key is null)
        {
            return $"is signed with key {Convert.ToHexStringLower(reader.Header.KeyId)}, which was not given";
        }

        if (!key.Verifies(footer.Signed(reader.Before), footer.Signature))
        {
            return "the signature is not that of the key";
        }

        // A head may have been noted when the footer was the last frame.
        if (Noted is { } noted && noted.Seq == footer.LastSeq)
        {
            _report.HasNoted |= reader.Hash.StartsWith(noted.Hash);
        }

        if (_report.Problems.Count == 0)
        {
            _report.SignedSeq = footer.LastSeq;
        }

        return null;
    }

    private SegmentKey? KeyOf(byte[] id)
    {
        foreach (SegmentKey key in keys)
        {
            if (key.Id.AsSpan().SequenceEqual(id))
            {
                return key;
            }
        }

        return null;
    }

    private static string Text(FrameStatus status) => status switch
    {
        FrameStatus.BadHash => "the bytes are not those that were written",
        FrameStatus.BadLength => "no frame has this length or kind",
        FrameStatus.BadHeader => "is no segment of a version known here",
        _ => "the file ends within a frame",
    };
}
