using System;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.WebSocket;

namespace EdgeProxy.Pipeline;

/// <summary>Why a <see cref="BodyPump"/> stopped.</summary>
internal enum PumpStatus : byte
{
    /// <summary>The source has nothing; everything so far is sent.</summary>
    WaitSource,

    /// <summary>The sink's peer takes no more for now.</summary>
    WaitSink,

    /// <summary>Others should have their turn; run again soon.</summary>
    Yield,

    /// <summary>The body is through, to its end, and sent.</summary>
    Done,

    SourceMalformed,
    SourceTruncated,
    SourceBroken,
    SinkBroken,

    /// <summary>The end of the answer waits for its audit record.</summary>
    WaitRecord,

    /// <summary>The answer waits for what its call asked somebody (BodyCall.IsWaiting).</summary>
    WaitCall,

    /// <summary>As Done, but the server's answer goes on.</summary>
    EndedEarly,
}

/// <summary>
/// Moves one body from a source to a sink until one of them has to wait: back-pressure by construction, since nothing
/// is
/// read while the sink is stalled, and what may wait is one block on either side.
/// </summary>
internal static class BodyPump
{
    // One turn moves at most this many pieces (of up to 32 KiB), so that one fast transfer does not hold up the loop.
    public const int PiecesPerTurnMax = 32;

    public static PumpStatus Run(MessageSource source, MessageSink sink)
    {
        for (int piece = 0; piece < PiecesPerTurnMax; piece++)
        {
            SinkStatus flushed = Unstall(sink);
            if (flushed != SinkStatus.Ok)
            {
                return Of(flushed);
            }

            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            if (step != BodyStep.Data)
            {
                return AtRest(step, source, sink);
            }

            SinkStatus status = sink.Write(payload, out int taken);
            source.Advance(taken);
            if (status != SinkStatus.Ok)
            {
                return Of(status);
            }
        }

        return PumpStatus.Yield;
    }

    /// <summary>
    /// The same, and <paramref name="frames"/> sees what was handed on; with <paramref name="endsBetween"/> nothing is
    /// taken behind the end of a frame.
    /// </summary>
    public static PumpStatus Run(MessageSource source, MessageSink sink, ref FrameTrack frames, bool endsBetween)
    {
        for (int piece = 0; piece < PiecesPerTurnMax;)
        {
            SinkStatus flushed = Unstall(sink);
            if (flushed != SinkStatus.Ok)
            {
                return Of(flushed);
            }

            if (endsBetween && frames.IsBetween)
            {
                return PumpStatus.WaitSource;
            }

            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            if (step != BodyStep.Data)
            {
                return AtRest(step, source, sink);
            }

            // Of a head that is not whole it is not known where its frame ends: byte by byte, which counts as nothing.
            bool isPart = endsBetween && (ulong)payload.Length > frames.Left;
            payload = isPart ? payload[..(int)frames.Left] : payload;
            piece += isPart ? 0 : 1;
            SinkStatus status = sink.Write(payload, out int taken);
            frames.Pass(payload[..taken]);
            source.Advance(taken);
            if (status != SinkStatus.Ok)
            {
                return Of(status);
            }
        }

        return PumpStatus.Yield;
    }

    /// <summary>The same, and each of the mirrors keeps what was handed on.</summary>
    public static PumpStatus Run(MessageSource source, MirrorCall first, MessageSink sink)
    {
        for (int piece = 0; piece < PiecesPerTurnMax; piece++)
        {
            if (sink.IsStalled)
            {
                SinkStatus flushed = sink.Flush();
                if (flushed != SinkStatus.Ok)
                {
                    return Of(flushed);
                }
            }

            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            if (step != BodyStep.Data)
            {
                return AtRest(step, source, sink);
            }

            SinkStatus status = sink.Write(payload, out int taken);
            for (MirrorCall? mirror = first; mirror is not null; mirror = mirror.Next)
            {
                mirror.Take(payload[..taken]);
            }

            source.Advance(taken);
            if (status != SinkStatus.Ok)
            {
                return Of(status);
            }
        }

        return PumpStatus.Yield;
    }

    /// <summary>Sends a body that is held whole.</summary>
    public static PumpStatus Run(HeldBody body, MessageSink sink)
    {
        SinkStatus status = SendAll(body, sink);
        if (status == SinkStatus.Ok)
        {
            sink.End(default);
            status = sink.Flush();
        }

        return OfAll(status);
    }

