using System;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Steps (4) and (5): picks a server, gets a connection to it, sends the head, moves both bodies, tries again what may
/// be
/// tried again. A state machine that runs until both links would block; the links' owner calls it when they can go on.
/// </summary>
internal static class Forwarder
{
    // 1xx responses passed on before the final one; a server that sends more is broken (reliability 5-13: 1,000 x 103).
    private const int InterimMax = 16;

    // What is read of an answer that is not passed on.
    private const int DiscardPiecesMax = 4;

    /// <summary>Picks a server and takes or opens a connection. On failure the exchange's fault is set.</summary>
    public static void Start(Exchange exchange)
    {
        if (ServiceChoice.TryChoose(exchange))
        {
            StartChosen(exchange);
        }
    }

    /// <summary>The exchange has the service that answers it.</summary>
    public static void StartChosen(Exchange exchange)
    {
        Service service = exchange.Service!;
        Retry.Begin(exchange);
        if (!Capacity.MustWait(exchange) && ServerChoice.TryPick(exchange))
        {
            StartOn(exchange, mayReuse: true);
            return;
        }

        if (service.IsFull(exchange.Shard.Loop.NowMs))
        {
            Capacity.Enqueue(exchange);
        }
        else
        {
            exchange.Fault = service.HasAddress() ? Fault.NoServer : Fault.OfUpstream(FaultKind.NameNotResolved);
        }
    }

    /// <summary>Goes on as far as the links allow. Done, or a fault, or waiting.</summary>
    public static void Advance(Exchange exchange)
    {
        if (exchange.Phase == ExchangePhase.Reading)
        {
            BodyReading.Advance(exchange);
        }

        if (exchange.Phase == ExchangePhase.Queued && Capacity.IsFirst(exchange))
        {
            AdvanceQueued(exchange);
        }
        else if (exchange.Phase == ExchangePhase.Connecting)
        {
            AdvanceConnect(exchange);
        }

        // A retry within starts over on another connection, a bounded number of times.
        while (exchange.Phase == ExchangePhase.Forwarding && exchange.Fault.IsNone)
        {
            int tries = exchange.Tries;
            AdvanceRequest(exchange);
            if (exchange.Fault.IsNone && exchange.Tries == tries)
            {
                AdvanceResponse(exchange);
            }

            if (exchange.Tries == tries)
            {
                break;
            }
        }

        if (exchange.Phase == ExchangePhase.Tunnel && exchange.Fault.IsNone)
        {
            Tunnel.Advance(exchange);
        }
    }

    // The breaker may have opened since it joined the queue; none passes then, and the next hears of it.
    private static void AdvanceQueued(Exchange exchange)
    {
        if (exchange.Service!.Breaker?.StateAt(exchange.Shard.Loop.NowMs) == BreakerState.Open)
        {
            exchange.Fault = Fault.OfUpstream(FaultKind.BreakerOpen);
        }
        else if (ServerChoice.TryPick(exchange))
        {
            Capacity.Dequeue(exchange);
            StartOn(exchange, mayReuse: true);
        }
    }

    /// <summary>Lets go of the server's connection in the middle of an exchange: it is never used again.</summary>
    public static void Abandon(Exchange exchange)
    {
        if (exchange.Upstream is { } upstream)
        {
            if (!exchange.Fault.IsNone && exchange.Fault.Side == FaultSide.Upstream)
            {
                Outcomes.NoteFailed(exchange, exchange.Fault.Kind);
            }

            Detach(exchange);
            upstream.Link.Abort();
        }

        if (!exchange.Fault.IsNone)
        {
            Capacity.Leave(exchange); // an answer of our own does not keep others waiting
        }
    }

    /// <summary>The exchange's connection to the server is somebody else's from here on.</summary>
    public static void Detach(Exchange exchange)
    {
        exchange.UpstreamSource.Unbind();
        exchange.UpstreamSink.Unbind();
        exchange.Upstream = null;
        exchange.Server!.Load(exchange.Shard.Loop.Index).Leave();
        exchange.Record.EndTry(exchange);
    }

