using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>
/// A try came to nothing, or to an answer that is not wanted: another server, or another service, is asked in its
/// place, if the request may go again.
/// </summary>
internal static class FurtherTries
{
    // A server that does nothing with a request (REFUSED_STREAM) is asked so often.
    private const int RefusalsMax = 3;

    /// <summary>A connection attempt came to nothing: nothing was sent, so another server may be tried.</summary>
    public static void ConnectFailed(Exchange exchange, FaultKind kind)
    {
        Server failed = exchange.Server!;
        if (failed.IsOfName)
        {
            failed.Doubt(exchange.Shard.Loop.NowMs);
        }

        exchange.Shard.Reports.ConnectFailed(failed, kind, exchange.Upstream?.Link.BreakReason ?? "");
        Outcomes.NoteFailed(exchange, kind);
        Forwarder.Abandon(exchange);
        if (Retry.IsWanted(exchange, RetryCauses.Connect) && ServerChoice.TryPick(exchange))
        {
            exchange.Shard.Counters.Add(Counter.Retries);
            Forwarder.StartOn(exchange, mayReuse: true);
            return;
        }

        exchange.Fault = Fault.OfUpstream(kind, Again.NothingSent);
    }

    /// <summary>No answer in time: 504, unless the request may go to another server.</summary>
    public static void ResponseLate(Exchange exchange)
    {
        if (!TryAgain(exchange, RetryCauses.Timeout, FaultKind.ResponseTimeout))
        {
            exchange.Fault = Fault.OfUpstream(FaultKind.ResponseTimeout);
        }
    }

