using System;
using System.Text.Json;
using EdgeProxy.Audit;

namespace EdgeProxy.Control;

/// <summary>The audit chain as the admin surface shows it.</summary>
internal sealed record AuditReport(AuditSettings Settings, AuditStatus Status)
{
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("directory", Settings.Directory);
        json.WriteString("fsync", Settings.Sync == AuditSync.Always ? "always" : "interval");
        json.WriteString("on_full", Settings.OnFull == AuditFull.Block ? "block" : "gap");
        json.WriteBoolean("stuck", Status.IsStuck);
        json.WriteNumber("last_record", Status.Seq);
        json.WriteString("hash", Hex(Status.Hash));
        json.WriteNumber("segment", Status.Segment);
        json.WriteNumber("signed_record", Status.LastClosed?.LastSeq ?? 0);
        json.WriteString("signed_hash", Status.LastClosed is { } closed ? Hex(closed.FooterHash) : "");
        json.WriteNumber("records", Status.Records);
        json.WriteNumber("bytes", Status.Bytes);
        json.WriteNumber("lost", Status.LostCount);
        json.WriteNumber("failures", Status.FailureCount);
        json.WriteEndObject();
    }

    public static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);
}
