using System;
using System.Text;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// Reads a server's answer whole before any of it is passed on: what fails on the way can still become another try or
/// an answer of our own, and its connection is given back however slow the client is.
/// </summary>
internal static class WholeAnswer
{
    private const int PiecesPerTurnMax = 32;

    private static readonly MediaRange Events = MediaRange.Parse("text/event-stream")!;
    private static readonly MediaRange Grpc = MediaRange.Parse("application/grpc*")!;

    /// <summary>
    /// A middleware wants it whole, and it can be: it has a body, and is no stream by its type or by its own word.
    /// </summary>
    public static bool IsWanted(Exchange exchange)
    {
        ResponseHead response = exchange.Response;
        if (exchange.Whole.AnswerBytesMax == 0 || response.Framing == BodyFraming.None || exchange.Call is not null)
        {
            return false;
        }

        ReadOnlySpan<byte> head = exchange.UpstreamSource.Unread;
        if (response.TryFind("content-type"u8, head, out ReadOnlySpan<byte> type)
            && (Events.Has(type) || Grpc.Has(type)))
        {
            return false;
        }

        return !response.TryFind("x-accel-buffering"u8, head, out ReadOnlySpan<byte> word)
            || !Ascii.EqualsIgnoreCase(word, "no"u8);
    }

    /// <summary>
    /// Starts to read the answer whose head is unread in the exchange's source. False: it is passed on.
    /// </summary>
    public static bool TryStart(Exchange exchange)
    {
        ResponseHead response = exchange.Response;
        WholeBodies whole = exchange.Whole;
        bool isLonger = response.Framing == BodyFraming.ContentLength
            && response.ContentLength > whole.AnswerBytesMax;
        if (isLonger && !whole.RefusesLongerAnswer)
        {
            return false;
        }

        MessageSource source = exchange.UpstreamSource;
        source.Pin(response.Length);
        source.KeepBytesMax = WholeBodies.RoomBytesMax(whole.AnswerBytesMax, response);
        source.StartBody(response.Framing, response.ContentLength);
        exchange.IsAnswerHeld = true;
        whole.IsReadingAnswer = true;
        if (isLonger)
        {
            exchange.Fault = new Fault(FaultKind.AnswerTooLong, FaultSide.Proxy, Again.Never);
        }

        return true;
    }

    /// <summary>
    /// Reads on. True if the answer is to be passed on from its start; false if it waits, lets others have their turn,
    /// or has a fault, or another try began.
    /// </summary>
    public static bool Advance(Exchange exchange)
    {
        MessageSource source = exchange.UpstreamSource;
        WholeBodies whole = exchange.Whole;
        exchange.ResponsePump = PumpStatus.WaitSource;
        for (int piece = 0; piece < PiecesPerTurnMax && exchange.Fault.IsNone; piece++)
        {
            // Looked at before more is read: with no room left for it the head would be given up.
            if (source.KeptBytes >= WholeBodies.KeptBytesMax(whole.AnswerBytesMax)
                || !whole.TryChargeAnswer(source.RoomBytes))
            {
                return LetGo(exchange);
            }

            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            switch (step)
            {
                case BodyStep.Data when source.PayloadTaken + payload.Length > whole.AnswerBytesMax:
                    return LetGo(exchange);
                case BodyStep.Data:
                    source.Advance(payload.Length);
                    exchange.UpstreamReadMs = exchange.Shard.Loop.NowMs;
                    break;
                case BodyStep.End:
                    whole.IsReadingAnswer = false;
                    whole.HasAnswer = true;
                    return true;
                case BodyStep.Wait:
                    return false;
                case BodyStep.Malformed:
                    exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamMalformed);
                    return false;
                default:
                    FurtherTries.AnswerCut(exchange, RetryCauses.Reset, FaultKind.UpstreamClosed);
                    return false;
            }
        }

        exchange.ResponsePump = exchange.Fault.IsNone ? PumpStatus.Yield : PumpStatus.WaitSource;
        return false;
    }

    /// <summary>
    /// The head was passed on: with the body here the connection is done with, whatever the client does.
    /// </summary>
    public static void Part(Exchange exchange, bool isClean)
    {
        UpstreamConnection upstream = exchange.Upstream!;
        exchange.UpstreamSource.LetGoOfLink();
        Forwarder.Part(exchange);
        if (isClean)
        {
            ConnectionBinding.Put(exchange, upstream);
        }
        else
        {
            upstream.Link.Close();
        }

        Capacity.Leave(exchange);
    }

    // Longer than is held: it goes on as it comes, from its start, or is none.
    private static bool LetGo(Exchange exchange)
    {
        if (exchange.Whole.RefusesLongerAnswer)
        {
            exchange.Fault = new Fault(FaultKind.AnswerTooLong, FaultSide.Proxy, Again.Never);
            return false;
        }

        exchange.Whole.IsReadingAnswer = false;
        return true;
    }
}
