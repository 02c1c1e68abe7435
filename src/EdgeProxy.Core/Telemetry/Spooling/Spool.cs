using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Telemetry.Spooling;

/// <summary>Why items were lost.</summary>
internal enum SpoolLoss : byte
{
    /// <summary>The spool's bound is reached: the oldest of what matters least goes.</summary>
    Full,

    /// <summary>Older than is kept.</summary>
    Old,

    /// <summary>The disk is full, or fails.</summary>
    Disk,

    /// <summary>Bytes were damaged.</summary>
    Damaged,

    /// <summary>The collector will not have them.</summary>
    Refused,

    /// <summary>The collector took a part of a batch.</summary>
    Rejected,
    Count,
}

/// <summary>
/// Compressed requests that wait for the collector, in segments by kind: first in, first out, those that matter most
/// first. Any thread; nothing here waits for a network. What is lost is counted by item.
/// </summary>
internal sealed class Spool : IDisposable
{
    private readonly SpoolSettings _settings;
    private readonly ISpoolFolder _folder;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly List<SpoolSegment>[] _segments = new List<SpoolSegment>[OtlpKinds.Count];
    private readonly long[,] _lost = new long[OtlpKinds.Count, (int)SpoolLoss.Count];
    private readonly Sending[] _sending = new Sending[OtlpKinds.Count];
    private readonly SpoolCursors _cursors;
    private readonly int _segmentBytes;
    private ulong _lastNumber;
    private long _bytes;
    private long _lostBytes;
    private long _syncedAt;
    private bool _isDisposed;

    /// <summary>Takes over what is in the folder.</summary>
    public Spool(SpoolSettings settings, ISpoolFolder folder, TimeProvider time)
    {
        _settings = settings;
        _folder = folder;
        _time = time;
        _segmentBytes = (int)Math.Min(SpoolLimits.SegmentBytes, settings.BytesMax / SpoolLimits.SegmentsMin);
        _syncedAt = time.GetTimestamp();
        for (int i = 0; i < _segments.Length; i++)
        {
            _segments[i] = [];
        }

        _cursors = new SpoolCursors(folder);
        Recover();
    }

    /// <summary>Bytes of all segments.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Bytes that recovery had to give up.</summary>
    public long LostBytes => Volatile.Read(ref _lostBytes);

    public long Lost(OtlpKind kind, SpoolLoss loss)
    {
        lock (_lock)
        {
            return _lost[(int)kind, (int)loss];
        }
    }

    /// <summary>Items that wait, and since when the oldest does (milliseconds since 1970; 0 if none).</summary>
    public (long Items, long OldestUnixMs) Waiting(OtlpKind kind)
    {
        lock (_lock)
        {
            long items = 0;
            long oldest = 0;
            foreach (SpoolSegment segment in _segments[(int)kind])
            {
                foreach (SpoolEntry entry in segment.Entries)
                {
                    items += entry.Count;
                    oldest = oldest == 0 ? entry.UnixMs : oldest;
                }
            }

            return (items, oldest);
        }
    }