    /// <summary>Moves an answer's body past the call that looks at it, or writes it anew.</summary>
    public static PumpStatus Run(MessageSource source, BodyCall call, MessageSink sink)
    {
        for (int piece = 0; piece < PiecesPerTurnMax; piece++)
        {
            SinkStatus status = SendAll(call.Output, sink);
            if (status != SinkStatus.Ok)
            {
                return Of(status);
            }

            call.Output.Clear();
            if (call.EndsEarly && (call.HasWrittenEnd || call.TryWriteEnd()))
            {
                return EndEarly(call, sink);
            }

            if (call.IsWaiting)
            {
                return AtCall(sink);
            }

            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            if (step == BodyStep.End && !call.HasEnded)
            {
                call.HasEnded = true;
                call.TakeEnd();
            }
            else if (step != BodyStep.Data)
            {
                call.Output.Release(); // a quiet stream holds no memory
                return AtRest(step, source, sink);
            }
            else if (call.Rewrites)
            {
                call.Take(payload);
                source.Advance(payload.Length);
            }
            else
            {
                status = sink.Write(payload, out int taken);
                call.Take(payload[..taken]);
                source.Advance(taken);
                if (status != SinkStatus.Ok)
                {
                    return Of(status);
                }
            }
        }

        return PumpStatus.Yield;
    }

    /// <summary>What passed is the client's while its call asks somebody about the rest.</summary>
    public static PumpStatus AtCall(MessageSink sink)
    {
        SinkStatus status = sink.Flush();
        return status == SinkStatus.Ok ? PumpStatus.WaitCall : Of(status);
    }

    /// <summary>Sends what the call wrote as its answer's end, and the end.</summary>
    public static PumpStatus EndEarly(BodyCall call, MessageSink sink)
    {
        SinkStatus status = SendAll(call.Output, sink);
        if (status == SinkStatus.Ok)
        {
            sink.End(default);
            status = sink.Flush();
        }

        return status == SinkStatus.Ok ? PumpStatus.EndedEarly : Of(status);
    }

    /// <summary>Moves an answer's body through what writes it anew.</summary>
    public static PumpStatus Run(Exchange exchange, AnswerFilter filter)
    {
        MessageSource source = exchange.UpstreamSource;
        MessageSink sink = exchange.ClientSink;
        for (int piece = 0; piece < filter.PiecesPerTurnMax; piece++)
        {
            SinkStatus status = SendAll(filter.Output, sink);
            if (status != SinkStatus.Ok)
            {
                return Of(status);
            }

            filter.Output.Clear();
            if (!exchange.Shard.FilterTurns.TryTake(exchange.Shard.Loop.NowMs))
            {
                break;
            }

            BodyStep step = Step(source, filter, out bool isAtRest);
            if (isAtRest)
            {
                filter.Output.Release();
                return AtRest(step, source, sink);
            }
        }

        return PumpStatus.Yield;
    }

    /// <summary>Gives the filter what comes next; at rest it has nothing more to write.</summary>
    public static BodyStep Step(MessageSource source, AnswerFilter filter, out bool isAtRest)
    {
        isAtRest = false;
        BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
        if (step == BodyStep.Data)
        {
            filter.Take(payload);
            source.Advance(payload.Length);
        }
        else if (step == BodyStep.End && !filter.HasEnded)
        {
            filter.HasEnded = true;
            filter.TakeEnd();
        }
        else if (step == BodyStep.Wait && filter.HasHeld)
        {
            filter.Flush(); // what came is the client's before more does
        }
        else
        {
            isAtRest = true;
        }

        return step;
    }

    /// <summary>Sends what a sink kept when its peer took no more.</summary>
    public static SinkStatus Unstall(MessageSink sink) => sink.IsStalled ? sink.Flush() : SinkStatus.Ok;

    /// <summary>Sends what of the body was not sent yet.</summary>
    public static SinkStatus SendAll(HeldBody body, MessageSink sink)
    {
        SinkStatus flushed = Unstall(sink);
        if (flushed != SinkStatus.Ok)
        {
            return flushed;
        }

        while (!body.Unsent.IsEmpty)
        {
            SinkStatus status = sink.Write(body.Unsent, out int taken);
            body.Advance(taken);
            if (status != SinkStatus.Ok)
            {
                return status;
            }
        }

        return SinkStatus.Ok;
    }

    /// <summary>The source has no more data, for now or at all.</summary>
    public static PumpStatus AtRest(BodyStep step, MessageSource source, MessageSink sink)
    {
        if (step == BodyStep.End)
        {
            sink.End(source.Trailers);
        }

        // What came before a failure is delivered too: the peer sees where the message was cut.
        SinkStatus flushed = sink.Flush();
        return step switch
        {
            BodyStep.Malformed => PumpStatus.SourceMalformed,
            BodyStep.Truncated => PumpStatus.SourceTruncated,
            BodyStep.Broken => PumpStatus.SourceBroken,
            _ when flushed != SinkStatus.Ok => Of(flushed),
            BodyStep.End => PumpStatus.Done,
            _ => PumpStatus.WaitSource,
        };
    }

    /// <summary>Done if all is taken.</summary>
    public static PumpStatus OfAll(SinkStatus status) => status == SinkStatus.Ok ? PumpStatus.Done : Of(status);

    private static PumpStatus Of(SinkStatus status) =>
        status == SinkStatus.Wait ? PumpStatus.WaitSink : PumpStatus.SinkBroken;
}
