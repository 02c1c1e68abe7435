using System;
using EdgeProxy.Primitives.Faults;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// Spans of records: one of kind server for the request, one of kind client for each try that is told (semantic
/// conventions 1.44, HTTP spans). The last try of a call of a model is told as that, too (GenAI spans).
/// </summary>
internal sealed class SpanBatches(OtlpResource resource, BatchHandover handover) : IRecordSink
{
    private const ulong NanosPerMicro = 1000;

    private readonly OtlpBatch _batch = new(resource);
    private readonly SpanPieces _pieces = new();
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
        int span = BeginSpan(record, record.Trace.Span, record.ParentSpan);
        WriteTimes(startedUnixUs, record.DurationUs);
        writer.Fields(_pieces.OfRequest(record));
        RequestAttributes.WriteOwn(writer, OtlpFields.SpanAttributes, view, QueryOf(view));
        if (record.TryCount == 0)
        {
            ModelAttributes.Write(writer, OtlpFields.SpanAttributes, view.Model);
        }

        writer.End(span);
        _batch.Count++;
    }

    private void WriteTrySpan(in RecordView view, in TryRecord attempt, int number, long offsetUs)
    {
        ref readonly RequestRecord record = ref view.Record;
        ProtoWriter writer = _batch.Writer;
        int span = BeginSpan(record, attempt.Span, record.Trace.Span);
        WriteTimes(attempt.StartedUs + offsetUs, attempt.EndedUs - attempt.StartedUs);
        bool isModel = number == record.TryCount && !view.Model.IsEmpty;
        if (isModel)
        {
            ModelAttributes.WriteName(writer, view.Model);
            ModelAttributes.Write(writer, OtlpFields.SpanAttributes, view.Model);
            if (attempt.Status < 400 && attempt.Fault == FaultKind.None)
            {
                WriteModelError(writer, ModelAttributes.ErrorOf(view.Model));
            }
        }

        writer.Fields(_pieces.OfTry(record, attempt, number, isNamed: !isModel));
        if (attempt.AnsweredUs > 0)
        {
            writer.Attribute(OtlpFields.SpanAttributes, "edgeproxy.answer_ms"u8,
                (attempt.AnsweredUs - attempt.StartedUs) / 1e3);
        }

        writer.End(span);
        _batch.Count++;
    }

    // An answer that says within that it failed, or was not whole, whatever its status.
    private static void WriteModelError(ProtoWriter writer, ReadOnlySpan<byte> error)
    {
        if (!error.IsEmpty)
        {
            writer.Attribute(OtlpFields.SpanAttributes, "error.type"u8, error);
            int status = writer.Begin(OtlpFields.SpanStatus);
            writer.Number(OtlpFields.StatusCode, SpanPieces.StatusError);
            writer.End(status);
        }
    }

    private int BeginSpan(in RequestRecord record, ulong spanId, ulong parent)
    {
        ProtoWriter writer = _batch.Writer;
        int span = writer.Begin(OtlpFields.Items);
        writer.TraceId(OtlpFields.SpanTraceId, record.Trace.TraceHigh, record.Trace.TraceLow);
        writer.SpanId(OtlpFields.SpanSpanId, spanId);
        if (parent != 0)
        {
            writer.SpanId(OtlpFields.SpanParentSpanId, parent);
        }

        return span;
    }

    private void WriteTimes(long startedUnixUs, long durationUs)
    {
        _batch.Writer.Fixed64(OtlpFields.SpanStart, (ulong)startedUnixUs * NanosPerMicro);
        _batch.Writer.Fixed64(OtlpFields.SpanEnd, (ulong)(startedUnixUs + Math.Max(0, durationUs)) * NanosPerMicro);
    }

    // Spans never tell a query's values: collectors keep them for weeks.
    private ReadOnlySpan<byte> QueryOf(in RecordView view) =>
        _query.AsSpan(0, QueryRedaction.Write(view.Query, _query));
}
