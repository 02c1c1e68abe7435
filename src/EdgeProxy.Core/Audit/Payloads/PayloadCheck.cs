using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace EdgeProxy.Audit.Payloads;

/// <summary>What is left of the payloads that a chain speaks of.</summary>
internal sealed record PayloadReport
{
    /// <summary>As they were written.</summary>
    public long Kept { get; set; }

    /// <summary>Overwritten, and a record of the chain says so.</summary>
    public long Erased { get; set; }

    /// <summary>Their files grew old or too many, and a record says so.</summary>
    public long Removed { get; set; }

    /// <summary>Found no room, and a record says so.</summary>
    public long Dropped { get; set; }

    /// <summary>The process died before they were written, or they are under way.</summary>
    public long NeverWritten { get; set; }

    /// <summary>There is no folder of payloads beside the chain: these were not checked.</summary>
    public long NotHere { get; set; }

    /// <summary>The first few.</summary>
    public List<string> Problems { get; } = [];

    public bool IsEmpty => Kept + Erased + Removed + Dropped + NeverWritten + NotHere == 0 && Problems.Count == 0;
}

/// <summary>
/// Holds payload files against a chain: each entry that a record speaks of is there as it was written, or a record
/// says why it is not. Needs no private key. Takes each record of the chain, then looks at the files.
/// </summary>
internal sealed class PayloadCheck
{
    private const int ProblemsMax = 10;

    private readonly PayloadFiles _files;
    private readonly HashSet<ulong> _present;
    private readonly bool _hasFolder;
    private readonly HashSet<(ulong Lane, ulong Number)> _awaited = [];
    private readonly HashSet<(ulong Lane, ulong Number)> _early = [];
    private readonly Dictionary<EntryPlace, (ulong Seq, PayloadFate Fate)> _stored = [];
    private readonly SortedDictionary<ulong, long> _absent = [];
    private readonly List<(ulong Seq, EraseScope Scope, long BeforeMs, bool IsDone)> _erasures = [];
    private readonly PayloadReport _report = new();
    private ulong _removedTo;

    public PayloadCheck(PayloadFiles files)
    {
        _files = files;
        _present = [.. files.List()];
        _hasFolder = Directory.Exists(files.Folder);
    }

    public void Take(ulong seq, ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        switch (reader.Kind)
        {
            case RecordKind.Exchange when RecordReader.TryFind(record, RecordField.Payloads, out var text):
                if (PayloadRecords.ModeOf(text) == PayloadMode.None)
                {
                    _report.Dropped++;
                }
                else if (!_early.Remove((reader.Lane, reader.Number)))
                {
                    _awaited.Add((reader.Lane, reader.Number));
                }

                break;
            case RecordKind.Payload when PayloadFate.Read(record) is { } fate:
                TakeFate(seq, fate);
                break;
            case RecordKind.Erasure:
                TakeErasure(seq, record);
                break;
            case RecordKind.PayloadsRemoved
                when RecordReader.TryFind(record, RecordField.PayloadFile, out var last) && last.Length == sizeof(long):
                _removedTo = Math.Max(_removedTo, (ulong)BitConverter.ToInt64(last));
                break;
        }
    }

    /// <summary>After the last record. Throws what reading files throws.</summary>
    public PayloadReport Finish()
    {
        foreach ((ulong segment, long count) in _absent)
        {
            if (segment <= _removedTo)
            {
                _report.Removed += count;
            }
            else if (!_hasFolder)
            {
                _report.NotHere += count;
            }
            else
            {
                Report($"{Path.GetFileName(_files.PathOf(segment))}: is missing with {count} payloads, and no record "
                    + "says that it was removed");
            }
        }

        foreach ((EntryPlace place, (ulong seq, PayloadFate fate)) in _stored)
        {
            Look(seq, place, fate);
        }

        _report.NeverWritten = _awaited.Count;
        return _report;
    }

    private void TakeFate(ulong seq, PayloadFate fate)
    {
        if (!_awaited.Remove((fate.Lane, fate.Number)))
        {
            _early.Add((fate.Lane, fate.Number));
        }

        if (fate.Mode == PayloadMode.None)
        {
            _report.Dropped++;
        }
        else if (!_present.Contains(fate.Place.Segment))
        {
            _absent[fate.Place.Segment] = _absent.GetValueOrDefault(fate.Place.Segment) + 1;
        }
        else
        {
            _stored.TryAdd(fate.Place, (seq, fate));
        }
    }

    private void TakeErasure(ulong seq, ReadOnlySpan<byte> record)
    {
        if (RecordReader.TryFind(record, RecordField.BeforeMs, out ReadOnlySpan<byte> before)
            && before.Length == sizeof(long))
        {
            bool isDone = RecordReader.TryFind(record, RecordField.Outcome, out ReadOnlySpan<byte> outcome)
                && Encoding.UTF8.GetString(outcome) == PayloadRecords.Done;
            _erasures.Add((seq, ScopeOf(record), BitConverter.ToInt64(before), isDone));
        }
    }

    // With a request it is about exchanges; without a consumer, too, about those that had none.
    private static EraseScope ScopeOf(ReadOnlySpan<byte> record)
    {
        var scope = new EraseScope("");
        (ulong Lane, ulong Number)[] exchanges = [];
        var reader = new RecordReader(record);
        while (reader.TryNext())
        {
            scope = reader.Field switch
            {
                RecordField.Consumer => scope with { Consumer = reader.Text },
                RecordField.RequestId => scope with { RequestId = reader.Text },
                _ => scope,
            };
            exchanges = reader.Field == RecordField.OfExchanges ? EraseScope.Read(reader.Value) : exchanges;
        }

        return new EraseScope(scope.Consumer, scope.RequestId, exchanges);
    }

    private void Look(ulong seq, EntryPlace place, PayloadFate fate)
    {
        bool isAnnounced = _erasures.Exists(erasure => Covers(erasure, fate));
        ulong erasedBy = _erasures.Find(erasure => erasure.IsDone && erasure.Seq > seq && Covers(erasure, fate)).Seq;
        byte[]? entry = _files.ReadEntry(place);
        bool isWhole = entry is not null && EntryHead.Read(entry) is { State: EntryState.Live } head
            && head.Lane == fate.Lane && head.Number == fate.Number && head.Length == entry.Length
            && EntryHead.IsWhole(entry) && entry.AsSpan(EntryHead.DigestOffset, fate.Digest.Length)
                .SequenceEqual(fate.Digest);
        if (isWhole && erasedBy == 0)
        {
            _report.Kept++;
        }
        else if (isWhole)
        {
            Report($"the payload that record {seq} speaks of is there, though record {erasedBy} says it was erased");
        }
        else if (isAnnounced && entry is not null)
        {
            _report.Erased++;
        }
        else
        {
            Report($"the payload that record {seq} speaks of is not as it was written: "
                + $"{Path.GetFileName(_files.PathOf(place.Segment))}, byte {place.Offset}");
        }
    }

    private static bool Covers(
        (ulong Seq, EraseScope Scope, long BeforeMs, bool IsDone) erasure, PayloadFate fate) =>
        erasure.Scope.Covers(fate.Lane, fate.Number, fate.ConsumerText, fate.UnixMs < erasure.BeforeMs);

    private void Report(string problem)
    {
        if (_report.Problems.Count < ProblemsMax)
        {
            _report.Problems.Add(problem);
        }
    }
}
