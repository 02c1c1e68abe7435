using System;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Health;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Steps (5) and (6), what comes back: reads the answer's head, decides whether it is this answer that the client gets,
/// and moves its body.
/// </summary>
internal static class Answering
{
    // 1xx responses passed on before the final one; a server that sends more is broken (reliability 5-13: 1,000 x 103).
    private const int InterimMax = 16;

    // What is read of an answer that is not passed on.
    private const int DiscardPiecesMax = 4;

    /// <summary>Goes on as far as the links allow.</summary>
    public static void Advance(Exchange exchange)
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
            if (!(exchange.IsAnswerHeld ? AdvanceHeld(exchange) : AdvanceHead(exchange)))
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
        PumpStatus status = exchange.Audit is not null ? AuditedPump.Run(exchange)
            : exchange.Call is { } call ? BodyPump.Run(exchange.UpstreamSource, call, exchange.ClientSink)
            : exchange.AnswerFilter is { } filter
                ? BodyPump.Run(exchange, filter)
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
            case PumpStatus.EndedEarly:
                exchange.IsResponseDone = true;
                Forwarder.Abandon(exchange); // the server is told by that
                exchange.Phase = ExchangePhase.Done;
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
    private static bool AdvanceHead(Exchange exchange)
    {
        MessageSource source = exchange.UpstreamSource;
        if (!source.Unread.IsEmpty)
        {
            switch (ResponseHeadReader.Read(source.Unread, HeadLimits.Default, MethodOf(exchange), exchange.Response))
            {
                case ParseStatus.Complete:
                    return TakeHead(exchange);
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
                FurtherTries.UpstreamGone(exchange);
                return false;
        }
    }

    // A page of an error's is asked for by GET, whatever the client sent.
    private static Method MethodOf(Exchange exchange) =>
        exchange is { Call.PagePath.IsEmpty: false, Request.Method: not Method.Head }
            ? Method.Get
            : exchange.Request.Method;

    private static bool TakeHead(Exchange exchange)
    {
        ResponseHead response = exchange.Response;
        MessageSource source = exchange.UpstreamSource;
        if (response.StatusCode < 200)
        {
            return response.StatusCode == 101 ? Tunnel.TryBegin(exchange) : TakeInterim(exchange);
        }

        Outcomes.NoteAnswered(exchange);
        ConnectionBinding.NoteAnswer(exchange);
        if (exchange.ClientLink.AsksForTunnel && response.StatusCode < 300 && !Tunnel.IsOfErrorPage(exchange))
        {
            exchange.Fault = Fault.TunnelIgnored;
            return false;
        }

        VersionNotes.Look(exchange);
        if (FurtherTries.IsRetriedFor(exchange) || FurtherTries.FallBackAfterAnswer(exchange))
        {
            return false;
        }

        if (exchange.Call?.OtherAfterAnswer(exchange) is { } other)
        {
            Discard(exchange);
            FurtherTries.SwitchTo(exchange, other);
            return false;
        }

        if (exchange.Call?.MayGiveUp(exchange) != true && ErrorPages.TryAsk(exchange, response.StatusCode))
        {
            return false;
        }

        if (WholeAnswer.IsWanted(exchange) && WholeAnswer.TryStart(exchange))
        {
            return true;
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
        if (exchange.Whole.IsReadingAnswer)
        {
            return WholeAnswer.Advance(exchange) && PassOnRead(exchange);
        }

        BodyCall call = exchange.Call!;
        if (AnswerHold.Advance(exchange, call, out Service? other))
        {
            exchange.IsAnswerHeld = false;
            return PassOn(exchange);
        }

        if (other is not null)
        {
            if (call.HasEnded)
            {
                Release(exchange);
            }

            Forwarder.Abandon(exchange);
            FurtherTries.SwitchTo(exchange, other);
        }

        return false;
    }

    // What was read of the answer, whole or the begin of one that is too long, is in memory behind its head.
    private static bool PassOnRead(Exchange exchange)
    {
        bool isClean = IsClean(exchange) && exchange.UpstreamSource.IsAtBoundary;
        exchange.UpstreamSource.Rewind();
        exchange.UpstreamSource.KeepBytesMax = 0;
        exchange.IsAnswerHeld = false;
        PassOn(exchange);
        if (exchange.Whole.HasAnswer)
        {
            WholeAnswer.Part(exchange, isClean);
        }

        return true;
    }

    private static bool PassOn(Exchange exchange)
    {
        ResponseHead response = exchange.Response;
        MessageSource source = exchange.UpstreamSource;
        bool isHeld = source.CanRewind;
        exchange.ClientSource.KeepBytesMax = 0;
        exchange.HasResponseStarted = true;
        exchange.Status = exchange.Call is { Status: > 0 } call ? call.Status : response.StatusCode;
        exchange.IsHalfClosed = exchange.ClientLink.HasEnded;
        exchange.ClientWriteMs = exchange.Shard.Loop.NowMs;

        // An answer that overtakes its request leaves body bytes behind it: no next head can follow them.
        exchange.ClosesClient |=
            !exchange.Request.KeepAlive || exchange.IsLast || !IsBodyTaken(exchange);
        Stickiness.NoteAnswer(exchange);
        MiddlewareChain.Leave(exchange);
        if (exchange.LocalAnswer is not null)
        {
            if (!isHeld)
            {
                Discard(exchange);
            }
            else if (!exchange.Whole.HasAnswer)
            {
                Forwarder.Abandon(exchange);
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

    // A page takes the place of an answer of our own, and what of the body comes after it is thrown away as with that.
    private static bool IsBodyTaken(Exchange exchange) =>
        exchange.ClientSource.IsComplete
        || (exchange.Call is { PagePath.IsEmpty: false } && ErrorResponses.CanDiscard(exchange));

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
        bool isWanted = exchange.Request.MinorVersion > 0 && exchange.Call is not { PagePath.IsEmpty: false }
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
    /// An answer that is not wanted, its head unread still: if it is here whole its connection may be used again.
    /// </summary>
    public static void Discard(Exchange exchange)
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
            Forwarder.Abandon(exchange);
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
        exchange.UpstreamSource.EndMessage();
        FaultWatch.NoteWhole(exchange.Server!, exchange.Answered);
        if (exchange.Upstream is not { } upstream)
        {
            exchange.UpstreamSource.Unbind(); // its connection went before it
            return;
        }

        bool isClean = IsClean(exchange) && exchange.UpstreamSource.Unread.IsEmpty;
        Forwarder.Detach(exchange);
        if (isClean)
        {
            ConnectionBinding.Put(exchange, upstream);
        }
        else
        {
            upstream.Link.Close();
        }
    }

    // The boundary is proven, if no byte came after the answer: whole request sent, answer ended by its own framing.
    private static bool IsClean(Exchange exchange) =>
        exchange.IsRequestSent && exchange.Response.KeepAlive && !exchange.UpstreamSink.HasPending
        && !exchange.UpstreamSource.HasSeenEnd;
}