    /// <summary>Stores a request, or counts its items as lost.</summary>
    public void Append(OtlpKind kind, int count, ReadOnlySpan<byte> payload)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                // A thread that a slow disk held up: what it brings now has no place any more.
                _lost[(int)kind, (int)SpoolLoss.Disk] += count;
                return;
            }

            try
            {
                int bytes = SpoolSegment.EntryHeadBytes + payload.Length;
                if (!TryMakeRoom(kind, bytes))
                {
                    _lost[(int)kind, (int)SpoolLoss.Full] += count;
                    return;
                }

                if (_folder.FreeBytes - bytes < _settings.FreeDiskMin)
                {
                    _lost[(int)kind, (int)SpoolLoss.Disk] += count;
                    return;
                }

                SpoolSegment segment = SegmentFor(kind, bytes);
                segment.Append(payload, count, NowUnixMs());
                _bytes += bytes;
                if (_settings.FsyncInterval == TimeSpan.Zero)
                {
                    segment.Sync();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException
                or ArgumentOutOfRangeException) // EFBIG
            {
                _lost[(int)kind, (int)SpoolLoss.Disk] += count;
            }
        }
    }

    /// <summary>
    /// The oldest request of a kind, read into <paramref name="buffer"/>, which grows as needed; false if there is
    /// none. It stays until it is acknowledged; one that was read before and was not is still to be sent, or lost if it
    /// had to go meanwhile.
    /// </summary>
    public bool TryPeek(OtlpKind kind, ref byte[] buffer, out SpoolEntry entry)
    {
        lock (_lock)
        {
            if (_sending[(int)kind] is { Dropped: { } loss } gone)
            {
                _lost[(int)kind, (int)loss] += gone.Entry.Count;
            }

            _sending[(int)kind] = default;
            DropOld(kind);
            while (!_isDisposed && Oldest(kind) is { } segment)
            {
                entry = segment.Entries.Peek();
                if (buffer.Length < entry.Length)
                {
                    buffer = new byte[Math.Max(entry.Length, buffer.Length * 2)];
                }

                if (CanRead(segment, entry, buffer.AsSpan(0, entry.Length)))
                {
                    _sending[(int)kind] = new Sending(segment, entry, null);
                    return true;
                }

                _lost[(int)kind, (int)SpoolLoss.Damaged] += entry.Count;
                Remove(segment);
            }

            entry = default;
            return false;
        }
    }

    /// <summary>The request that was read last was taken; if it was dropped since, it is not lost.</summary>
    public void Acknowledge(OtlpKind kind)
    {
        lock (_lock)
        {
            if (!_isDisposed && _sending[(int)kind] is { Segment: { } segment, Dropped: null })
            {
                Remove(segment);
            }

            _sending[(int)kind] = default;
        }
    }

    /// <summary>The collector will not have them, or not all.</summary>
    public void NoteLost(OtlpKind kind, SpoolLoss loss, long count)
    {
        lock (_lock)
        {
            _lost[(int)kind, (int)loss] += count;
        }
    }

    /// <summary>To be called now and then: syncs what is due, drops what is old.</summary>
    public void Maintain()
    {
        lock (_lock)
        {
            for (OtlpKind kind = 0; (int)kind < OtlpKinds.Count; kind++)
            {
                DropOld(kind);
            }

            if (!_isDisposed && _settings.FsyncInterval > TimeSpan.Zero
                && _time.GetElapsedTime(_syncedAt) >= _settings.FsyncInterval)
            {
                Sync();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            Sync();
            _isDisposed = true;
            foreach (List<SpoolSegment> segments in _segments)
            {
                foreach (SpoolSegment segment in segments)
                {
                    segment.Dispose();
                }
            }

            _cursors.Dispose();
            _folder.Dispose();
        }
    }

    private void Recover()
    {
        // A number below a cursor counts as acknowledged: none may be given again.
        for (OtlpKind kind = 0; (int)kind < OtlpKinds.Count; kind++)
        {
            _lastNumber = Math.Max(_lastNumber, _cursors.Read(kind).Segment);
        }

        foreach (string name in _folder.List())
        {
            if (!SpoolSegment.TryParseName(name, out OtlpKind kind, out ulong number))
            {
                continue;
            }

            (ulong at, long offset) = _cursors.Read(kind);
            long acknowledged = number < at ? long.MaxValue : number == at ? offset : 0;
            SpoolSegment segment = SpoolSegment.Recover(_folder, kind, number, acknowledged, out long lostBytes);
            _lostBytes += lostBytes;
            _lastNumber = Math.Max(_lastNumber, number);
            if (segment.Entries.Count == 0)
            {
                segment.Dispose();
                _folder.Delete(name);
                continue;
            }

            _segments[(int)kind].Add(segment);
            _bytes += segment.Length;
        }
    }

    // Whole segments go, the oldest of what matters least first; never for something that matters less itself.
    private bool TryMakeRoom(OtlpKind kind, int bytes)
    {
        while (_bytes + bytes + SpoolSegment.HeadBytes > _settings.BytesMax)
        {
            OtlpKind victim = OtlpKind.Traces;
            while (victim > kind && _segments[(int)victim].Count == 0)
            {
                victim--;
            }

            if (_segments[(int)victim].Count == 0)
            {
                return false;
            }

            SpoolSegment oldest = _segments[(int)victim][0];
            foreach (SpoolEntry entry in oldest.Entries)
            {
                CountDropped(oldest, entry, SpoolLoss.Full);
            }

            Delete(oldest);
        }

        return true;
    }

    private void DropOld(OtlpKind kind)
    {
        if (_isDisposed)
        {
            return;
        }

        long limit = NowUnixMs() - (long)_settings.AgeMax.TotalMilliseconds;
        while (Oldest(kind) is { } segment && segment.Entries.Peek() is { } entry && entry.UnixMs < limit)
        {
            CountDropped(segment, entry, SpoolLoss.Old);
            Remove(segment);
        }
    }

    // What is being sent now may arrive: whether it is lost is known afterwards.
    private void CountDropped(SpoolSegment segment, in SpoolEntry entry, SpoolLoss loss)
    {
        ref Sending sending = ref _sending[(int)segment.Kind];
        if (sending.Segment == segment && sending.Entry.Offset == entry.Offset)
        {
            sending = sending with { Dropped = loss };
        }
        else
        {
            _lost[(int)segment.Kind, (int)loss] += entry.Count;
        }
    }

    private SpoolSegment SegmentFor(OtlpKind kind, int bytes)
    {
        List<SpoolSegment> segments = _segments[(int)kind];
        if (segments.Count > 0 && segments[^1].Length + bytes <= _segmentBytes)
        {
            return segments[^1];
        }

        if (segments.Count > 0 && segments[^1].IsDirty)
        {
            segments[^1].Sync();
        }

        SpoolSegment segment = SpoolSegment.Create(_folder, kind, _lastNumber + 1);
        _lastNumber++;
        segments.Add(segment);
        _bytes += segment.Length;
        return segment;
    }

    private SpoolSegment? Oldest(OtlpKind kind) =>
        _segments[(int)kind] is [{ Entries.Count: > 0 } first, ..] ? first : null;

    private static bool CanRead(SpoolSegment segment, in SpoolEntry entry, Span<byte> payload)
    {
        try
        {
            return segment.TryRead(entry, payload);
        }
        catch (IOException)
        {
            return false;
        }
    }

    // The segment's oldest entry. One without entries goes: the next batch begins another.
    private void Remove(SpoolSegment segment)
    {
        SpoolEntry entry = segment.Entries.Dequeue();
        if (segment.Entries.Count == 0)
        {
            Delete(segment);
        }
        else
        {
            _cursors.Note(segment.Kind, segment.Number, entry.Offset + SpoolSegment.EntryHeadBytes + entry.Length);
        }
    }

    private void Delete(SpoolSegment segment)
    {
        _segments[(int)segment.Kind].Remove(segment);
        _bytes -= segment.Length;
        segment.Dispose();
        try
        {
            _folder.Delete(segment.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
                or ArgumentOutOfRangeException) // EFBIG
        {
            // It is there again after a restart, as what was acknowledged.
            _cursors.Note(segment.Kind, segment.Number + 1, 0);
        }
    }

    private void Sync()
    {
        _syncedAt = _time.GetTimestamp();
        foreach (List<SpoolSegment> segments in _segments)
        {
            foreach (SpoolSegment segment in segments)
            {
                if (segment.IsDirty)
                {
                    TrySync(segment);
                }
            }
        }

        _cursors.Save();
    }

    private static void TrySync(SpoolSegment segment)
    {
        try
        {
            segment.Sync();
        }
        catch (IOException)
        {
            // Tried again with the next; until then it is what a power cut may take.
        }
    }

    /// <summary>What was read last, and why it is not here any more; null: it is.</summary>
    private readonly record struct Sending(SpoolSegment? Segment, SpoolEntry Entry, SpoolLoss? Dropped);

    private long NowUnixMs() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
