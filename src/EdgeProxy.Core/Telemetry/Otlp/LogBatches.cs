using System;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>Records as log records of the access log, tied to their spans.</summary>
internal sealed class LogBatches(
    OtlpResource resource, AccessLogSettings settings, BatchHandover handover, TimeProvider time) : IRecordSink
{
    public const string EventName = "edgeproxy.access";

    // SeverityNumber: INFO, WARN, ERROR (logs data model).
    private const int Info = 9;
    private const int Warn = 13;
    private const int Error = 17;
    private const ulong NanosPerMicro = 1000;

    private readonly OtlpBatch _batch = new(resource);
    private readonly AccessLogLine _line = new(settings);
    private readonly LineBuffer _text = new();
    private readonly PieceTable<RequestKey> _pieces = new();
    private readonly ProtoWriter _piece = new(1024);

    public RecordUse Use => RecordUse.Log;

    public void Take(in RecordView view, long startedUnixUs)
    {
        ref readonly RequestRecord record = ref view.Record;
        ProtoWriter writer = _batch.Writer;
        int item = writer.Begin(OtlpFields.Items);

        // The time of the event is its end: only then is anything known of it.
        writer.Fixed64(OtlpFields.LogTime, (ulong)(startedUnixUs + record.DurationUs) * NanosPerMicro);
        writer.Fixed64(OtlpFields.LogObservedTime,
            (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100);
        (int severity, string name) = record.Status switch
        {
            >= 500 or 0 => (Error, "ERROR"),
            >= 400 => (Warn, "WARN"),
            _ => (Info, "INFO"),
        };
        writer.Number(OtlpFields.LogSeverity, (ulong)severity);
        writer.Text(OtlpFields.LogSeverityText, name);
        WriteBody(view);
        WriteAlike(record);
        RequestAttributes.WriteOwn(writer, OtlpFields.LogAttributes, view, _line.QueryOf(view));
        writer.Attribute(OtlpFields.LogAttributes, "edgeproxy.duration_ms"u8, record.DurationUs / 1e3);
        WriteFields(view);
        if (record.Trace.Span != 0)
        {
            writer.TraceId(OtlpFields.LogTraceId, record.Trace.TraceHigh, record.Trace.TraceLow);
            writer.SpanId(OtlpFields.LogSpanId, record.Trace.Span);
            writer.Fixed32(OtlpFields.LogFlags, record.Trace.IsSampled ? 1u : 0);
        }

        writer.Text(OtlpFields.LogEventName, EventName);
        writer.End(item);
        _batch.Count++;
        if (_batch.IsFull)
        {
            HandOver();
        }
    }

    public void Flush()
    {
        if (!_batch.IsEmpty && handover.IsDue(OtlpKind.Logs))
        {
            HandOver();
        }
    }

    /// <summary>What is there, due or not.</summary>
    public void HandOver()
    {
        if (!_batch.IsEmpty)
        {
            handover.Put(OtlpKind.Logs, _batch.Count, _batch.Finish());
            _batch.Begin();
        }
    }

    private void WriteAlike(in RequestRecord record)
    {
        var key = new RequestKey(record);
        if (!_pieces.TryFind(key, out ReadOnlySpan<byte> piece))
        {
            _piece.Reset();
            RequestAttributes.WriteAlike(_piece, OtlpFields.LogAttributes, record);
            _pieces.Put(key, _piece.Written);
            piece = _piece.Written;
        }

        _batch.Writer.Fields(piece);
    }

    // "GET /path 200 12.345ms": what a list of log records shows.
    private void WriteBody(in RecordView view)
    {
        _text.Truncate(0);
        _text.Add(view.Method).Add(" "u8).Add(view.Path).Add(" "u8).Add(view.Record.Status).Add(" "u8)
            .AddMilliseconds(view.Record.DurationUs).Add("ms"u8);
        int body = _batch.Writer.Begin(OtlpFields.LogBody);
        _batch.Writer.Latin1(OtlpFields.StringValue, _text.Written);
        _batch.Writer.End(body);
    }

    private void WriteFields(in RecordView view)
    {
        FieldReading fields = view.Fields;
        while (fields.Next())
        {
            string key = HeaderKeys.Of(settings.Fields[fields.Index].Name);
            _batch.Writer.Attribute(OtlpFields.LogAttributes, key, _line.ValueOf(fields));
        }
    }
}
