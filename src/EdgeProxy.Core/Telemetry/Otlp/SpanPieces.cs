using System;
using EdgeProxy.Primitives.Faults;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// What spans say as others of their kind do: name, kind, flags, status and most attributes. Encoded once for each kind
/// that occurs, and copied then: it is two thirds of a span, and all of what stands in it one behind the other is a
/// single match to whoever compresses it.
/// </summary>
internal sealed class SpanPieces
{
    private const int KindServer = 2;
    private const int KindClient = 3;
    public const int StatusError = 2;

    private readonly PieceTable<RequestKey> _requests = new();
    private readonly PieceTable<TryKey> _tries = new();
    private readonly ProtoWriter _writer = new(1024);

    /// <summary>Of a request's span; good until the next call.</summary>
    public ReadOnlySpan<byte> OfRequest(in RequestRecord record)
    {
        var key = new RequestKey(record);
        if (!_requests.TryFind(key, out ReadOnlySpan<byte> piece))
        {
            WriteRequest(record);
            _requests.Put(key, _writer.Written);
            piece = _writer.Written;
        }

        return piece;
    }

    /// <summary>Of a try's span; good until the next call.</summary>
    /// <param name="number">Which try it is, from 1.</param>
    /// <param name="isNamed">Else the caller writes its name.</param>
    public ReadOnlySpan<byte> OfTry(in RequestRecord record, in TryRecord attempt, int number, bool isNamed)
    {
        var key = new TryKey(record, attempt, number, isNamed);
        if (!_tries.TryFind(key, out ReadOnlySpan<byte> piece))
        {
            WriteTry(record, attempt, number, isNamed);
            _tries.Put(key, _writer.Written);
            piece = _writer.Written;
        }

        return piece;
    }

    private void WriteRequest(in RequestRecord record)
    {
        Begin(RequestAttributes.NameOf(record), KindServer, record);
        RequestAttributes.WriteAlike(_writer, OtlpFields.SpanAttributes, record);
        bool isFault = record.Fault != FaultKind.None && record.FaultSide != FaultSide.Client;
        if (record.Status >= 500 || isFault)
        {
            WriteError(EnumWords<FaultKind>.Of(record.Fault), record.Fault != FaultKind.None);
        }
    }

    private void WriteTry(in RequestRecord record, in TryRecord attempt, int number, bool isNamed)
    {
        const int field = OtlpFields.SpanAttributes;
        Begin(isNamed ? RequestAttributes.MethodOf(record.Method) : "", KindClient, record);
        _writer.Attribute(field, "http.request.method"u8, RequestAttributes.MethodOf(record.Method));
        (string host, int port) = RequestAttributes.ServerOf(attempt.Server ?? "");
        _writer.Attribute(field, "server.address"u8, host);
        _writer.Attribute(field, "server.port"u8, port);
        _writer.Attribute(field, "edgeproxy.service"u8, record.Service ?? "");
        _writer.Attribute(field, "edgeproxy.connection_reused"u8, attempt.IsReused);
        if (attempt.Status > 0)
        {
            _writer.Attribute(field, "http.response.status_code"u8, attempt.Status);
        }

        if (number > 1)
        {
            _writer.Attribute(field, "http.request.resend_count"u8, number - 1);
        }

        bool isFault = attempt.Fault != FaultKind.None;
        if (attempt.Status >= 400 || isFault)
        {
            string type = isFault ? EnumWords<FaultKind>.Of(attempt.Fault) : RequestAttributes.Text(attempt.Status);
            _writer.Attribute(field, "error.type"u8, type);
            WriteError(type, isFault);
        }
    }

    private void Begin(string name, int kind, in RequestRecord record)
    {
        _writer.Reset();
        if (name.Length > 0)
        {
            _writer.Text(OtlpFields.SpanName, name);
        }

        _writer.Number(OtlpFields.SpanKind, (ulong)kind);
        _writer.Fixed32(OtlpFields.SpanFlags, record.Trace.IsSampled ? 1u : 0);
    }

    private void WriteError(string message, bool hasMessage)
    {
        int status = _writer.Begin(OtlpFields.SpanStatus);
        if (hasMessage)
        {
            _writer.Text(OtlpFields.StatusMessage, message);
        }

        _writer.Number(OtlpFields.StatusCode, StatusError);
        _writer.End(status);
    }
}
