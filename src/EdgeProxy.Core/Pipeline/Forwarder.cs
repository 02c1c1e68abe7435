using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Services;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Steps (4) and (5): picks a server, gets a connection to it, sends head and body; what comes back is
/// <see cref="Answering"/>'s, and what is tried again <see cref="FurtherTries"/>'s. A state machine that runs until
/// both links would block; the links' owner calls it when they can go on.
/// </summary>
internal static class Forwarder
{
    /// <summary>Picks a server and takes or opens a connection. On failure the exchange's fault is set.</summary>
    public static void Start(Exchange exchange)
    {
        exchange.HasConnectionCredentials = ConnectionBinding.HasCredentials(exchange);
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
        if (exchange.Phase == ExchangePhase.Reading && exchange.Whole.Reader is not null)
        {
            WholeRequest.Advance(exchange);
        }

        if (exchange.Phase == ExchangePhase.Reading && exchange.Whole.Reader is null)
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
                Answering.Advance(exchange);
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
        ConnectRace.End(exchange);
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
        Part(exchange);
    }

    /// <summary>As above; what came by it stays.</summary>
    public static void Part(Exchange exchange)
    {
        exchange.UpstreamSink.Unbind();
        exchange.Upstream = null;
        exchange.Server!.Load(exchange.Shard.Loop.Index).Leave();
        exchange.Record.EndTry(exchange);
    }

    /// <summary>Takes or opens a connection to the exchange's server; what is left of a try begins.</summary>
    public static void StartOn(Exchange exchange, bool mayReuse)
    {
        Server server = exchange.Server!;
        Shard shard = exchange.Shard;
        if (exchange.ClientLink.AsksForTunnel && !Tunnel.IsAskedOf(exchange, server))
        {
            exchange.Fault = Fault.NoTunnel;
            return;
        }

        ServerPool? pool = server.Pool(shard.Loop.Index);
        if (pool is null)
        {
            pool = new ServerPool(server, shard.Loop, shard.Counters);
            server.SetPool(shard.Loop.Index, pool);
        }

        exchange.Tries++;
        exchange.TryStartedMs = shard.Loop.NowMs;
        exchange.Answered = default;
        exchange.Trace.TrySpan = shard.Ids.Next() | 1;
        ConnectionEnds client = server.EndsOf(exchange.ClientLink);
        UpstreamConnection? connection = mayReuse ? ConnectionBinding.Take(exchange, pool, client) : null;
        if (connection is not null)
        {
            shard.Counters.Add(Counter.UpstreamReuses);
            exchange.Record.BeginTry(exchange, isReused: true);
            Attach(exchange, connection);
            SendHead(exchange);
            return;
        }

        exchange.Record.BeginTry(exchange, isReused: false);
        connection = pool.Connect(server.Address!, exchange.Owner, client);
        Attach(exchange, connection);
        exchange.Phase = ExchangePhase.Connecting;
        exchange.ConnectStartedMs = shard.Loop.NowMs;
        AdvanceConnect(exchange);
    }

    /// <summary>The exchange is served by this connection from here on.</summary>
    public static void Attach(Exchange exchange, UpstreamConnection connection)
    {
        exchange.Upstream = connection;
        exchange.Server!.Load(exchange.Shard.Loop.Index).Enter();
        exchange.UpstreamSource.Bind(connection.Link, exchange.Shard.Loop.Blocks, HeadLimits.Default);
        exchange.UpstreamSink.Bind(connection.Link, exchange.Shard.Loop.Blocks);
    }

    private static void AdvanceConnect(Exchange exchange)
    {
        if (ConnectRace.TryFinish(exchange))
        {
            SendHead(exchange);
            return;
        }

        UpstreamConnection upstream = exchange.Upstream!;
        if (upstream.Link.IsBroken)
        {
            exchange.Shard.Counters.Add(Counter.UpstreamConnectFailures);
            FurtherTries.ConnectFailed(exchange, FaultKind.ConnectFailed);
        }
        else if (upstream.Link.IsConnected)
        {
            SendHead(exchange);
        }
    }

    private static void SendHead(Exchange exchange)
    {
        ConnectRace.Win(exchange);
        Server server = exchange.Server!;
        if (server.NoteSuccess())
        {
            exchange.Shard.Reports.ConnectWorks(server);
        }

        ConnectionBinding.NoteRequest(exchange);
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
            : exchange.Mirror is { } mirror ? BodyPump.Run(exchange.ClientSource, mirror, exchange.UpstreamSink)
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
                Mirrors.Send(exchange);
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
}
