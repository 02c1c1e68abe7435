using System;
using System.Text;

namespace EdgeProxy.Audit.Payloads;

/// <summary>What became of an exchange's payload, until a record of the chain says it.</summary>
internal sealed record PayloadFate(PayloadMode Mode, ulong Lane, ulong Number, long UnixMs)
{
    public byte[] RequestId { get; init; } = [];

    public byte[] Consumer { get; init; } = [];

    public string Router { get; init; } = "";

    public EntryPlace Place { get; init; }

    public byte[] Digest { get; init; } = [];

    /// <summary>Why it was not kept; "" if it was.</summary>
    public string Dropped { get; init; } = "";

    /// <summary>Into a slot of a ring; the record's length.</summary>
    public int Write(Span<byte> room, long nowMs, AuditRing ring)
    {
        var writer = new RecordWriter(room, RecordKind.Payload, nowMs, ring.Lane, ring.NextNumber);
        writer.Add(RecordField.RequestId, RequestId, AuditLimits.RequestIdBytesMax);
        writer.Add(RecordField.Consumer, Consumer, AuditLimits.NameBytesMax);
        writer.Add(RecordField.Router, Router);
        writer.Add(RecordField.Outcome, Dropped.Length > 0 ? "dropped" : PayloadRecords.TextOf(Mode));
        writer.Add(RecordField.Changes, Dropped, AuditLimits.TextBytesMax);
        writer.Add(RecordField.FromMs, UnixMs);
        writer.Add(RecordField.OfLane, (long)Lane);
        writer.Add(RecordField.OfNumber, (long)Number);
        if (Dropped.Length == 0)
        {
            writer.Add(RecordField.PayloadFile, (long)Place.Segment);
            writer.Add(RecordField.PayloadOffset, Place.Offset);
            writer.Add(RecordField.PayloadBytes, Place.Length);
            writer.Add(RecordField.PayloadDigest, Digest, Digest.Length);
        }

        return writer.Length;
    }

    /// <summary>Of a record of the kind; null of any other.</summary>
    public static PayloadFate? Read(ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        if (reader.Kind != RecordKind.Payload)
        {
            return null;
        }

        var fate = new PayloadFate(PayloadMode.None, 0, 0, 0);
        ulong segment = 0;
        long offset = -1;
        int length = 0;
        while (reader.TryNext())
        {
            fate = reader.Field switch
            {
                RecordField.Consumer => fate with { Consumer = reader.Value.ToArray() },
                RecordField.Router => fate with { Router = reader.Text },
                RecordField.Outcome => fate with { Mode = PayloadRecords.ModeOf(reader.Value) },
                RecordField.Changes => fate with { Dropped = reader.Text },
                RecordField.FromMs => fate with { UnixMs = reader.Int64 },
                RecordField.OfLane => fate with { Lane = (ulong)reader.Int64 },
                RecordField.OfNumber => fate with { Number = (ulong)reader.Int64 },
                RecordField.PayloadDigest => fate with { Digest = reader.Value.ToArray() },
                _ => fate,
            };
            segment = reader.Field == RecordField.PayloadFile ? (ulong)reader.Int64 : segment;
            offset = reader.Field == RecordField.PayloadOffset ? reader.Int64 : offset;
            length = reader.Field == RecordField.PayloadBytes ? (int)reader.Int64 : length;
        }

        return fate with { Place = new EntryPlace(segment, offset, length) };
    }

    public string ConsumerText => Encoding.UTF8.GetString(Consumer);
}

/// <summary>Words of payloads in records.</summary>
internal static class PayloadRecords
{
    /// <summary>In the place of a mode: it found no room.</summary>
    public const string Dropped = "dropped";

    public const string Begun = "begun";
    public const string Done = "done";

    public static string TextOf(PayloadMode mode) => mode switch
    {
        PayloadMode.Redacted => "redacted",
        PayloadMode.Sealed => "sealed",
        _ => "none",
    };

    public static PayloadMode ModeOf(ReadOnlySpan<byte> text) =>
        text.SequenceEqual("redacted"u8) ? PayloadMode.Redacted
        : text.SequenceEqual("sealed"u8) ? PayloadMode.Sealed
        : PayloadMode.None;
}