    private static void StartOn(Exchange exchange, bool mayReuse)
    {
        Server server = exchange.Server!;
        Shard shard = exchange.Shard;
        ServerPool? pool = server.Pool(shard.Loop.Index);
        if (pool is null)
        {
            pool = new ServerPool(server, shard.Loop, shard.Counters);
            server.SetPool(shard.Loop.Index, pool);
        }

        exchange.Tries++;
        exchange.TryStartedMs = shard.Loop.NowMs;
        exchange.Trace.TrySpan = shard.Ids.Next() | 1;
        UpstreamConnection? connection = mayReuse ? pool.Take() : null;
        if (connection is not null)
        {
            shard.Counters.Add(Counter.UpstreamReuses);
            exchange.Record.BeginTry(exchange, isReused: true);
            connection.Link.Owner = exchange.Owner;
            Attach(exchange, connection);
            SendHead(exchange);
            return;
        }

        exchange.Record.BeginTry(exchange, isReused: false);
        connection = pool.Connect(server.Address!, exchange.Owner);
        Attach(exchange, connection);
        exchange.Phase = ExchangePhase.Connecting;
        exchange.ConnectStartedMs = shard.Loop.NowMs;
        AdvanceConnect(exchange);
    }

    private static void Attach(Exchange exchange, UpstreamConnection connection)
    {
        exchange.Upstream = connection;
        exchange.Server!.Load(exchange.Shard.Loop.Index).Enter();
        exchange.UpstreamSource.Bind(connection.Link, exchange.Shard.Loop.Blocks, HeadLimits.Default);
        exchange.UpstreamSink.Bind(connection.Link, exchange.Shard.Loop.Blocks);
    }

    private static void AdvanceConnect(Exchange exchange)
    {
        UpstreamConnection upstream = exchange.Upstream!;
        if (upstream.Link.IsBroken)
        {
            exchange.Shard.Counters.Add(Counter.UpstreamConnectFailures);
            ConnectFailed(exchange, FaultKind.ConnectFailed);
        }
        else if (upstream.Link.IsConnected)
        {
            SendHead(exchange);
        }
    }

