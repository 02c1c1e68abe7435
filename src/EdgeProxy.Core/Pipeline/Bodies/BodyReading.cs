using System;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// Reads a request's body whole for a <see cref="BodyService"/>, within limit and budget, before step (4).
/// </summary>
internal static class BodyReading
{
    private const int PiecesPerTurnMax = 32;

    /// <summary>The body is wanted. Goes on with <see cref="Advance"/>.</summary>
    public static void Start(Exchange exchange, BodyService service)
    {
        if (service.Begin(exchange) is not { } call)
        {
            EndUnlessFault(exchange);
            return;
        }

        Start(exchange, call);
    }

    /// <summary>As above, with what has the body.</summary>
    public static void Start(Exchange exchange, BodyCall call)
    {
        exchange.Call = call;
        RequestHead request = exchange.Request;
        if (request.Framing == BodyFraming.ContentLength && request.ContentLength > call.BodyBytesMax)
        {
            Refuse(exchange, isTooLong: true);
            return;
        }

        long nowMs = exchange.Shard.Loop.NowMs;
        exchange.Phase = ExchangePhase.Reading;
        exchange.ClientReadMs = nowMs;
        exchange.BodyStartedMs = nowMs;
        exchange.BodyBytesBefore = exchange.ClientSource.BytesRead;
        exchange.ClientSource.KeepsHead = true;
        if (exchange.IsAwaitingContinue)
        {
            Continue(exchange);
        }
    }

    /// <summary>
    /// It is the proxy that reads the body, so it is the proxy that asks for it (RFC 9110 section 10.1.1).
    /// </summary>
    public static void Continue(Exchange exchange)
    {
        exchange.ClientSink.Append("HTTP/1.1 100 Continue\r\n\r\n"u8);
        exchange.HasContinued = true;
        _ = exchange.ClientSink.Flush();
    }

    /// <summary>Reads on; when the body is whole the service says what becomes of it.</summary>
    public static void Advance(Exchange exchange)
    {
        MessageSource source = exchange.ClientSource;
        BodyCall call = exchange.Call!;
        exchange.RequestPump = PumpStatus.WaitSource;
        for (int piece = 0; piece < PiecesPerTurnMax; piece++)
        {
            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            switch (step)
            {
                case BodyStep.Data:
                    if (!TryKeep(exchange, call, payload))
                    {
                        return;
                    }

                    source.Advance(payload.Length);
                    exchange.ClientReadMs = exchange.Shard.Loop.NowMs;
                    break;
                case BodyStep.Wait:
                    return;
                case BodyStep.End:
                    Whole(exchange, call);
                    return;
                case BodyStep.Malformed:
                    exchange.RejectReason = source.Reason;
                    exchange.Fault = Fault.Rejected;
                    return;
                default:
                    exchange.Fault = Fault.ClientGone;
                    return;
            }
        }

        exchange.RequestPump = PumpStatus.Yield;
    }

    private static bool TryKeep(Exchange exchange, BodyCall call, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > call.BodyBytesMax - call.Body.Length)
        {
            Refuse(exchange, isTooLong: true);
            return false;
        }

        RequestHead request = exchange.Request;
        int wanted = request.Framing == BodyFraming.ContentLength ? (int)request.ContentLength : 0;
        if (!call.Body.TryAppend(payload, wanted))
        {
            Refuse(exchange, isTooLong: false);
            return false;
        }

        return true;
    }

    private static void Whole(Exchange exchange, BodyCall call)
    {
        exchange.Phase = ExchangePhase.Head;
        if (exchange.Whole.HasRequest)
        {
            exchange.ClientSource.LetGoOfBody(); // there are two of it now
            exchange.Whole.GiveRequest();
        }

        Verdict verdict = call.OnBody(exchange);
        if (verdict != Verdict.Pending)
        {
            Resume(exchange, verdict);
        }
    }

    /// <summary>What becomes of the body is known, now or after it was pending.</summary>
    public static void Resume(Exchange exchange, Verdict verdict)
    {
        if (verdict == Verdict.Next)
        {
            if (ServiceChoice.TryPass(exchange, exchange.Shard.NextLot()))
            {
                Forwarder.StartChosen(exchange);
            }

            return;
        }

        EndUnlessFault(exchange);
    }

    private static void Refuse(Exchange exchange, bool isTooLong)
    {
        exchange.Phase = ExchangePhase.Head;
        exchange.Call!.Body.Release();
        exchange.Call.OnBodyRefused(exchange, isTooLong);
        EndUnlessFault(exchange);
    }

    private static void EndUnlessFault(Exchange exchange)
    {
        if (exchange.Fault.IsNone)
        {
            RequestPipeline.StartAnswer(exchange);
        }
    }
}
