using System;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EdgeProxy.Audit;

/// <summary>A record as JSON: one object, names in the order of the fields, times in RFC 3339.</summary>
internal static class RecordJson
{
    /// <param name="more">Members of the same object, at its end.</param>
    public static void Write(
        Utf8JsonWriter json, string node, ulong seq, ReadOnlySpan<byte> record, Action<Utf8JsonWriter>? more = null)
    {
        var reader = new RecordReader(record);
        json.WriteStartObject();
        json.WriteNumber("seq"u8, seq);
        json.WriteString("time"u8, TimeText(reader.UnixMs));
        json.WriteString("node"u8, node);
        json.WriteString("kind"u8, KindText(reader.Kind));
        bool isInFacts = false;
        while (reader.TryNext())
        {
            bool isFact = reader.Field == RecordField.Fact;
            if (isFact && !isInFacts)
            {
                json.WriteStartObject("facts"u8);
            }
            else if (!isFact && isInFacts)
            {
                json.WriteEndObject();
            }

            isInFacts = isFact;
            if (isFact)
            {
                WriteFact(json, reader.Value);
            }
            else
            {
                WriteField(json, reader);
            }
        }

        if (isInFacts)
        {
            json.WriteEndObject();
        }

        more?.Invoke(json);
        json.WriteEndObject();
    }

    public static string TimeText(long unixMs) =>
        DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(unixMs, 0, 253402300799999) * TimeSpan.TicksPerMillisecond)
            .UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string KindText(RecordKind kind) => kind switch
    {
        RecordKind.Exchange => "exchange",
        RecordKind.ExchangeCut => "exchange_cut",
        RecordKind.TunnelEnd => "tunnel_end",
        RecordKind.Payload => "payload",
        RecordKind.Start => "start",
        RecordKind.Stop => "stop",
        RecordKind.Config => "config",
        RecordKind.Recovery => "recovery",
        RecordKind.Gap => "gap",
        RecordKind.Checkpoint => "checkpoint",
        RecordKind.Admin => "admin",
        RecordKind.Erasure => "erasure",
        RecordKind.PayloadsRemoved => "payloads_removed",
        _ => $"kind_{(int)kind}",
    };

    public static string FieldText(RecordField field) => field switch
    {
        RecordField.RequestId => "request_id",
        RecordField.ConfigHash => "config_hash",
        RecordField.Client => "client",
        RecordField.Consumer => "consumer",
        RecordField.Router => "router",
        RecordField.Service => "service",
        RecordField.Server => "server",
        RecordField.Method => "method",
        RecordField.Host => "host",
        RecordField.Path => "path",
        RecordField.Query => "query",
        RecordField.PathDigest => "path_sha256",
        RecordField.Status => "status",
        RecordField.Fault => "fault",
        RecordField.Reason => "reason",
        RecordField.RequestBytes => "request_bytes",
        RecordField.RequestDigest => "request_sha256",
        RecordField.ResponseBytes => "response_bytes",
        RecordField.ResponseDigest => "response_sha256",
        RecordField.DurationMs => "duration_ms",
        RecordField.Tries => "tries",
        RecordField.Payloads => "payloads",
        RecordField.AnsweredBy => "answered_by",
        RecordField.OverLimit => "over_limit",
        RecordField.TraceId => "trace_id",
        RecordField.Cause => "cause",
        RecordField.HashBefore => "config_hash_before",
        RecordField.Outcome => "outcome",
        RecordField.Changes => "changes",
        RecordField.Version => "version",
        RecordField.By => "by",
        RecordField.LostCount => "lost",
        RecordField.FromMs => "from",
        RecordField.CutBytes => "cut_bytes",
        RecordField.CutDigest => "cut_sha256",
        RecordField.DrainedCount => "taken_from_rings",
        RecordField.DroppedCount => "torn_rings",
        RecordField.SegmentCount => "segments_removed",
        RecordField.LastSeq => "last_seq_removed",
        RecordField.FooterHash => "last_footer_sha256",
        RecordField.FactsLeftOut => "facts_left_out",
        RecordField.OfLane => "of_lane",
        RecordField.OfNumber => "of_number",
        RecordField.PayloadFile => "payload_file",
        RecordField.PayloadOffset => "payload_offset",
        RecordField.PayloadBytes => "payload_bytes",
        RecordField.PayloadDigest => "payload_sha256",
        RecordField.ToMs => "to",
        RecordField.BeforeMs => "before",
        RecordField.ErasedCount => "erased",
        RecordField.OfExchanges => "of_exchanges",
        _ => $"field_{(int)field}",
    };

    private static void WriteField(Utf8JsonWriter json, in RecordReader reader)
    {
        string name = FieldText(reader.Field);
        switch (reader.Field)
        {
            case RecordField.PathDigest or RecordField.RequestDigest or RecordField.ResponseDigest
                or RecordField.CutDigest or RecordField.FooterHash or RecordField.PayloadDigest
                or RecordField.TraceId:
                json.WriteString(name, Convert.ToHexStringLower(reader.Value));
                break;
            case RecordField.FromMs or RecordField.ToMs or RecordField.BeforeMs:
                json.WriteString(name, TimeText(reader.Int64));
                break;
            case RecordField.Status or RecordField.RequestBytes or RecordField.ResponseBytes or RecordField.DurationMs
                or RecordField.Tries or (>= RecordField.LostCount and <= RecordField.LastSeq)
                or RecordField.FactsLeftOut or RecordField.OfNumber or RecordField.ErasedCount
                or (>= RecordField.PayloadFile and <= RecordField.PayloadBytes):
                json.WriteNumber(name, reader.Int64);
                break;
            case RecordField.OfLane:
                json.WriteString(name, $"{(ulong)reader.Int64:x16}");
                break;
            case RecordField.OfExchanges:
                json.WriteStartArray(name);
                foreach ((ulong lane, ulong number) in Payloads.EraseScope.Read(reader.Value))
                {
                    json.WriteStringValue($"{lane:x16}/{number}");
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteString(name, reader.Text);
                break;
        }
    }

    private static void WriteFact(Utf8JsonWriter json, ReadOnlySpan<byte> fact)
    {
        if (fact.Length < 2 || fact.Length < 2 + fact[1])
        {
            return;
        }

        string name = Encoding.UTF8.GetString(fact.Slice(2, fact[1]));
        ReadOnlySpan<byte> value = fact[(2 + fact[1])..];
        switch ((FactKind)fact[0])
        {
            case FactKind.Number when value.Length == sizeof(long):
                json.WriteNumber(name, BitConverter.ToInt64(value));
                break;
            case FactKind.Digest:
                json.WriteString(name, Convert.ToHexStringLower(value));
                break;
            default:
                json.WriteString(name, Encoding.UTF8.GetString(value));
                break;
        }
    }
}
