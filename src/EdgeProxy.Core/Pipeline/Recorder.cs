using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>Counts an exchange once, at its end, whatever way it ended: step (7).</summary>
internal static class Recorder
{
    public static void Record(Exchange exchange)
    {
        LoopCounters counters = exchange.Shard.Counters;

        // What the admin API says of the proxy is no answer of what it serves.
        switch (exchange.Entry.LocalService is null ? exchange.Status / 100 : 0)
        {
            case 1:
                counters.Add(Counter.Responses1xx);
                break;
            case 2:
                counters.Add(Counter.Responses2xx);
                break;
            case 3:
                counters.Add(Counter.Responses3xx);
                break;
            case 4:
                counters.Add(Counter.Responses4xx);
                break;
            case >= 5:
                counters.Add(Counter.Responses5xx);
                break;
        }

        long sent = exchange.ClientSink.BytesSent - exchange.SentBefore;
        long received = exchange.ClientSource.BytesRead - exchange.ReadBefore;
        counters.Add(Counter.BytesToClients, sent);
        counters.Add(Counter.BytesFromClients, received);
        exchange.SentBefore = exchange.ClientSink.BytesSent;
        exchange.ReadBefore = exchange.ClientSource.BytesRead;
        if (!exchange.Fault.IsNone)
        {
            CountFault(counters, exchange.Fault.Kind);
        }

        ConsumerMetrics[] consumers = exchange.Snapshot.Consumers;
        if (exchange.Consumer is { } consumer && (uint)consumer.Index < (uint)consumers.Length)
        {
            ConsumerMetrics metrics = consumers[consumer.Index];
            int outcome = Outcome.Of(exchange.Status, exchange.Fault.Kind);
            metrics.Add(exchange.Shard.Loop.Index, outcome, exchange.IsLimited, exchange.OverLimit is not null);
        }

        if (exchange.Record.IsActive)
        {
            Tell(exchange, received, sent);
        }
    }

    // Of a request whose head was read: its duration, and its record if somebody wants one.
    private static void Tell(Exchange exchange, long received, long sent)
    {
        RecordNotes notes = exchange.Record;
        notes.End(exchange);
        Shard shard = exchange.Shard;
        long durationUs = shard.Loop.Clock.ReadUs() - notes.StartedUs;
        int outcome = Outcome.Of(exchange.Status, exchange.Fault.Kind);
        DurationMetrics? durations = !exchange.Snapshot.Telemetry.CountsDurations ? null
            : exchange.Route is { } route ? route.Durations
            : exchange.Snapshot.Unrouted;
        if (durations?.Of(shard.Loop.Index, exchange.Request.Method, outcome) is { } histogram)
        {
            histogram.Add(durationUs);
            if (exchange.Trace is { IsTraced: true, Here.IsSampled: true })
            {
                histogram.AddExample(durationUs, exchange.Trace.Here, shard.Loop.Clock.UnixMs);
            }
        }

        if (notes.MayBe != RecordUse.None && shard.Records is { } ring)
        {
            RecordUse uses = UsesOf(exchange, notes.MayBe, durationUs / 1000);
            if (uses != RecordUse.None)
            {
                Write(exchange, ring, uses, durationUs, received, sent);
            }
        }
    }

    private static RecordUse UsesOf(Exchange exchange, RecordUse uses, long durationMs)
    {
        TelemetrySettings settings = exchange.Snapshot.Telemetry;
        if ((uses & RecordUse.Log) != 0
            && !settings.AccessLog!.Tells(exchange.Status, durationMs, exchange.Shard.NextLot()))
        {
            uses &= ~RecordUse.Log;
        }

        if ((uses & RecordUse.Trace) != 0 && !exchange.Trace.Here.IsSampled && !IsRemarkable(exchange, durationMs))
        {
            uses &= ~RecordUse.Trace;
        }

        return uses;
    }

    // Recorded whatever was decided when it began.
    private static bool IsRemarkable(Exchange exchange, long durationMs)
    {
        TraceSettings settings = exchange.Snapshot.Telemetry.Traces!;
        bool isError = exchange.Status >= 500
            || (!exchange.Fault.IsNone && exchange.Fault.Side != FaultSide.Client);
        return (settings.Errors && isError) || (settings.SlowMs > 0 && durationMs >= settings.SlowMs);
    }

    private static void Write(
        Exchange exchange, RequestRing ring, RecordUse uses, long durationUs, long received, long sent)
    {
        RequestHead request = exchange.Request;
        var record = new RequestRecord
        {
            Uses = uses,
            Method = request.Method,
            Fault = exchange.Fault.Kind,
            FaultSide = exchange.Fault.Side,
            Reject = exchange.RejectReason,
            HttpMajor = (byte)exchange.ClientLink.HttpMajor,
            MinorVersion = (byte)request.MinorVersion,
            IsSecure = exchange.ClientLink.IsSecure,
            Status = (short)exchange.Status,
            IsOffline = exchange.Record.IsOffline,
            TryCount = (short)exchange.Tries,
            EntryPoint = exchange.Entry.Name,
            Router = exchange.Route?.Name,
            Service = exchange.Service?.Name,
            Consumer = exchange.Consumer?.Name,
            AnsweredBy = exchange.AnsweredBy,
            OverLimit = exchange.OverLimit,
            ConfigHash = exchange.Snapshot.Hash,
            StartedUs = exchange.Record.StartedUs,
            DurationUs = durationUs,
            BytesReceived = received,
            BytesSent = sent,
            Client = exchange.ClientLink.RemoteAddress,
            ClientPort = exchange.ClientLink.RemotePort,
            Trace = exchange.Trace.Here,
            ParentSpan = exchange.Trace.ParentSpan,
            IsTraced = exchange.Trace.IsTraced,
            HasQuery = request.HasQuery,
        };
        exchange.Record.CopyTo(ref record);
        ring.TryWrite(record, exchange.Record.Texts);
    }

    /// <summary>A fault happened, and is not what the exchange ends with.</summary>
    public static void CountFault(LoopCounters counters, FaultKind kind)
    {
        Counter? counter = kind switch
        {
            FaultKind.NoRoute => Counter.RequestsUnrouted,
            FaultKind.Rejected => Counter.RequestsRejected,
            FaultKind.NoServer => Counter.RequestsUnserved,
            FaultKind.BreakerOpen => Counter.BreakerRejections,
            FaultKind.QueueFull => Counter.QueuesFull,
            FaultKind.QueueTimeout => Counter.QueueTimeouts,
            FaultKind.HeadTimeout => Counter.HeadTimeouts,
            FaultKind.BodyTimeout => Counter.BodyTimeouts,
            FaultKind.ConnectTimeout => Counter.ConnectTimeouts,
            FaultKind.ResponseTimeout => Counter.ResponseTimeouts,
            FaultKind.ResponseIdleTimeout => Counter.ResponseIdleTimeouts,
            FaultKind.WriteTimeout => Counter.WriteTimeouts,
            FaultKind.TunnelTimeout => Counter.TunnelTimeouts,
            FaultKind.UpstreamClosed => Counter.UpstreamClosed,
            FaultKind.UpstreamMalformed => Counter.UpstreamMalformed,
            FaultKind.AuditStuck => Counter.AuditRefusals,
            FaultKind.Halted => Counter.RequestsHalted,
            FaultKind.ClientGone => Counter.ClientsGone,
            _ => null,
        };
        if (counter is { } known)
        {
            counters.Add(known);
        }
    }
}
