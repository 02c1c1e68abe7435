using System;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Halting;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Routing;
using EdgeProxy.Services;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>What the entrypoint does next with an exchange.</summary>
internal enum ExchangeStatus : byte
{
    /// <summary>Waits; arm the timer and call again when a link is ready.</summary>
    Pending,

    /// <summary>Has more to do, but others come first: call again in the next turn of the loop.</summary>
    Yielded,

    /// <summary>Answered in full. ClosesClient says whether the connection goes on.</summary>
    Finished,

    /// <summary>Cannot be answered, or not in full: end the connection so that the client can tell.</summary>
    Cut,
}

/// <summary>
/// The life of a request from its head to its record, in the numbered steps of src/ARCHITECTURE.md. Never blocks;
/// everything
/// happens on the exchange's own loop.
/// </summary>
internal sealed class RequestPipeline(SnapshotCell snapshots)
{
    // Paths up to this are made canonical on the stack; longer ones rent a block.
    private const int ShortPathBytes = 256;

    /// <summary>A head was read: decide, and go as far as possible.</summary>
    public ExchangeStatus Begin(Exchange exchange)
    {
        exchange.Shard.Counters.Add(Counter.Requests);
        exchange.StartedMs = exchange.Shard.Loop.NowMs;

        // (1) One snapshot; the whole exchange sees this configuration and no other.
        exchange.Snapshot = exchange.Entry.Frozen ?? snapshots.Current;
        if (exchange.Entry.LocalService is not null)
        {
            StartLocal(exchange);
            return Advance(exchange);
        }

        Correlation.TakeRequestId(exchange);

        // (2) The canonical path, then the route.
        bool isRouted = TryRoute(exchange);
        Correlation.TakeTrace(exchange);
        exchange.Record.Begin(exchange);
        if (exchange.Route is { Audit: not AuditScope.None })
        {
            AuditLane.Begin(exchange);
        }

        if (isRouted)
        {
            StartSteps(exchange);
        }

        return Advance(exchange);
    }

    /// <summary>(3) Middlewares inbound, from where the exchange is.</summary>
    public static void StartSteps(Exchange exchange)
    {
        if (!IsHalted(exchange) && exchange.Fault.IsNone)
        {
            Proceed(exchange, MiddlewareChain.Enter(exchange));
        }
    }

    /// <summary>The middlewares said how it goes on.</summary>
    private static void Proceed(Exchange exchange, Verdict verdict)
    {
        switch (verdict)
        {
            case Verdict.Next when IsHalted(exchange):
                break; // now that it is known who calls
            case Verdict.Next when exchange.ModelChoice.IsOpen:
                ModelRouting.Start(exchange);
                break;
            case Verdict.Next:
                // (4) Pick a server, (5) connect and forward.
                Forwarder.Start(exchange);
                break;
            case Verdict.Answered when exchange.Fault.IsNone:
                StartAnswer(exchange);
                break;
        }
    }

    private static bool IsHalted(Exchange exchange)
    {
        HaltSet halts = exchange.Shard.Halts.Current;
        if (halts.IsEmpty || !exchange.Fault.IsNone || !halts.Stops(exchange))
        {
            return false;
        }

        exchange.Fault = Fault.Halted;
        return true;
    }

    /// <summary>Goes on where a middleware, or the local service, was waited for.</summary>
    public static void Resume(Exchange exchange, Verdict verdict)
    {
        if (verdict == Verdict.Pending)
        {
            return; // it waits for something else
        }

        exchange.Phase = ExchangePhase.Head;
        if (exchange.ModelChoice.IsReading)
        {
            ModelRouting.Resume(exchange, verdict);
            return;
        }

        if (exchange.Call is { IsAsking: true })
        {
            BodyReading.Resume(exchange, verdict);
            return;
        }

        verdict = MiddlewareChain.Resume(exchange, verdict);
        Proceed(exchange, verdict == Verdict.Next ? MiddlewareChain.Enter(exchange) : verdict);
    }

    /// <summary>A request that never came to a whole, valid head is answered, too.</summary>
    public static ExchangeStatus Reject(Exchange exchange, FaultKind kind, RejectReason reason)
    {
        exchange.RejectReason = reason;
        exchange.Fault = Fault.OfClient(kind);
        return Advance(exchange);
    }

