using System;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// Reads a request's body whole within step (3), for a middleware, and goes back to its start: whoever is next finds
/// the request as it came, with nothing left to wait for.
/// </summary>
internal static class WholeRequest
{
    private const int PiecesPerTurnMax = 32;

    private static readonly LocalAnswer TooLarge = new(
        413, "text/plain; charset=utf-8", "413: request body is too large\n"u8.ToArray());

    private static readonly LocalAnswer NoMemory = new(
        503, "text/plain; charset=utf-8", "503: too many request bodies are held\n"u8.ToArray());

    /// <summary>
    /// The verdict of <paramref name="reader"/>'s OnRequest: what its OnBody says, now or once the body is there; or a
    /// refusal, by 413 if the body is longer than <paramref name="bytesMax"/>, by 503 if the budget is used up.
    /// </summary>
    public static Verdict Read(Exchange exchange, Middleware reader, int bytesMax, BodyBudget budget)
    {
        RequestHead request = exchange.Request;
        MessageSource source = exchange.ClientSource;
        if (request.Framing == BodyFraming.None)
        {
            return reader.OnBody(exchange);
        }

        if (request.Framing == BodyFraming.ContentLength && request.ContentLength > bytesMax)
        {
            return exchange.Answer(TooLarge);
        }

        WholeBodies whole = exchange.Whole;
        if (whole.HasRequest)
        {
            // Another read it already.
            return Length(source) > bytesMax ? exchange.Answer(TooLarge) : reader.OnBody(exchange);
        }

        whole.WantRequest(reader, bytesMax, budget);
        source.KeepBytesMax = WholeBodies.RoomBytesMax(bytesMax, request);
        long nowMs = exchange.Shard.Loop.NowMs;
        exchange.Phase = ExchangePhase.Reading;
        exchange.ClientReadMs = nowMs;
        exchange.BodyStartedMs = nowMs;
        exchange.BodyBytesBefore = source.BytesRead;
        if (exchange.IsAwaitingContinue)
        {
            BodyReading.Continue(exchange);
        }

        return Verdict.Pending;
    }

    /// <summary>Reads on; with the body whole the request goes on.</summary>
    public static void Advance(Exchange exchange)
    {
        MessageSource source = exchange.ClientSource;
        WholeBodies whole = exchange.Whole;
        exchange.RequestPump = PumpStatus.WaitSource;
        for (int piece = 0; piece < PiecesPerTurnMax; piece++)
        {
            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            switch (step)
            {
                case BodyStep.Data when source.PayloadTaken + payload.Length > whole.RequestBytesMax
                    || source.KeptBytes >= WholeBodies.KeptBytesMax(whole.RequestBytesMax):
                    Refuse(exchange, TooLarge);
                    return;
                case BodyStep.Data when !whole.TryChargeRequest(source.RoomBytes):
                    Refuse(exchange, NoMemory);
                    return;
                case BodyStep.Data:
                    source.Advance(payload.Length);
                    exchange.ClientReadMs = exchange.Shard.Loop.NowMs;
                    break;
                case BodyStep.Wait:
                    return;
                case BodyStep.End:
                    TakeWhole(exchange);
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

    /// <summary>A copy of the payload of a body that is here whole, which stays as it is.</summary>
    public static byte[] Copy(Exchange exchange)
    {
        MessageSource source = exchange.ClientSource;
        byte[] copy = new byte[Length(source)];
        int at = 0;
        while (source.Next(out ReadOnlySpan<byte> payload) == BodyStep.Data)
        {
            payload.CopyTo(copy.AsSpan(at));
            at += payload.Length;
            source.Advance(payload.Length);
        }

        source.Rewind();
        return copy;
    }

    /// <summary>Adds the payload of a body that is here whole, which stays as it is.</summary>
    public static void Hash(Exchange exchange, ref Sha256 hash)
    {
        MessageSource source = exchange.ClientSource;
        hash.Append("body\n"u8);
        while (source.Next(out ReadOnlySpan<byte> payload) == BodyStep.Data)
        {
            hash.Append(payload);
            source.Advance(payload.Length);
        }

        source.Rewind();
    }

    /// <summary>Payload bytes of a body that is here whole, which stays as it is.</summary>
    public static int Length(MessageSource source)
    {
        while (source.Next(out ReadOnlySpan<byte> payload) == BodyStep.Data)
        {
            source.Advance(payload.Length);
        }

        int length = (int)source.PayloadTaken;
        source.Rewind();
        return length;
    }

    private static void TakeWhole(Exchange exchange)
    {
        WholeBodies whole = exchange.Whole;
        Middleware reader = whole.Reader!;
        whole.EndReading(isWhole: true);
        exchange.ClientSource.Rewind();
        exchange.Phase = ExchangePhase.Head;
        Verdict verdict = reader.OnBody(exchange);
        if (verdict != Verdict.Pending)
        {
            RequestPipeline.Resume(exchange, verdict);
        }
    }

    private static void Refuse(Exchange exchange, LocalAnswer answer)
    {
        exchange.Whole.EndReading(isWhole: false);
        exchange.ClientSource.KeepBytesMax = 0;
        RequestPipeline.Resume(exchange, exchange.Answer(answer));
    }
}
