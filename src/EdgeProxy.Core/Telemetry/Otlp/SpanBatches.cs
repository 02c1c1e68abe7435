using System;
using EdgeProxy.Primitives.Faults;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// Spans of records: one of kind server for the request, one of kind client for each try that is told (semantic
/// conventions 1.44, HTTP spans).
/// </summary>
internal sealed class SpanBatches(OtlpResource resource, BatchHandover handover) : IRecordSink
{
    private const int KindServer = 2;
    private const int KindClient = 3;
    private const int StatusError = 2;
    private const ulong NanosPerMicro = 1000;

    private readonly OtlpBatch _batch = new(resource);
    private readonly byte[] _query = new byte[TelemetryLimits.TargetBytesMax * 2];

    public RecordUse Use => RecordUse.Trace;

    public void Take(in RecordView view, long startedUnixUs)
    {
        WriteServerSpan(view, startedUnixUs);
        int told = Math.Min((int)view.Record.TryCount, TryRecords.Max);
        for (int i = 0; i < told; i++)
        {
            // The last place is that of the last try.
            int number = i == TryRecords.Max - 1 ? view.Record.TryCount : i + 1;
            WriteTrySpan(view, view.Record.Tries[i], number, startedUnixUs - view.Record.StartedUs);
        }

        if (_batch.IsFull)
        {
            HandOver();
        }
    }

    public void Flush()
    {
        if (!_batch.IsEmpty && handover.IsDue(OtlpKind.Traces))
        {
            HandOver();
        }
    }

    /// <summary>What is there, due or not.</summary>
    public void HandOver()
    {
        if (!_batch.IsEmpty)
        {
            handover.Put(OtlpKind.Traces, _batch.Count, _batch.Finish());
            _batch.Begin();
        }
    }

    private void WriteServerSpan(in RecordView view, long startedUnixUs)
    {
        ref readonly RequestRecord record = ref view.Record;
        ProtoWriter writer = _batch.Writer;
        int span = BeginSpan(record, record.Trace.Span, record.ParentSpan, KindServer);
        writer.Text(OtlpFields.SpanName, RequestAttributes.NameOf(record));
        WriteTimes(startedUnixUs, record.DurationUs);
        RequestAttributes.Write(writer, OtlpFields.SpanAttributes, view, QueryOf(view));
        bool isFault = record.Fault != FaultKind.None && record.FaultSide != FaultSide.Client;
        if (record.Status >= 500 || isFault)
        {
            WriteError(EnumWords<FaultKind>.Of(record.Fault), record.Fault != FaultKind.None);
        }

        writer.End(span);
        _batch.Count++;
    }

    private void WriteTrySpan(in RecordView view, in TryRecord attempt, int number, long offsetUs)
    {
        ref readonly RequestRecord record = ref view.Record;
        ProtoWriter writer = _batch.Writer;
        const int field = OtlpFields.SpanAttributes;
        int span = BeginSpan(record, attempt.Span, record.Trace.Span, KindClient);
        writer.Text(OtlpFields.SpanName, RequestAttributes.MethodOf(record.Method));
        WriteTimes(attempt.StartedUs + offsetUs, attempt.EndedUs - attempt.StartedUs);
        writer.Attribute(field, "http.request.method"u8, RequestAttributes.MethodOf(record.Method));
        (string host, int port) = RequestAttributes.ServerOf(attempt.Server ?? "");
        writer.Attribute(field, "server.address"u8, host);
        writer.Attribute(field, "server.port"u8, port);
        writer.Attribute(field, "edgeproxy.service"u8, record.Service ?? "");
        writer.Attribute(field, "edgeproxy.connection_reused"u8, attempt.IsReused);
        if (attempt.Status > 0)
        {
            writer.Attribute(field, "http.response.status_code"u8, attempt.Status);
        }

        if (attempt.AnsweredUs > 0)
        {
            writer.Attribute(field, "edgeproxy.answer_ms"u8, (attempt.AnsweredUs - attempt.StartedUs) / 1e3);
        }

        if (number > 1)
        {
            writer.Attribute(field, "http.request.resend_count"u8, number - 1);
        }

        bool isFault = attempt.Fault != FaultKind.None;
        if (attempt.Status >= 400 || isFault)
        {
            string type = isFault ? EnumWords<FaultKind>.Of(attempt.Fault) : RequestAttributes.Text(attempt.Status);
            writer.Attribute(field, "error.type"u8, type);
            WriteError(type, isFault);
        }

        writer.End(span);
        _batch.Count++;
    }

    private int BeginSpan(in RequestRecord record, ulong spanId, ulong parent, int kind)
    {
        ProtoWriter writer = _batch.Writer;
        int span = writer.Begin(OtlpFields.Items);
        writer.TraceId(OtlpFields.SpanTraceId, record.Trace.TraceHigh, record.Trace.TraceLow);
        writer.SpanId(OtlpFields.SpanSpanId, spanId);
        if (parent != 0)
        {
            writer.SpanId(OtlpFields.SpanParentSpanId, parent);
        }

        writer.Number(OtlpFields.SpanKind, (ulong)kind);
        writer.Fixed32(OtlpFields.SpanFlags, record.Trace.IsSampled ? 1u : 0);
        return span;
    }

    private void WriteTimes(long startedUnixUs, long durationUs)
    {
        _batch.Writer.Fixed64(OtlpFields.SpanStart, (ulong)startedUnixUs * NanosPerMicro);
        _batch.Writer.Fixed64(OtlpFields.SpanEnd, (ulong)(startedUnixUs + Math.Max(0, durationUs)) * NanosPerMicro);
    }

    private void WriteError(string message, bool hasMessage)
    {
        int status = _batch.Writer.Begin(OtlpFields.SpanStatus);
        if (hasMessage)
        {
            _batch.Writer.Text(OtlpFields.StatusMessage, message);
        }

        _batch.Writer.Number(OtlpFields.StatusCode, StatusError);
        _batch.Writer.End(status);
    }

    // Spans never tell a query's values: collectors keep them for weeks.
    private ReadOnlySpan<byte> QueryOf(in RecordView view) =>
        _query.AsSpan(0, QueryRedaction.Write(view.Query, _query));
}
