using EdgeProxy.Primitives.Faults;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>Counts an exchange once, at its end, whatever way it ended: step (7).</summary>
internal static class Recorder
{
    public static void Record(Exchange exchange)
    {
        LoopCounters counters = exchange.Shard.Counters;
        switch (exchange.Status / 100)
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

        counters.Add(Counter.BytesToClients, exchange.ClientSink.BytesSent - exchange.SentBefore);
        counters.Add(Counter.BytesFromClients, exchange.ClientSource.BytesRead - exchange.ReadBefore);
        exchange.SentBefore = exchange.ClientSink.BytesSent;
        exchange.ReadBefore = exchange.ClientSource.BytesRead;
        if (!exchange.Fault.IsNone)
        {
            CountFault(counters, exchange.Fault.Kind);
        }
    }

    private static void CountFault(LoopCounters counters, FaultKind kind)
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
            FaultKind.ClientGone => Counter.ClientsGone,
            _ => null,
        };
        if (counter is { } known)
        {
            counters.Add(known);
        }
    }
}
