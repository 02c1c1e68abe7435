using System;
using System.Collections.Generic;
using System.Globalization;
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

    /// <summary>Of each segment what is wrong before it, and the first that is in it.</summary>
    public List<ChainProblem> Problems { get; } = [];

    /// <summary>
    /// The problem is that the last file ends within a frame: it is being written just now, or its process was killed.
    /// </summary>
    public bool IsTornEnd { get; set; }

    public int Segments { get; set; }

    public ulong FirstSeq { get; set; }

    public ulong LastSeq { get; set; }

    /// <summary>
    /// Up to this record everything is under a signature; 0 if nothing is. Stays before the first problem.
    /// </summary>
    public ulong SignedSeq { get; set; }

    /// <summary>Up to this record each hash is over the one before. Stays before the first problem.</summary>
    public ulong ChainedSeq { get; set; }

    /// <summary>
    /// The first record of a last segment that has no footer: from here on nothing is signed; 0 if all is.
    /// </summary>
    public ulong OpenSeq { get; set; }

    /// <summary>Those of segments that are right.</summary>
    public long Records { get; set; }

    public long Bytes { get; set; }

    /// <summary>Of the last frame that is chained.</summary>
    public byte[] HeadHash { get; set; } = new byte[Sha256.HashBytes];

    /// <summary>What came before the first segment was removed, and a record of the chain says so.</summary>
    public bool IsBeginningKnown { get; set; }

    /// <summary>A record and a hash that were noted elsewhere are in the chain; null if none were given.</summary>
    public bool? HasNoted { get; set; }
}

/// <summary>
/// Checks a chain with public keys alone, anywhere: every hash, every number, each segment's tree and signature, the
/// seams between segments. What is wrong ends its segment: nothing in there counts, and the next one is looked at by
/// itself, for its records are under its own signature, whatever is before them. Holds one record at a time.
/// </summary>
internal sealed class ChainVerifier(IReadOnlyList<SegmentKey> keys)
{
    /// <summary>No segment behind so many is looked at.</summary>
    public const int ProblemsMax = 100;

    private readonly MerkleTree _tree = new();
    private readonly List<byte[]> _removed = [];
    private readonly byte[] _previous = new byte[Sha256.HashBytes]; // of the last frame
    private ChainReport _report = new();
    private byte[] _first = [];
    private ulong _number;
    private bool _isDamaged; // the segment before

    /// <summary>A head noted elsewhere: the record's number and the beginning of its hash.</summary>
    public (ulong Seq, byte[] Hash)? Noted { get; init; }

    /// <summary>Called with each record that is right, before its segment's signature is known.</summary>
    public Action<SegmentHeader, ulong, ReadOnlySpan<byte>>? OnRecord { get; init; }

    /// <summary>
    /// Called with the records of segments that are right to their end, each of which is read once more for that; also
    /// with those of a last one that is open or torn, of which no signature is known.
    /// </summary>
    public Action<SegmentHeader, ulong, ReadOnlySpan<byte>>? OnGoodRecord { get; init; }

    /// <summary>Segments in their order, and how each is opened. Throws what opening and reading throw.</summary>
    public ChainReport Verify(IReadOnlyList<string> names, Func<string, Stream> open)
    {
        _report = new ChainReport { HasNoted = Noted is null ? null : Noted.Value.Seq == 0 };
        for (int i = 0; i < names.Count && _report.Problems.Count < ProblemsMax; i++)
        {
            using Stream stream = open(names[i]);
            _report.Bytes += stream.Length;
            VerifyOne(names[i], stream, isLast: i == names.Count - 1);
        }

        _report.IsBeginningKnown =
            _report.FirstSeq <= 1 || _removed.Exists(hash => hash.AsSpan().SequenceEqual(_first));
        return _report;
    }

    private void VerifyOne(string name, Stream stream, bool isLast)
    {
        (ulong number, ulong first, ulong last, long records) =
            (_number, _report.FirstSeq, _report.LastSeq, _report.Records);
        using var reader = new SegmentReader(stream);
        ChainProblem? problem = VerifySegment(name, reader, isLast, out bool isTorn);
        if ((problem is null || isTorn) && ReadAgain(name, reader) is { } change)
        {
            problem = change;
            isTorn = false;
        }

        if (problem is null)
        {
            _report.Segments++;
            return;
        }

        _report.IsTornEnd = isTorn && _report.Problems.Count == 0;
        _report.Problems.Add(problem);
        if (isTorn)
        {
            return;
        }

        // What it says of itself may be forged, and must not hide those behind it: its name says where it stands.
        (_number, _report.FirstSeq, _report.LastSeq, _report.Records) = (number, first, last, records);
        _isDamaged = true;
        ulong named = NumberOf(name);
        if (named > number)
        {
            if (number > 0 && named > number + 1)
            {
                _report.Problems.Add(new ChainProblem(name, 0, 0, Missing(number + 1, named - 1)));
            }

            _number = named;
        }
    }

