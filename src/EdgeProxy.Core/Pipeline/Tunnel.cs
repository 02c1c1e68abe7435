using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
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
        exchange.RequestPump = PumpOneWay(
            exchange.ClientSource, exchange.UpstreamSink, exchange.Upstream!.Link, exchange.RequestPump);
        exchange.ResponsePump = PumpOneWay(
            exchange.UpstreamSource, exchange.ClientSink, exchange.ClientLink, exchange.ResponsePump);
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
            || (exchange.ResponsePump == PumpStatus.Done && exchange.Upstream.Link.IsBroken);
        if (isOver || isBroken)
        {
            UpstreamConnection upstream = exchange.Upstream!;
            Forwarder.Detach(exchange);
            upstream.Link.Close();
            exchange.Phase = ExchangePhase.Done;
        }
    }

    // One direction ends with the sender's FIN, passed on; the other may go on (half-close).
    private static PumpStatus PumpOneWay(MessageSource source, MessageSink sink, ByteLink to, PumpStatus last)
    {
        if (last == PumpStatus.Done)
        {
            return last;
        }

        PumpStatus status = BodyPump.Run(source, sink);
        if (status == PumpStatus.Done)
        {
            to.EndWrites();
        }

        return status;
    }
}
