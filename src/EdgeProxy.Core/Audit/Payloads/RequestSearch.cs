using System;
using System.Collections.Generic;
using System.Text;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// Looks a request's id up in the chain: ids are no secret between client and proxy, so several exchanges may have one.
/// </summary>
internal static class RequestSearch
{
    /// <summary>Exchanges of one id that are found; more are left for the next time.</summary>
    public const int ExchangesMax = 1_000;

    /// <summary>
    /// Lane and number of each exchange's record. Reads each segment to its end, or to the first frame that is not
    /// whole: what is being written just now. Throws what reading files throws.
    /// </summary>
    public static List<(ulong Lane, ulong Number)> Find(IAuditFiles files, string requestId)
    {
        byte[] id = Encoding.UTF8.GetBytes(requestId);
        var found = new List<(ulong Lane, ulong Number)>();
        foreach (string name in files.List())
        {
            using var reader = new SegmentReader(files.OpenRead(name));
            while (reader.Read() == FrameStatus.Whole && found.Count < ExchangesMax)
            {
                if (reader.Kind == FrameKind.Record && Has(reader.Record, id))
                {
                    var record = new RecordReader(reader.Record);
                    found.Add((record.Lane, record.Number));
                }
            }
        }

        return found;
    }

    private static bool Has(ReadOnlySpan<byte> record, byte[] id) =>
        record.Length > 0 && (RecordKind)record[0] == RecordKind.Exchange
        && RecordReader.TryFind(record, RecordField.RequestId, out ReadOnlySpan<byte> own)
        && own.SequenceEqual(id);
}