    private ChainProblem? VerifySegment(string name, SegmentReader reader, bool isLast, out bool isTorn)
    {
        _tree.Reset();
        SegmentFooter? footer = null;
        isTorn = false;
        while (true)
        {
            FrameStatus status = reader.Read();
            ulong next = _report.LastSeq + 1;
            bool isOpen = isLast && footer is null && reader.Header is not null && reader.NextOffset > 0;
            if (isOpen && status is FrameStatus.End or FrameStatus.Torn)
            {
                _report.OpenSeq = reader.Header!.FirstSeq;
            }

            if (status == FrameStatus.End && reader.Header is not null)
            {
                return footer is null && !isLast
                    ? new ChainProblem(name, 0, reader.Offset, "has no footer, and is not the last segment")
                    : null;
            }

            string? what = status == FrameStatus.Whole
                ? footer is null ? Take(name, reader, ref footer) : "there is something behind the footer"
                : Text(status);
            if (what is not null)
            {
                isTorn = isLast && status == FrameStatus.Torn;
                return new ChainProblem(name, reader.Header is null ? 0 : next, reader.Offset, what);
            }
        }
    }

    // Up to where it was whole: more may have come meanwhile. The last hash is over all that was checked.
    private ChainProblem? ReadAgain(string name, SegmentReader reader)
    {
        long end = reader.NextOffset;
        if (OnGoodRecord is null)
        {
            return null;
        }

        reader.Rewind();
        while (reader.NextOffset < end)
        {
            if (reader.Read() != FrameStatus.Whole)
            {
                return new ChainProblem(name, 0, reader.Offset, "was changed while it was read");
            }

            if (reader.Kind == FrameKind.Record)
            {
                OnGoodRecord(reader.Header!, reader.Seq, reader.Record);
            }
        }

        return end == 0 || reader.Hash.SequenceEqual(_previous)
            ? null : new ChainProblem(name, 0, reader.Offset, "was changed while it was read");
    }

    private string? Take(string name, SegmentReader reader, ref SegmentFooter? footer)
    {
        string? what = reader.Kind switch
        {
            FrameKind.Header => TakeHeader(name, reader.Header!),
            FrameKind.Record => TakeRecord(reader),
            _ => TakeFooter(reader, out footer),
        };
        if (what is null)
        {
            reader.Hash.CopyTo(_previous);
            if (_report.Problems.Count == 0)
            {
                reader.Hash.CopyTo(_report.HeadHash);
                _report.ChainedSeq = _report.LastSeq;
            }
        }

        return what;
    }

    private string? TakeHeader(string name, SegmentHeader header)
    {
        if (NumberOf(name) is > 0 and ulong named && named != header.Number)
        {
            return $"is segment {header.Number}, in the place of another";
        }

        bool isFirst = _report.FirstSeq == 0;
        bool isRising = header.Number > _number && header.FirstSeq > _report.LastSeq;
        string? seam = _number == 0 ? null : SeamProblem(header);
        if (!isRising)
        {
            return seam ?? "is no segment of a chain";
        }

        if (seam is not null)
        {
            _report.Problems.Add(new ChainProblem(name, isFirst ? 0 : _report.LastSeq + 1, 0, seam));
        }

        if (isFirst)
        {
            _first = header.Previous;
            _report.FirstSeq = header.FirstSeq;
        }

        // Behind what is damaged or missing numbers have only to go on rising.
        _report.LastSeq = header.FirstSeq - 1;
        _isDamaged = false;
        _number = header.Number;
        return null;
    }

    // Null if it follows the one before, as far as that is known.
    private string? SeamProblem(SegmentHeader header)
    {
        if (header.Number > _number + 1)
        {
            return Missing(_number + 1, header.Number - 1);
        }

        bool isNext = header.Number == _number + 1;
        if (!isNext || (!_isDamaged && !header.Previous.AsSpan().SequenceEqual(_previous)))
        {
            return $"does not follow segment {_number}: another was put in the place of one";
        }

        ulong expected = _report.LastSeq + 1;
        bool isExpected = _isDamaged ? header.FirstSeq >= expected : header.FirstSeq == expected;
        return isExpected ? null : $"begins with record {header.FirstSeq}, the one before ended with {_report.LastSeq}";
    }

    private static string Missing(ulong first, ulong last) =>
        first == last ? $"segment {first} is missing" : $"segments {first} to {last} are missing";

    // As the name says; 0 if it is none that the chain's writer gives.
    private static ulong NumberOf(string name) =>
        ulong.TryParse(name.AsSpan(0, Math.Max(0, name.Length - DiskFiles.Extension.Length)), NumberStyles.None,
            CultureInfo.InvariantCulture, out ulong number) && DiskFiles.NameOf(number) == name ? number : 0;

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