    /// <summary>Goes on after a link became ready, or after a fault was set.</summary>
    public static ExchangeStatus Advance(Exchange exchange)
    {
        if (exchange.Fault.IsNone)
        {
            if (IsClientGone(exchange))
            {
                exchange.Fault = Fault.ClientGone;
            }
            else if (exchange.Phase is >= ExchangePhase.Reading and <= ExchangePhase.Tunnel)
            {
                Forwarder.Advance(exchange);
            }
        }

        while (TrySwitch(exchange) || ErrorPages.TryAskAfterFault(exchange))
        {
            Forwarder.Advance(exchange);
        }

        // A fault before the answer began becomes one; after that it can only cut.
        if (!exchange.Fault.IsNone && exchange.Phase is not (ExchangePhase.Local or ExchangePhase.Done))
        {
            if (!TakeFault(exchange))
            {
                return End(exchange, ExchangeStatus.Cut);
            }
        }

        if (exchange.Phase == ExchangePhase.Local)
        {
            AdvanceLocal(exchange);
        }

        return exchange.Phase switch
        {
            ExchangePhase.Done when exchange.Fault.Kind == FaultKind.ClientGone => End(exchange, ExchangeStatus.Cut),
            ExchangePhase.Done => End(exchange, ExchangeStatus.Finished),
            ExchangePhase.Reading or ExchangePhase.Forwarding or ExchangePhase.Tunnel
                when exchange.RequestPump == PumpStatus.Yield || exchange.ResponsePump == PumpStatus.Yield
                => ExchangeStatus.Yielded,
            _ => ExchangeStatus.Pending,
        };
    }

    /// <summary>Ends an exchange from outside; its connection is closed by the caller.</summary>
    public static void Cut(Exchange exchange, Fault fault)
    {
        exchange.Fault = fault;
        End(exchange, ExchangeStatus.Cut);
    }

    /// <summary>The exchange's timer fired: the wait that ran out becomes a fault, if it really did.</summary>
    public static ExchangeStatus OnTimer(Exchange exchange, long nowMs)
    {
        if (Deadlines.Next(exchange, nowMs, out FaultKind kind) > nowMs)
        {
            return ExchangeStatus.Pending;
        }

        switch (kind)
        {
            case FaultKind.ConnectTimeout when ConnectRace.TryBegin(exchange):
                break;
            case FaultKind.ConnectTimeout:
                FurtherTries.ConnectFailed(exchange, kind);
                break;
            case FaultKind.TunnelTimeout when exchange.WebSocket is { EndingSinceMs: < 0 } webSocket:
                webSocket.Expire(nowMs);
                break;
            case FaultKind.WriteTimeout:
            case FaultKind.TunnelTimeout:
                exchange.Fault = Fault.OfClient(kind);
                Forwarder.Abandon(exchange);
                return End(exchange, ExchangeStatus.Cut);
            case FaultKind.AuditStuck:
                exchange.Fault = new Fault(kind, FaultSide.Proxy, Again.Never);
                return End(exchange, ExchangeStatus.Cut);
            case FaultKind.BodyTimeout:
                exchange.Fault = Fault.OfClient(kind);
                break;
            case FaultKind.ResponseTimeout:
                FurtherTries.ResponseLate(exchange);
                break;
            case FaultKind.ResponseIdleTimeout when exchange.Whole.IsReadingAnswer:
                FurtherTries.AnswerCut(exchange, RetryCauses.Timeout, kind);
                break;
            default:
                exchange.Fault = Fault.OfUpstream(kind);
                break;
        }

        return Advance(exchange);
    }

    // (7) Every exchange ends here, answered or cut.
    private static ExchangeStatus End(Exchange exchange, ExchangeStatus status)
    {
        Forwarder.Abandon(exchange);
        Retry.End(exchange);
        Capacity.Leave(exchange);
        Mirrors.End(exchange);
        exchange.Phase = ExchangePhase.Done;
        exchange.EndFilter();
        exchange.Audit?.End(exchange, isCut: status == ExchangeStatus.Cut);
        if (exchange.Call is { } call)
        {
            call.OnEnd(exchange);
            exchange.Call = null;
        }

        MiddlewareChain.End(exchange);
        Recorder.Record(exchange);
        return status;
    }

    private static bool IsClientGone(Exchange exchange)
    {
        if (exchange.ClientLink.IsBroken)
        {
            return true;
        }

        // A client that ended its direction before the answer began waits for it. One that ends it in the middle of an
        // answer has closed: the server is told at once, since an AI's tokens cost money until it is.
        // Who reads bodies is not asked by half-closed connections, so there it is the same before the answer began.
        return exchange.Phase == ExchangePhase.Forwarding && exchange.ClientLink.HasEnded
            && (exchange.HasResponseStarted ? !exchange.IsHalfClosed : exchange.Call is { PagePath.IsEmpty: true });
    }

