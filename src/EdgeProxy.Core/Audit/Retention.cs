using System;
using System.Collections.Generic;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Audit;

/// <summary>
/// Removes the oldest segments when they are too many or too old. What is removed is said in the chain first, so that
/// what is left still shows where it begins and why.
/// </summary>
internal sealed class Retention(IAuditFiles files, List<ClosedSegment> closed, ILogger logger)
{
    /// <summary>A segment was closed since it was last looked at whether one is to go.</summary>
    public bool HasNews { get; private set; } = closed.Count > 0;

    public void Add(ClosedSegment segment)
    {
        closed.Add(segment);
        HasNews = true;
    }

    /// <summary>Throws as the files do; then nothing was removed that the chain does not speak of.</summary>
    public void Apply(AuditSettings settings, ChainWriter chain, long nowMs)
    {
        int count = CountDue(settings, nowMs);
        if (count == 0)
        {
            HasNews = false;
            return;
        }

        ClosedSegment last = closed[count - 1];
        chain.Append(OwnRecords.Encode(RecordKind.Checkpoint, nowMs, (RecordField.SegmentCount, count),
            (RecordField.LastSeq, (long)last.LastSeq), (RecordField.FooterHash, last.FooterHash)), nowMs);
        chain.Sync();
        for (int i = 0; i < count; i++)
        {
            files.Delete(closed[0].Name);
            closed.RemoveAt(0);
        }

        Log.Removed(logger, count, last.LastSeq, null);
    }

    private int CountDue(AuditSettings settings, long nowMs)
    {
        long bytes = 0;
        foreach (ClosedSegment segment in closed)
        {
            bytes += segment.Bytes;
        }

        int count = 0;
        while (count < closed.Count
            && ((settings.RetainBytes > 0 && bytes > settings.RetainBytes) || IsOld(closed[count], settings, nowMs)))
        {
            bytes -= closed[count].Bytes;
            count++;
        }

        return count;
    }

    private static bool IsOld(ClosedSegment segment, AuditSettings settings, long nowMs) =>
        settings.RetainAge > TimeSpan.Zero && nowMs - segment.ClosedMs > settings.RetainAge.TotalMilliseconds;

    private static class Log
    {
        public static readonly Action<ILogger, int, ulong, Exception?> Removed =
            LoggerMessage.Define<int, ulong>(LogLevel.Information, EventIds.AuditSegmentsRemoved,
                "{Count} audit segments removed, up to record {Seq}");
    }
}
