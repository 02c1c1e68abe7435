using System;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// The end of the audit chain as a log record: who keeps it elsewhere finds out, by <c>audit verify --head</c>, that a
/// tail was cut off later.
/// </summary>
internal static class AuditHeadEvent
{
    public const string Name = "edgeproxy.audit.head";

    private const int Info = 9;

    /// <summary>A whole ExportLogsServiceRequest.</summary>
    /// <param name="seq">Number of the last record on the disk.</param>
    /// <param name="hash">Hex digits of the last frame's hash.</param>
    public static byte[] Write(OtlpResource resource, ulong seq, string hash, string configHash, DateTimeOffset now)
    {
        ulong nanos = (ulong)Math.Max(0, (now - DateTimeOffset.UnixEpoch).Ticks) * 100;
        var batch = new OtlpBatch(resource);
        ProtoWriter writer = batch.Writer;
        int item = writer.Begin(OtlpFields.Items);
        writer.Fixed64(OtlpFields.LogTime, nanos);
        writer.Fixed64(OtlpFields.LogObservedTime, nanos);
        writer.Number(OtlpFields.LogSeverity, Info);
        writer.Text(OtlpFields.LogSeverityText, "INFO");
        int body = writer.Begin(OtlpFields.LogBody);
        writer.Text(OtlpFields.StringValue, $"audit chain head {seq}:{hash}");
        writer.End(body);
        writer.Attribute(OtlpFields.LogAttributes, "edgeproxy.event", "audit.head");
        writer.Attribute(OtlpFields.LogAttributes, "edgeproxy.audit.head", $"{seq}:{hash}");
        writer.Attribute(OtlpFields.LogAttributes, "edgeproxy.config.hash", configHash);
        writer.Text(OtlpFields.LogEventName, Name);
        writer.End(item);
        batch.Count++;
        return batch.Finish().ToArray();
    }
}