    // A service did not answer, and whoever chose it knows of another.
    private static bool TrySwitch(Exchange exchange)
    {
        if (exchange.Fault.IsNone || exchange.Fault.Side != FaultSide.Upstream
            || exchange.HasResponseStarted || exchange.Phase is ExchangePhase.Local or ExchangePhase.Done)
        {
            return false;
        }

        if (exchange.Call is not { } call)
        {
            return FurtherTries.FallBackAfterFault(exchange);
        }

        Forwarder.Abandon(exchange);
        if (call.OtherAfterFault(exchange) is not { } other)
        {
            return false;
        }

        FurtherTries.SwitchTo(exchange, other);
        return true;
    }

    private static bool TakeFault(Exchange exchange)
    {
        Forwarder.Abandon(exchange);
        if (exchange.Fault.Kind == FaultKind.ClientGone || exchange.HasResponseStarted)
        {
            return false;
        }

        exchange.LocalAnswer = ErrorResponses.AnswerTo(exchange);
        StartAnswer(exchange);
        return true;
    }

    /// <summary>Begins the exchange's own answer.</summary>
    public static void StartAnswer(Exchange exchange)
    {
        exchange.Status = exchange.LocalAnswer!.Status;
        if (ErrorPages.TryAsk(exchange, exchange.Status))
        {
            return;
        }

        MiddlewareChain.Leave(exchange);
        WriteAnswer(exchange);
    }

    /// <summary>As above, when the middlewares have seen it.</summary>
    public static void WriteAnswer(Exchange exchange)
    {
        if (exchange.ClientLink.AsksForTunnel && exchange.LocalAnswer!.Status is >= 200 and < 300)
        {
            exchange.Fault = Fault.NoTunnel;
            exchange.LocalAnswer = ErrorResponses.AnswerTo(exchange);
        }

        exchange.Status = exchange.LocalAnswer!.Status;
        ErrorResponses.Write(exchange, exchange.LocalAnswer);
        exchange.RequestPump = PumpStatus.WaitSource;
        exchange.ResponsePump = PumpStatus.WaitSource;
        exchange.Phase = ExchangePhase.Local;
        exchange.ClientWriteMs = exchange.Shard.Loop.NowMs;
    }

    private static bool TryRoute(Exchange exchange)
    {
        RequestHead request = exchange.Request;
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        if (request.Host.Length > Exchange.HostBytesMax)
        {
            return Refuse(exchange, RejectReason.HostInvalid);
        }

        exchange.SetHost(request.Host.Of(head));
        exchange.IsHttps = exchange.IsTrustedClient && request.Has(KnownHeader.XForwardedProto)
            ? SaysHttps(request, head)
            : exchange.ClientLink.IsSecure;
        if (!exchange.ClientLink.Serves(exchange.Host)
            || !exchange.Snapshot.Admits(exchange.Entry.Slot, exchange.Host, exchange.ClientLink))
        {
            return Refuse(exchange, RejectReason.HostMisdirected);
        }

        if (!TryMakePathCanonical(exchange, head, out PathTraits traits))
        {
            return false;
        }

        var query = new RouteQuery
        {
            Host = exchange.Host,
            Path = exchange.Path,
            Query = request.Query.Of(head),
            Client = exchange.ClientLink.RemoteAddress,
            Head = request,
            HeadBytes = head,
        };
        exchange.Route = exchange.Snapshot.Match(exchange.Entry.Slot, query, exchange.ModelChoice.Routes);
        if (exchange.Route is not { } route)
        {
            exchange.Fault = Fault.NoRoute;
            return false;
        }

        if (exchange.ModelChoice.IsOpen)
        {
            ModelRouting.Begin(exchange, traits);
            return true;
        }

        RejectReason refusal = CanonicalPath.Refusal(traits, (PathTraits)route.AllowEncoded);
        return refusal == RejectReason.None || Refuse(exchange, refusal);
    }

    // The line the server is told, too: the first of its true name (RequestHeadWriter).
    private static bool SaysHttps(RequestHead request, ReadOnlySpan<byte> head)
    {
        const FieldTraits Refused = FieldTraits.Alias | FieldTraits.ListedInConnection;
        foreach (ref readonly HeaderField field in request.Fields)
        {
            if (field.Known == KnownHeader.XForwardedProto && (field.Traits & Refused) == 0)
            {
                return Ascii.EqualsIgnoreCase(field.Value.Of(head), "https"u8);
            }
        }

        return false;
    }