    /// <summary>A connection attempt came to nothing: nothing was sent, so another server may be tried.</summary>
    public static void ConnectFailed(Exchange exchange, FaultKind kind)
    {
        Server failed = exchange.Server!;
        exchange.Shard.Reports.ConnectFailed(failed, kind, exchange.Upstream?.Link.BreakReason ?? "");
        Outcomes.NoteFailed(exchange, kind);
        Abandon(exchange);
        if (Retry.IsWanted(exchange, RetryCauses.Connect) && ServerChoice.TryPick(exchange))
        {
            exchange.Shard.Counters.Add(Counter.Retries);
            StartOn(exchange, mayReuse: true);
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

    // Once more from the start if it may be: to a server not tried yet, else to the same one.
    private static bool TryAgain(Exchange exchange, RetryCauses cause, FaultKind kind)
    {
        if (!Retry.IsWanted(exchange, cause))
        {
            return false;
        }

        Outcomes.NoteFailed(exchange, kind);
        Abandon(exchange);
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

    private static void Restart(Exchange exchange, bool mayReuse)
    {
        exchange.Shard.Counters.Add(Counter.Retries);
        BeginAgain(exchange);
        StartOn(exchange, mayReuse);
    }

    /// <summary>Another service is asked in the place of one that failed; nothing was passed on yet.</summary>
    public static void SwitchTo(Exchange exchange, Service other)
    {
        Retry.End(exchange);
        Capacity.Leave(exchange);
        exchange.Service = other;
        exchange.Tried = default;
        exchange.Attempts = 0;
        exchange.StickyPlace = -1;
        exchange.Phase = ExchangePhase.Head;
        exchange.Fault = Fault.None;
        BeginAgain(exchange);
        if (ServiceChoice.TryPass(exchange, exchange.Shard.NextLot()))
        {
            StartChosen(exchange);
        }
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
        }

        exchange.IsRequestSent = false;
        exchange.IsRequestAborted = false;
        exchange.RequestPump = PumpStatus.WaitSource;
        exchange.ResponsePump = PumpStatus.WaitSource;
        exchange.BodyHeldMs = 0;
        exchange.BodyHeldSinceMs = -1;
        exchange.Response.Reset();
    }

    private static void SendHead(Exchange exchange)
    {
        Server server = exchange.Server!;
        if (server.NoteSuccess())
        {
            exchange.Shard.Reports.ConnectWorks(server);
        }

        RequestHeadWriter.Write(exchange, exchange.UpstreamSink);
        exchange.Phase = ExchangePhase.Forwarding;
        long nowMs = exchange.Shard.Loop.NowMs;
        exchange.ClientReadMs = nowMs;
        exchange.UpstreamReadMs = nowMs;
        exchange.BodyStartedMs = nowMs;
        exchange.BodyBytesBefore = exchange.ClientSource.BytesRead;
    }

    private static void AdvanceRequest(Exchange exchange)
    {
        if (exchange.IsRequestSent || exchange.IsRequestAborted)
        {
            return;
        }

        long nowMs = exchange.Shard.Loop.NowMs;
        long before = exchange.ClientSource.BytesRead;
        long sentBefore = exchange.UpstreamSink.BytesSent;
        PumpStatus status = exchange.Call is { } call
            ? BodyPump.Run(call.Body, exchange.UpstreamSink)
            : BodyPump.Run(exchange.ClientSource, exchange.UpstreamSink);
        if (exchange.ClientSource.BytesRead != before || exchange.UpstreamSink.BytesSent != sentBefore)
        {
            exchange.ClientReadMs = nowMs;
        }

        NoteHeld(exchange, status, nowMs);
        exchange.RequestPump = status;
        switch (status)
        {
            case PumpStatus.Done:
                exchange.IsRequestSent = true;
                exchange.RequestSentMs = nowMs;
                break;
            case PumpStatus.SinkBroken:
                // The server may have answered before it closed (413 while an upload runs): read on, send no more.
                exchange.IsRequestAborted = true;
                break;
            case PumpStatus.SourceMalformed:
                exchange.RejectReason = exchange.ClientSource.Reason;
                exchange.Fault = Fault.Rejected;
                break;
            case PumpStatus.SourceTruncated:
            case PumpStatus.SourceBroken:
                exchange.Fault = Fault.ClientGone;
                break;
        }
    }

    // Time in which the server, not the client, holds the body up.
    private static void NoteHeld(Exchange exchange, PumpStatus status, long nowMs)
    {
        if (status == PumpStatus.WaitSink)
        {
            exchange.BodyHeldSinceMs = exchange.BodyHeldSinceMs < 0 ? nowMs : exchange.BodyHeldSinceMs;
        }
        else if (exchange.BodyHeldSinceMs >= 0)
        {
            exchange.BodyHeldMs += nowMs - exchange.BodyHeldSinceMs;
            exchange.BodyHeldSinceMs = -1;
        }
    }

    private static void AdvanceResponse(Exchange exchange)
    {
        // An interim response the client did not take whole waits for room; nothing else would send the rest.
        if (!exchange.HasResponseStarted && exchange.ClientSink.HasPending
            && exchange.ClientSink.Flush() == SinkStatus.Broken)
        {
            exchange.Fault = Fault.ClientGone;
            return;
        }

        while (!exchange.HasResponseStarted)
        {
            if (!(exchange.IsAnswerHeld ? AdvanceHeld(exchange) : AdvanceResponseHead(exchange)))
            {
                return;
            }
        }

        if (exchange.Phase != ExchangePhase.Forwarding)
        {
            return;
        }

        long nowMs = exchange.Shard.Loop.NowMs;
        long readBefore = exchange.UpstreamSource.BytesRead;
        long sentBefore = exchange.ClientSink.BytesSent;
        PumpStatus status = exchange.Call is { } call
            ? BodyPump.Run(exchange.UpstreamSource, call, exchange.ClientSink)
            : BodyPump.Run(exchange.UpstreamSource, exchange.ClientSink);
        exchange.ResponsePump = status;
        if (exchange.UpstreamSource.BytesRead != readBefore)
        {
            exchange.UpstreamReadMs = nowMs;
        }

        if (exchange.ClientSink.BytesSent != sentBefore)
        {
            exchange.ClientWriteMs = nowMs;
        }

        switch (status)
        {
            case PumpStatus.Done:
                Finish(exchange);
                break;
            case PumpStatus.SourceMalformed:
                exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamMalformed);
                break;
            case PumpStatus.SourceTruncated:
            case PumpStatus.SourceBroken:
                exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamClosed);
                break;
            case PumpStatus.SinkBroken:
                exchange.Fault = Fault.ClientGone;
                break;
        }
    }

