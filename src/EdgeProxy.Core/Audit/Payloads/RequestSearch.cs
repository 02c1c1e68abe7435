using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// Looks a request's id up in the chain: ids are no secret between client and proxy, so several exchanges may have one.
/// </summary>
internal static class RequestSearch
{
    /// <summary>Exchanges that are erased together: so many are in memory, and the files are gone over once for them.
    /// </summary>
    public const int ExchangesMax = 8 * EraseScope.OfRecordMax;

    /// <summary>
    /// Lane and number of each exchange's record, so many at once, as the segments are read. The last may end within
    /// a frame that is being written just now; what else cannot be read is told, and passed over with the rest of its
    /// segment. One that is gone by now was removed for its age or size, and has nothing to tell. Throws what listing
    /// the folder throws.
    /// </summary>
    /// <param name="unread">Gets a line for each segment that could not be read to its end.</param>
    public static IEnumerable<(ulong Lane, ulong Number)[]> Find(
        IAuditFiles files, string requestId, List<string> unread)
    {
        byte[] id = Encoding.UTF8.GetBytes(requestId);
        IReadOnlyList<string> names = files.List();
        var found = new List<(ulong Lane, ulong Number)>();
        for (int i = 0; i < names.Count; i++)
        {
            using SegmentReader? reader = Open(files, names[i], unread);
            bool isLast = i == names.Count - 1;
            while (reader is not null && Fill(reader, id, found, names[i], isLast, unread))
            {
                yield return [.. found];
                found.Clear();
            }
        }

        if (found.Count > 0)
        {
            yield return [.. found];
        }
    }

    // Null: it cannot be opened.
    private static SegmentReader? Open(IAuditFiles files, string name, List<string> unread)
    {
        try
        {
            return new SegmentReader(files.OpenRead(name));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            unread.Add($"{name}: {exception.Message}");
            return null;
        }
    }

    // True: as many were found as go at once, and the segment may have more. False: it is done with.
    private static bool Fill(SegmentReader reader, byte[] id, List<(ulong Lane, ulong Number)> found, string name,
        bool isLast, List<string> unread)
    {
        try
        {
            FrameStatus status;
            while ((status = reader.Read()) == FrameStatus.Whole)
            {
                if (Match(reader, id) is { } exchange)
                {
                    found.Add(exchange);
                    if (found.Count == ExchangesMax)
                    {
                        return true;
                    }
                }
            }

            if (status != FrameStatus.End && (status != FrameStatus.Torn || !isLast))
            {
                unread.Add($"{name}, byte {reader.Offset}: {TextOf(status)}");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            unread.Add($"{name}, byte {reader.Offset}: {exception.Message}");
        }

        return false;
    }

    private static string TextOf(FrameStatus status) => status switch
    {
        FrameStatus.Torn => "the file ends within a record",
        FrameStatus.BadHash => "a record is not as it was written",
        FrameStatus.BadHeader => "no header of a segment",
        _ => "no record has such a length",
    };

    private static (ulong Lane, ulong Number)? Match(SegmentReader reader, byte[] id)
    {
        if (reader.Kind != FrameKind.Record || !Has(reader.Record, id))
        {
            return null;
        }

        var record = new RecordReader(reader.Record);
        return (record.Lane, record.Number);
    }

    private static bool Has(ReadOnlySpan<byte> record, byte[] id) =>
        record.Length > 0 && (RecordKind)record[0] == RecordKind.Exchange
        && RecordReader.TryFind(record, RecordField.RequestId, out ReadOnlySpan<byte> own)
        && own.SequenceEqual(id);
}