    [SkipLocalsInit]
    private static bool TryMakePathCanonical(Exchange exchange, ReadOnlySpan<byte> head, out PathTraits traits)
    {
        ReadOnlySpan<byte> path = exchange.Request.Path.Of(head);
        if (path.IsEmpty)
        {
            traits = PathTraits.None;
            return true;
        }

        int bound = CanonicalPath.ScratchBytes(path.Length);
        Block? block = path.Length > ShortPathBytes ? exchange.Shard.Loop.Blocks.Rent(bound) : null;
        Span<byte> scratch = stackalloc byte[ShortPathBytes * 3];
        PathStatus status = CanonicalPath.Read(
            path, block is null ? scratch : block.Free, out int length, out traits, out RejectReason reason);
        if (status == PathStatus.Rewritten)
        {
            if (block is null)
            {
                block = exchange.Shard.Loop.Blocks.Rent(length);
                scratch[..length].CopyTo(block.Free);
            }

            block.Commit(length);
            exchange.RewrittenPath = block;
            return true;
        }

        if (block is not null)
        {
            exchange.Shard.Loop.Blocks.Return(block);
        }

        return status == PathStatus.AlreadyCanonical || Refuse(exchange, reason);
    }

    private static bool Refuse(Exchange exchange, RejectReason reason)
    {
        exchange.RejectReason = reason;
        exchange.Fault = Fault.Rejected;
        return false;
    }

    private static void StartLocal(Exchange exchange)
    {
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        RequestHead request = exchange.Request;
        var local = new LocalRequest(
            Encoding.ASCII.GetString(request.MethodText.Of(head)),
            Encoding.ASCII.GetString(exchange.Path),
            Encoding.ASCII.GetString(request.Query.Of(head)),
            Encoding.ASCII.GetString(request.Authority.Of(head)),
            request.TryFind("origin"u8, head, out _))
        {
            At = exchange.Entry.Address,
            Client = exchange.ClientLink.RemoteAddress.ToString(),
            Accept = request.TryFind("accept"u8, head, out ReadOnlySpan<byte> accept)
                ? Encoding.Latin1.GetString(accept)
                : "",
            Authorization = request.TryFind("authorization"u8, head, out ReadOnlySpan<byte> authorization)
                ? Encoding.Latin1.GetString(authorization)
                : "",
        };
        ILocalService service = exchange.Entry.LocalService!;
        if (request.Framing == BodyFraming.None)
        {
            Deferred.Start(exchange, AnswerAsync(service, local));
            return;
        }

        // Whoever is not let in sends no body into our memory.
        if (service.TurnAway(local) is { } refusal)
        {
            exchange.LocalAnswer = refusal;
            StartAnswer(exchange);
            return;
        }

        var call = new LocalCall(service.BodyBytesMaxOf(local.Path), (one, body) =>
            Deferred.Start(one, AnswerAsync(service, local with { Body = body })));
        exchange.Hold(call.Body, service.Bodies);
        BodyReading.Start(exchange, call);
    }

    private static async ValueTask<Func<Exchange, Verdict>> AnswerAsync(ILocalService service, LocalRequest request)
    {
        LocalAnswer answer = await service.AnswerAsync(request).ConfigureAwait(false);
        return exchange => exchange.Answer(answer);
    }

    private static void AdvanceLocal(Exchange exchange)
    {
        ReadOnlySpan<byte> body = exchange.LocalAnswer!.Body.Span;
        if (exchange.Audit?.MayEnd(exchange, body[exchange.LocalBodySent..]) == false)
        {
            return;
        }

        MessageSink sink = exchange.ClientSink;
        SinkStatus status = SinkStatus.Ok;
        long sentBefore = sink.BytesSent;
        while (status == SinkStatus.Ok && exchange.LocalBodySent < body.Length)
        {
            status = sink.Write(body[exchange.LocalBodySent..], out int taken);
            exchange.LocalBodySent += taken;
        }

        if (status == SinkStatus.Ok)
        {
            status = sink.Flush();
        }

        if (sink.BytesSent != sentBefore)
        {
            exchange.ClientWriteMs = exchange.Shard.Loop.NowMs;
        }

        if (status == SinkStatus.Broken)
        {
            exchange.Fault = Fault.ClientGone;
        }

        if (status != SinkStatus.Wait)
        {
            exchange.Phase = ExchangePhase.Done;
        }
    }
}