    // True if a head was read (interim or final) or another read is worth trying.
    private static bool AdvanceResponseHead(Exchange exchange)
    {
        MessageSource source = exchange.UpstreamSource;
        if (!source.Unread.IsEmpty)
        {
            switch (ResponseHeadReader.Read(
                source.Unread, HeadLimits.Default, exchange.Request.Method, exchange.Response))
            {
                case ParseStatus.Complete:
                    return TakeResponseHead(exchange);
                case ParseStatus.Malformed:
                    exchange.RejectReason = exchange.Response.Reason;
                    exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamMalformed);
                    return false;
            }
        }

        switch (source.Fill(BlockPool.LargeBytes, HeadLimits.HeadBytesDefault + BlockPool.SmallBytes))
        {
            case LinkStatus.Ok:
                exchange.UpstreamReadMs = exchange.Shard.Loop.NowMs;
                return true;
            case LinkStatus.WouldBlock:
                return false;
            default:
                UpstreamGone(exchange);
                return false;
        }
    }

    private static bool TakeResponseHead(Exchange exchange)
    {
        ResponseHead response = exchange.Response;
        MessageSource source = exchange.UpstreamSource;
        if (response.StatusCode < 200)
        {
            return response.StatusCode == 101 ? Tunnel.TryBegin(exchange) : TakeInterim(exchange);
        }

        Outcomes.NoteAnswered(exchange);
        if (IsRetriedFor(exchange))
        {
            return false;
        }

        if (exchange.Call?.OtherAfterAnswer(exchange) is { } other)
        {
            Discard(exchange);
            SwitchTo(exchange, other);
            return false;
        }

        if (exchange.Call?.Holds(exchange) == true)
        {
            exchange.Call.OnAnswer(exchange);
            AnswerHold.Start(exchange);
            return true;
        }

        exchange.Call?.OnAnswer(exchange);
        return PassOn(exchange);
    }

    // What is kept of the answer is looked at; true if its head was passed on.
    private static bool AdvanceHeld(Exchange exchange)
    {
        BodyCall call = exchange.Call!;
        if (AnswerHold.Advance(exchange, call, out Service? other))
        {
            exchange.IsAnswerHeld = false;
            return PassOn(exchange);
        }

        if (other is not null)
        {
            Abandon(exchange);
            SwitchTo(exchange, other);
        }

        return false;
    }

    private static bool PassOn(Exchange exchange)
    {
        ResponseHead response = exchange.Response;
        MessageSource source = exchange.UpstreamSource;
        bool isHeld = source.CanRewind;
        exchange.ClientSource.KeepBytesMax = 0;
        exchange.HasResponseStarted = true;
        exchange.Status = response.StatusCode;
        exchange.IsHalfClosed = exchange.ClientLink.HasEnded;
        exchange.ClientWriteMs = exchange.Shard.Loop.NowMs;

        // An answer that overtakes its request leaves body bytes behind it: no next head can follow them.
        exchange.ClosesClient |=
            !exchange.Request.KeepAlive || exchange.IsLast || !exchange.ClientSource.IsComplete;
        Stickiness.NoteAnswer(exchange);
        MiddlewareChain.Leave(exchange);
        if (exchange.LocalAnswer is not null)
        {
            if (isHeld)
            {
                Abandon(exchange);
            }
            else
            {
                Discard(exchange);
            }

            RequestPipeline.WriteAnswer(exchange);
            return true;
        }

        exchange.Call?.OnPassedOn(exchange);
        ResponseHeadWriter.WriteFinal(exchange, isHeld ? source.Head : source.Unread);
        if (isHeld)
        {
            source.Unpin();
        }
        else
        {
            source.Skip(response.Length);
            source.StartBody(response.Framing, response.ContentLength);
        }

        return true;
    }

    private static bool TakeInterim(Exchange exchange)
    {
        ResponseHead response = exchange.Response;
        if (++exchange.InterimCount > InterimMax)
        {
            exchange.RejectReason = RejectReason.None;
            exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamMalformed);
            return false;
        }

        // RFC 9110 section 15.2: never to an HTTP/1.0 client; 100 only to one that waits for it.
        bool isWanted = exchange.Request.MinorVersion > 0
            && (response.StatusCode != 100 || exchange.Request.ExpectsContinue);
        if (isWanted)
        {
            ResponseHeadWriter.WriteInterim(exchange, exchange.UpstreamSource.Unread);
        }

        if (response.StatusCode == 100)
        {
            // From here on the client is the one who is waited for.
            exchange.HasContinued = true;
            exchange.ClientReadMs = exchange.Shard.Loop.NowMs;
            exchange.BodyStartedMs = exchange.Shard.Loop.NowMs;
        }

        exchange.UpstreamSource.Skip(response.Length);
        response.Reset();
        if (exchange.ClientSink.HasPending && exchange.ClientSink.Flush() == SinkStatus.Broken)
        {
            exchange.Fault = Fault.ClientGone;
            return false;
        }

        return true;
    }

    /// <summary>
    /// The server ended the connection before it sent a whole head: 502, unless the request may go again.
    /// </summary>
    private static void UpstreamGone(Exchange exchange)
    {
        bool isUntouched = exchange.Upstream!.IsReused && exchange.UpstreamSource.BytesRead == 0
            && exchange.InterimCount == 0 && exchange.ClientSource.CanRewind;
        bool mayRepeat = exchange.UpstreamSink.BytesSent == 0 || exchange.MayRepeat;
        if (isUntouched && mayRepeat)
        {
            // The pooled connection had been closed while idle. A fresh one cannot be stale, so this happens once.
            exchange.Shard.Counters.Add(Counter.UpstreamStale);
            Abandon(exchange);
            Restart(exchange, mayReuse: false);
        }
        else if (!TryAgain(exchange, RetryCauses.Reset, FaultKind.UpstreamClosed))
        {
            exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamClosed, Again.Never);
        }
    }

    // Another server may do better than the status this one answered with. If none is there the answer stands, and so
    // it does if its server asked to be left alone for a while and there is no other.
    private static bool IsRetriedFor(Exchange exchange)
    {
        if (!Retry.IsWanted(exchange, RetryCauses.Status))
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
        Discard(exchange);
        exchange.Server = next;
        Restart(exchange, mayReuse: true);
        return true;
    }

    // The answer of a connection that is not wanted: if it is here whole the connection may be used again.
    private static void Discard(Exchange exchange)
    {
        MessageSource source = exchange.UpstreamSource;
        source.Skip(exchange.Response.Length);
        source.StartBody(exchange.Response.Framing, exchange.Response.ContentLength);
        BodyStep step = BodyStep.Data;
        for (int piece = 0; step == BodyStep.Data && piece < DiscardPiecesMax; piece++)
        {
            step = source.Next(out ReadOnlySpan<byte> payload);
            source.Advance(payload.Length);
        }

        if (step == BodyStep.End)
        {
            Release(exchange);
        }
        else
        {
            Abandon(exchange);
        }
    }

    private static void Finish(Exchange exchange)
    {
        exchange.IsResponseDone = true;
        Release(exchange);
        exchange.Phase = ExchangePhase.Done;
    }

    // The answer is through, to its end.
    private static void Release(Exchange exchange)
    {
        UpstreamConnection upstream = exchange.Upstream!;
        exchange.UpstreamSource.EndMessage();

        // The boundary is proven: whole request sent, answer ended by its own framing, not a byte after it.
        bool isClean = exchange.IsRequestSent && exchange.Response.KeepAlive && !exchange.UpstreamSink.HasPending
            && exchange.UpstreamSource.Unread.IsEmpty && !exchange.UpstreamSource.HasSeenEnd;
        Detach(exchange);
        if (isClean)
        {
            upstream.Pool.Put(upstream);
        }
        else
        {
            upstream.Link.Close();
        }
    }
}
