using System;
using System.Text;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.WebSocket;
using EdgeProxy.Services;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>What follows a 101: bytes in both directions until both ended, or one broke.</summary>
internal static class Tunnel
{
    /// <summary>
    /// A client that asked for a tunnel by CONNECT gets none of a server that would be asked for a page: what that
    /// answers the client would take for the tunnel (RFC 8441 section 5). The page of an error is told under the
    /// error's status.
    /// </summary>
    public static bool IsAskedOf(Exchange exchange, Server server) =>
        exchange.Call is null ? !server.IsHttp2 && exchange.Request.WantsUpgrade : IsOfErrorPage(exchange);

    public static bool IsOfErrorPage(Exchange exchange) => exchange.Call is { PagePath.IsEmpty: false };

    /// <summary>A 101 came: the end of HTTP on both connections, or a fault.</summary>
    public static bool TryBegin(Exchange exchange)
    {
        // RFC 9110 section 15.2.2: 101 answers a request to upgrade, and says to what.
        // A server whose request was made here was never asked to.
        bool isAsked = exchange.Request.WantsUpgrade && exchange.Call is null;
        if (!isAsked || !exchange.Response.HasUpgrade || !exchange.IsRequestSent)
        {
            exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamMalformed);
            return false;
        }

        exchange.Shard.Counters.Add(Counter.Tunnels);
        exchange.HasResponseStarted = true;
        exchange.Status = 101;
        exchange.Record.AnswerTry(exchange, 101);
        exchange.ClosesClient = true;
        ResponseHeadWriter.WriteInterim(exchange, exchange.UpstreamSource.Unread);
        exchange.BodyStartedMs = exchange.Shard.Loop.NowMs;
        exchange.WebSocket = IsWebSocket(exchange) ? new WebSocketTunnel() : null;
        exchange.UpstreamSource.Skip(exchange.Response.Length);
        exchange.ClientSource.EndMessage(); // its head and trailers are not the tunnel's first bytes
        exchange.ClientSource.StartBody(BodyFraming.UntilClose, 0);
        exchange.UpstreamSource.StartBody(BodyFraming.UntilClose, 0);
        exchange.ClientSink.StartBody(isChunked: false);
        exchange.UpstreamSink.StartBody(isChunked: false);

        // The pump of the request's own body is done; the tunnel's begins.
        exchange.RequestPump = PumpStatus.WaitSource;
        exchange.ResponsePump = PumpStatus.WaitSource;
        exchange.Phase = ExchangePhase.Tunnel;
        exchange.Audit?.BeginTunnel();
        return true;
    }

    /// <summary>Moves what there is, both ways.</summary>
    public static void Advance(Exchange exchange)
    {
        if (exchange.Audit?.MayEnd(exchange) == false)
        {
            exchange.ResponsePump = PumpStatus.WaitRecord;
            return;
        }

        long nowMs = exchange.Shard.Loop.NowMs;
        long clientBefore = exchange.ClientSource.BytesRead;
        long upstreamBefore = exchange.UpstreamSource.BytesRead;
        if (exchange.WebSocket is { } webSocket)
        {
            if (Advance(exchange, webSocket))
            {
                End(exchange);
                return;
            }
        }
        else
        {
            AdvancePlain(exchange);
        }

        if (exchange.ClientSource.BytesRead != clientBefore)
        {
            exchange.ClientReadMs = nowMs;
        }

        if (exchange.UpstreamSource.BytesRead != upstreamBefore)
        {
            exchange.UpstreamReadMs = nowMs;
        }

        bool isOver = exchange.RequestPump == PumpStatus.Done && exchange.ResponsePump == PumpStatus.Done;
        bool isBroken = exchange.RequestPump is PumpStatus.SourceBroken or PumpStatus.SinkBroken
            || exchange.ResponsePump is PumpStatus.SourceBroken or PumpStatus.SinkBroken
            || (exchange.ResponsePump == PumpStatus.Done && exchange.Upstream!.Link.IsBroken);
        if (isOver || isBroken)
        {
            End(exchange);
        }
    }

    private static void AdvancePlain(Exchange exchange)
    {
        if (exchange.RequestPump != PumpStatus.Done)
        {
            PumpStatus status = BodyPump.Run(exchange.ClientSource, exchange.UpstreamSink);
            exchange.RequestPump = AfterPump(status, exchange.Upstream!.Link);
        }

        if (exchange.ResponsePump != PumpStatus.Done)
        {
            PumpStatus status = BodyPump.Run(exchange.UpstreamSource, exchange.ClientSink);
            exchange.ResponsePump = AfterPump(status, exchange.ClientLink);
        }
    }

    // RFC 6455 section 11.3.4: one protocol, whatever its case.
    private static bool IsWebSocket(Exchange exchange) =>
        exchange.Response.TryFind("upgrade"u8, exchange.UpstreamSource.Unread, out ReadOnlySpan<byte> protocol)
        && Ascii.EqualsIgnoreCase(protocol, "websocket"u8);

    /// <summary>The same where frames pass; true when the client was told that the proxy goes away.</summary>
    private static bool Advance(Exchange exchange, WebSocketTunnel webSocket)
    {
        bool isGoing = webSocket.EndingSinceMs >= 0 || exchange.Entry.IsDraining;
        if (exchange.RequestPump != PumpStatus.Done && !webSocket.IsTold)
        {
            exchange.RequestPump = Pump(
                exchange.ClientSource, exchange.UpstreamSink, exchange.Upstream!.Link, ref webSocket.ToServer, false);
        }

        if (exchange.ResponsePump != PumpStatus.Done && !webSocket.IsTold)
        {
            exchange.ResponsePump = Pump(
                exchange.UpstreamSource, exchange.ClientSink, exchange.ClientLink, ref webSocket.ToClient, isGoing);
        }

        if (isGoing && !webSocket.IsTold && exchange.ResponsePump == PumpStatus.WaitSource
            && webSocket.ToClient.IsBetween)
        {
            webSocket.Tell(exchange.ClientSink, exchange.UpstreamSink);
        }

        if (!webSocket.IsTold)
        {
            return false;
        }

        SinkStatus told = exchange.ClientSink.Flush();
        exchange.ResponsePump = told == SinkStatus.Wait ? PumpStatus.WaitSink : PumpStatus.Done;
        _ = exchange.UpstreamSink.Flush(); // a server that takes nothing more hears the end of the connection
        if (told == SinkStatus.Ok)
        {
            exchange.ClientLink.EndWrites();
            exchange.Shard.Counters.Add(Counter.TunnelTimeouts, webSocket.EndingSinceMs >= 0 ? 1 : 0);
        }

        return told != SinkStatus.Wait;
    }

    // One direction ends with the sender's FIN, passed on; the other may go on (half-close).
    private static PumpStatus Pump(
        MessageSource source, MessageSink sink, ByteLink to, ref FrameTrack frames, bool endsBetween) =>
        AfterPump(BodyPump.Run(source, sink, ref frames, endsBetween), to);

    private static PumpStatus AfterPump(PumpStatus status, ByteLink to)
    {
        if (status == PumpStatus.Done)
        {
            to.EndWrites();
        }

        return status;
    }

    private static void End(Exchange exchange)
    {
        UpstreamConnection upstream = exchange.Upstream!;
        Forwarder.Detach(exchange);
        upstream.Link.Close();
        exchange.Phase = ExchangePhase.Done;
    }
}