    /// <summary>
    /// The server ended the connection before it sent a whole head: 502, unless the request may go again.
    /// </summary>
    public static void UpstreamGone(Exchange exchange)
    {
        UpstreamConnection upstream = exchange.Upstream!;
        bool isRefused = upstream.Link.IsUntouched && exchange.Tries < RefusalsMax;
        bool isStale = upstream.IsReused && upstream.Link.MayBeStale;
        bool isUntouched = (isStale || isRefused) && exchange.UpstreamSource.BytesRead == 0
            && exchange.InterimCount == 0 && exchange.CanRestart;
        bool mayRepeat = isRefused || exchange.UpstreamSink.BytesSent == 0 || exchange.MayRepeat;
        if (isUntouched && mayRepeat)
        {
            // The pooled connection had been closed while idle, or the server said that it did nothing. A fresh one
            // cannot be stale, so the first happens once.
            exchange.Shard.Counters.Add(Counter.UpstreamStale);
            Forwarder.Abandon(exchange);
            Restart(exchange, mayReuse: false);
        }
        else if (!TryAgain(exchange, RetryCauses.Reset, FaultKind.UpstreamClosed))
        {
            exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamClosed, Again.Never);
        }
    }

    /// <summary>
    /// An answer that is read whole broke off, or did not go on in time: 502 or 504, unless the request may go again.
    /// </summary>
    public static void AnswerCut(Exchange exchange, RetryCauses cause, FaultKind kind)
    {
        if (!TryAgain(exchange, cause, kind))
        {
            exchange.Fault = Fault.OfUpstream(kind);
        }
    }

    // Once more from the start if it may be: to a server not tried yet, else to the same one.
    private static bool TryAgain(Exchange exchange, RetryCauses cause, FaultKind kind)
    {
        if (!Retry.IsWanted(exchange, cause))
        {
            return false;
        }

        Outcomes.NoteFailed(exchange, kind);
        Forwarder.Abandon(exchange);
        if (ServerChoice.TryPick(exchange))
        {
            Restart(exchange, mayReuse: true);
        }
        else
        {
            exchange.Attempts++;
            Restart(exchange, mayReuse: false);
        }

        return true;
    }

    /// <summary>
    /// Another server may do better than the status this one answered with. If none is there the answer stands, and so
    /// it does if its server asked to be left alone for a while and there is no other.
    /// </summary>
    public static bool IsRetriedFor(Exchange exchange)
    {
        exchange.IsAnswerUnwanted = Retry.IsUnwanted(exchange);
        if (!Retry.IsWanted(exchange, Retry.HasGrpcFault(exchange) ? RetryCauses.Grpc : RetryCauses.Status))
        {
            return false;
        }

        Server answered = exchange.Server!;
        bool isOther = ServerChoice.TryPick(exchange);
        if (!isOther && Retry.HasRetryAfter(exchange.Response, exchange.UpstreamSource.Unread))
        {
            return false;
        }

        exchange.Attempts += isOther ? 0 : 1;
        Server next = exchange.Server!;
        exchange.Server = answered;
        Answering.Discard(exchange);
        exchange.Server = next;
        Restart(exchange, mayReuse: true);
        return true;
    }

    /// <summary>Another service is asked in the place of one that failed; nothing was passed on yet.</summary>
    public static void SwitchTo(Exchange exchange, Service other)
    {
        LeaveService(exchange);
        exchange.Service = other;
        if (ServiceChoice.TryPass(exchange, exchange.Shard.NextLot()))
        {
            Forwarder.StartChosen(exchange);
        }
    }

    /// <summary>
    /// The exchange's service answered in a way that a failover above it does not pass on: true if its fallback is
    /// asked instead. What answers is the innermost that is meant by the status.
    /// </summary>
    public static bool FallBackAfterAnswer(Exchange exchange)
    {
        if (exchange.Fallbacks.IsEmpty || !exchange.MayRepeat || exchange.IsBound
            || TakeFallback(exchange, exchange.Response.StatusCode, out uint lot) is not { } failover)
        {
            return false;
        }

        Answering.Discard(exchange);
        FallBack(exchange, failover, lot);
        return true;
    }

    /// <summary>It did not answer: the status that the proxy would answer with counts as its own.</summary>
    public static bool FallBackAfterFault(Exchange exchange)
    {
        bool isUnsent = exchange.Upstream is null || exchange.Fault.Again == Again.NothingSent;
        if (exchange.Fallbacks.IsEmpty || !(isUnsent || (exchange.MayRepeat && !exchange.IsBound))
            || TakeFallback(exchange, ErrorResponses.StatusCode(exchange.Fault.Kind), out uint lot) is not { } failover)
        {
            return false;
        }

        Forwarder.Abandon(exchange);
        FallBack(exchange, failover, lot);
        return true;
    }

    private static FailoverService? TakeFallback(Exchange exchange, int status, out uint lot)
    {
        lot = exchange.Shard.NextLot();
        return exchange.InterimCount == 0 && exchange.ClientSource.CanRewind
            ? exchange.Fallbacks.Take(status, exchange.Shard.Loop.NowMs, lot)
            : null;
    }

    private static void FallBack(Exchange exchange, FailoverService failover, uint lot)
    {
        exchange.Shard.Counters.Add(Counter.Fallbacks);
        LeaveService(exchange);
        if (ServiceChoice.TryFallBack(exchange, failover, lot))
        {
            Forwarder.StartChosen(exchange);
        }
    }

    private static void LeaveService(Exchange exchange)
    {
        Retry.End(exchange);
        Capacity.Leave(exchange);
        exchange.Tried = default;
        exchange.Attempts = 0;
        exchange.StickyPlace = -1;
        exchange.Phase = ExchangePhase.Head;
        exchange.Fault = Fault.None;
        BeginAgain(exchange);
    }

    private static void Restart(Exchange exchange, bool mayReuse)
    {
        exchange.Shard.Counters.Add(Counter.Retries);
        BeginAgain(exchange);
        Forwarder.StartOn(exchange, mayReuse);
    }

    private static void BeginAgain(Exchange exchange)
    {
        if (exchange.Call is { } call)
        {
            AnswerHold.Drop(exchange, call);
            call.Body.Rewind();
        }
        else
        {
            exchange.ClientSource.Rewind();
            Mirrors.Restart(exchange);
        }

        exchange.IsAnswerHeld = false;
        exchange.Whole.EndAnswer();
        exchange.IsRequestSent = false;
        exchange.IsRequestAborted = false;
        exchange.RequestPump = PumpStatus.WaitSource;
        exchange.ResponsePump = PumpStatus.WaitSource;
        exchange.BodyHeldMs = 0;
        exchange.BodyHeldSinceMs = -1;
        exchange.Response.Reset();
    }
}
