using System;
using EdgeProxy.Audit;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Which wait of an exchange ends first, and what it means when it does. Looked at when an exchange stops to wait and
/// again
/// when its timer fires; nothing is armed per wait.
/// </summary>
internal static class Deadlines
{
    // How often a slow body's rate is judged again.
    private const long RateCheckMs = 1000;

    /// <summary>The nearest deadline in the loop's milliseconds, and the fault it stands for.</summary>
    public static long Next(Exchange exchange, long nowMs, out FaultKind kind)
    {
        kind = FaultKind.None;
        long deadline = long.MaxValue;
        if (exchange.Audit is { WaitingSinceMs: >= 0 } note)
        {
            // Nobody else is waited for: the answer is there, or goes on without end.
            Sooner(ref deadline, ref kind, note.WaitingSinceMs, AuditLimits.RecordWaitMaxMs, FaultKind.AuditStuck);
            return deadline;
        }

        switch (exchange.Phase)
        {
            case ExchangePhase.Reading:
                OfBody(exchange, nowMs, ref deadline, ref kind);
                break;
            case ExchangePhase.Queued:
                Sooner(ref deadline, ref kind, exchange.QueuedMs, Service(exchange).QueueTimeoutMs,
                    FaultKind.QueueTimeout);
                break;
            case ExchangePhase.Connecting:
                Sooner(ref deadline, ref kind, exchange.ConnectStartedMs, Service(exchange).ConnectTimeoutMs,
                    FaultKind.ConnectTimeout);
                Sooner(ref deadline, ref kind, exchange.ConnectStartedMs, Service(exchange).PerTryTimeoutMs,
                    FaultKind.ConnectTimeout);
                Sooner(ref deadline, ref kind, exchange.ConnectStartedMs, Retry.ConnectMsOf(exchange),
                    FaultKind.ConnectTimeout);
                break;
            case ExchangePhase.Forwarding:
                OfRequest(exchange, nowMs, ref deadline, ref kind);
                OfResponse(exchange, ref deadline, ref kind);
                break;
            case ExchangePhase.Tunnel:
                Sooner(ref deadline, ref kind, Math.Max(exchange.ClientReadMs, exchange.UpstreamReadMs),
                    exchange.Terms.TunnelIdleTimeoutMs, FaultKind.TunnelTimeout);
                Sooner(ref deadline, ref kind, exchange.BodyStartedMs, exchange.Terms.TunnelTimeMaxMs,
                    FaultKind.TunnelTimeout);
                if (exchange.WebSocket is { EndingSinceMs: >= 0 and var sinceMs })
                {
                    // Its time is over already: what counts is the time to say so.
                    deadline = sinceMs + WebSocketTunnel.EndingMs;
                }

                break;
            case ExchangePhase.Local:
                Sooner(ref deadline, ref kind, exchange.ClientWriteMs, exchange.Terms.WriteIdleTimeoutMs,
                    FaultKind.WriteTimeout);
                break;
        }

        return deadline;
    }

    private static void OfRequest(Exchange exchange, long nowMs, ref long deadline, ref FaultKind kind)
    {
        if (exchange.HasResponseStarted || exchange.Whole.IsReadingAnswer)
        {
            // The answer flows: its own waits are judged, and an upload nobody waits for any more is not.
            return;
        }

        if (exchange.IsRequestSent)
        {
            Sooner(ref deadline, ref kind, exchange.RequestSentMs, Service(exchange).ResponseTimeoutMs,
                FaultKind.ResponseTimeout);
            if (exchange.MayRepeat && !exchange.IsBound)
            {
                // A request that cannot be tried again gains nothing by being given up early.
                Sooner(ref deadline, ref kind, exchange.RequestSentMs, Service(exchange).PerTryTimeoutMs,
                    FaultKind.ResponseTimeout);
            }
        }
        else if (exchange.IsAwaitingContinue)
        {
            // The client rightly sends nothing: it is the server's 100 that is late.
            Sooner(ref deadline, ref kind, exchange.BodyStartedMs, Service(exchange).ResponseTimeoutMs,
                FaultKind.ResponseTimeout);
        }
        else if (exchange.IsRequestAborted || exchange.RequestPump == PumpStatus.WaitSink || exchange.Call is not null)
        {
            // The server takes no more of the body: it is as silent as one that does not answer.
            Sooner(ref deadline, ref kind, exchange.ClientReadMs, Service(exchange).ResponseTimeoutMs,
                FaultKind.ResponseTimeout);
        }
        else
        {
            OfBody(exchange, nowMs, ref deadline, ref kind);
        }
    }

    private static void OfBody(Exchange exchange, long nowMs, ref long deadline, ref FaultKind kind)
    {
        Sooner(ref deadline, ref kind, exchange.ClientReadMs, exchange.Terms.BodyIdleTimeoutMs, FaultKind.BodyTimeout);
        OfBodyRate(exchange, nowMs, ref deadline, ref kind);
    }

    private static void OfBodyRate(Exchange exchange, long nowMs, ref long deadline, ref FaultKind kind)
    {
        ClientTerms terms = exchange.Terms;
        if (terms.BodyRateMin <= 0)
        {
            return;
        }

        // Time the body was held back by a slow server does not count against the client.
        long elapsedMs = nowMs - exchange.BodyStartedMs - exchange.BodyHeldMs;
        long bytes = exchange.ClientSource.BytesRead - exchange.BodyBytesBefore;
        bool isSlow = elapsedMs > terms.BodyRateGraceMs && bytes * 1000 < terms.BodyRateMin * elapsedMs;
        Sooner(ref deadline, ref kind, nowMs, isSlow ? 0 : RateCheckMs, FaultKind.BodyTimeout, zeroIsNow: isSlow);
    }

    private static void OfResponse(Exchange exchange, ref long deadline, ref FaultKind kind)
    {
        if (!exchange.HasResponseStarted && !exchange.IsAnswerHeld)
        {
            return;
        }

        if (exchange.ResponsePump == PumpStatus.WaitSink)
        {
            Sooner(ref deadline, ref kind, exchange.ClientWriteMs, exchange.Terms.WriteIdleTimeoutMs,
                FaultKind.WriteTimeout);
        }
        else if (exchange.ResponsePump != PumpStatus.WaitCall) // who is asked has a limit of its own
        {
            Sooner(ref deadline, ref kind, exchange.UpstreamReadMs, Service(exchange).ResponseIdleTimeoutMs,
                FaultKind.ResponseIdleTimeout);
            if (exchange is { IsAnswerHeld: true, Call.RefusedSinceMs: >= 0 and var sinceMs })
            {
                // Another can be asked: what this one has to say of its failure is not worth the caller's time.
                Sooner(ref deadline, ref kind, sinceMs, BodyCall.RefusalMsMax, FaultKind.ResponseIdleTimeout);
            }
        }
    }

    private static Service Service(Exchange exchange) => exchange.Service!;

    // A limit of 0 is no limit.
    private static void Sooner(
        ref long deadline, ref FaultKind kind, long sinceMs, long limitMs, FaultKind candidate, bool zeroIsNow = false)
    {
        if ((limitMs > 0 || zeroIsNow) && sinceMs + limitMs < deadline)
        {
            deadline = sinceMs + limitMs;
            kind = candidate;
        }
    }
}
