using System;
using System.Buffers;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Tracing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>
/// What ties a request to what others know of it: its id and its trace. Decided at (1) and (2), before anything is
/// recorded.
/// </summary>
internal static class Correlation
{
    private const FieldTraits Refused = FieldTraits.Alias | FieldTraits.ListedInConnection;

    private static readonly FieldName RequestId = FieldName.Of("X-Request-Id");

    // What stands in ids of other programs; nothing that needs quoting in a log or a header.
    private static readonly SearchValues<byte> RequestIdBytes = SearchValues.Create(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.:/+=@"u8);

    /// <summary>The request's id: the client's if it may say one, else the proxy's.</summary>
    public static void TakeRequestId(Exchange exchange)
    {
        TelemetrySettings settings = exchange.Snapshot.Telemetry;
        if (exchange.Request.Has(KnownHeader.XRequestId) && IsTrusted(settings.RequestIds, exchange))
        {
            ReadOnlySpan<byte> head = exchange.ClientSource.Head;
            foreach (ref readonly HeaderField field in exchange.Request.Fields)
            {
                ReadOnlySpan<byte> value = field.Value.Of(head);
                if (field.Known == KnownHeader.XRequestId && (field.Traits & Refused) == 0
                    && value.Length is > 0 and <= TelemetryLimits.RequestIdBytesMax
                    && !value.ContainsAnyExcept(RequestIdBytes))
                {
                    exchange.SetRequestId(value);
                    break;
                }
            }
        }

        if (settings.AnswersRequestId)
        {
            exchange.ResponseEdits.Set(RequestId, exchange.RequestId);
        }
    }

    /// <summary>The request's trace. Its route is known, or it has none.</summary>
    public static void TakeTrace(Exchange exchange)
    {
        TraceSettings? settings = exchange.Snapshot.Telemetry.Traces;
        bool isNamed = exchange.Request.Has(KnownHeader.Traceparent);
        if (settings is null && !isNamed)
        {
            return;
        }

        ref ExchangeTrace trace = ref exchange.Trace;
        bool isKnown = TryReadParent(exchange, isNamed, out TraceParent parent);
        if (settings is null)
        {
            trace.Origin = isKnown ? TraceOrigin.Passed : TraceOrigin.None;
            trace.Here = parent;
            return;
        }

        RequestIds ids = exchange.Shard.Ids;
        if (isKnown && IsTrusted(settings.Parents, exchange))
        {
            trace.Origin = TraceOrigin.Continued;
            trace.ParentSpan = parent.Span;
            trace.Here = parent with { Span = ids.Next() | 1 };
            return;
        }

        trace.Origin = TraceOrigin.Begun;
        ulong low = ids.Next();
        TraceRatio ratio = exchange.Route?.TraceRatio ?? settings.Ratio;
        trace.Here = new TraceParent(ids.Next() | 1, low, ids.Next() | 1, ratio.Takes(low));
    }

    // Two of them are none: nobody can tell which is meant. One that Connection lists was not meant for us.
    private static bool TryReadParent(Exchange exchange, bool isNamed, out TraceParent parent)
    {
        parent = default;
        if (!isNamed)
        {
            return false;
        }

        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        int count = 0;
        bool isValid = false;
        foreach (ref readonly HeaderField field in exchange.Request.Fields)
        {
            if (field.Known == KnownHeader.Traceparent && (field.Traits & Refused) == 0)
            {
                count++;
                isValid = TraceParent.TryParse(field.Value.Of(head), out parent);
            }
        }

        return isValid && count == 1;
    }

    private static bool IsTrusted(ClientTrust trust, Exchange exchange) =>
        trust == ClientTrust.Any || (trust == ClientTrust.Trusted && exchange.IsTrustedClient);
}
