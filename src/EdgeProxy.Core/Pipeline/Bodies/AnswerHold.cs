using System;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// Keeps the beginning of an answer back until the call knows that it is one: as long as nothing was passed on, another
/// service can be asked. What is kept is the head, in its source's block, and what the call let through, in its Output.
/// </summary>
internal static class AnswerHold
{
    // What comes before content is a few short events; an answer that says more is taken as it is.
    private const int HeldBytesMax = 64 * 1024;

    // Events that are no content are looked at a turn at a time, as a body is moved: there may be no end to them.
    private const int PiecesPerTurnMax = 32;

    /// <summary>Starts to keep the answer whose head is unread in the exchange's source.</summary>
    public static void Start(Exchange exchange)
    {
        MessageSource source = exchange.UpstreamSource;
        source.Pin(exchange.Response.Length);
        source.KeepsHead = true;
        source.StartBody(exchange.Response.Framing, exchange.Response.ContentLength);
        exchange.IsAnswerHeld = true;
    }

    /// <summary>
    /// Reads on. True if the answer is to be passed on from here; false if it waits, lets others have their turn, or
    /// has a fault.
    /// </summary>
    public static bool Advance(Exchange exchange, BodyCall call, out Service? other)
    {
        other = null;
        MessageSource source = exchange.UpstreamSource;
        exchange.ResponsePump = call.IsWaiting ? PumpStatus.WaitCall : PumpStatus.WaitSource;
        for (int piece = 0; !call.HasEnded; piece++)
        {
            if (piece == PiecesPerTurnMax)
            {
                exchange.ResponsePump = PumpStatus.Yield;
                return false;
            }

            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            switch (step)
            {
                case BodyStep.Data:
                    call.Hold(payload);
                    source.Advance(payload.Length);
                    exchange.UpstreamReadMs = exchange.Shard.Loop.NowMs;
                    break;
                case BodyStep.End:
                    call.HasEnded = true;
                    call.TakeEnd();
                    break;
                case BodyStep.Wait:
                    return false;
                case BodyStep.Malformed:
                    exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamMalformed);
                    return false;
                default:
                    exchange.Fault = Fault.OfUpstream(FaultKind.UpstreamClosed);
                    return false;
            }

            if (call.HasFailedWithin && (other = call.OtherAfterFault(exchange)) is not null)
            {
                return false;
            }

            if (call is { IsWaiting: true, HasEnded: true })
            {
                break; // what comes of it may be another answer
            }

            if (call.HasContent || call.HasFailedWithin || call.Output.Length > HeldBytesMax)
            {
                return true;
            }
        }

        exchange.ResponsePump = call.IsWaiting ? PumpStatus.WaitCall : exchange.ResponsePump;
        return !call.IsWaiting;
    }

    /// <summary>What is kept of an answer is dropped; nothing of it was passed on.</summary>
    public static void Drop(Exchange exchange, BodyCall call)
    {
        exchange.IsAnswerHeld = false;
        call.Output.Release();
        call.HasEnded = false;
    }
}
