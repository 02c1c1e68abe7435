using System;
using EdgeProxy.Pipeline.Bodies;

namespace EdgeProxy.Pipeline.Auditing;

/// <summary>
/// Moves an audited answer's body as <see cref="BodyPump"/> does, and lets its end go only once its record is noted:
/// the last bytes of a body with a length, the last chunk, the connection's end.
/// </summary>
internal static class AuditedPump
{
    public static PumpStatus Run(Exchange exchange)
    {
        AuditNote note = exchange.Audit!;
        MessageSource source = exchange.UpstreamSource;
        MessageSink sink = exchange.ClientSink;
        BodyCall? call = exchange.Call;
        if (exchange.AnswerFilter is { } filter)
        {
            return Run(exchange, note, filter);
        }

        for (int piece = 0; piece < BodyPump.PiecesPerTurnMax; piece++)
        {
            PumpStatus before = call is null
                ? BodyPump.OfAll(BodyPump.Unstall(sink))
                : SendOutput(exchange, note, call);
            if (before != PumpStatus.Done)
            {
                return before;
            }

            if (call is not null && Stop(exchange, note, call) is { } stopped)
            {
                return stopped;
            }

            BodyStep step = source.Next(out ReadOnlySpan<byte> payload);
            if (step == BodyStep.End && call is { HasEnded: false })
            {
                call.HasEnded = true;
                call.TakeEnd();
            }
            else if (step != BodyStep.Data)
            {
                return step == BodyStep.End && !note.MayEnd(exchange)
                    ? PumpStatus.WaitRecord
                    : AtRest(step, exchange, call);
            }
            else if (call is { Rewrites: true })
            {
                call.Take(payload);
                source.Advance(payload.Length);
            }
            else
            {
                if (source.IsLast(payload))
                {
                    note.LookAhead(payload, call);
                    if (!note.MayEnd(exchange))
                    {
                        return PumpStatus.WaitRecord;
                    }
                }

                SinkStatus status = sink.Write(payload, out int taken);
                note.TakeAnswer(payload[..taken], call);
                source.Advance(taken);
                if (status != SinkStatus.Ok)
                {
                    return BodyPump.OfAll(status);
                }
            }
        }

        return PumpStatus.Yield;
    }

    // It ends in its own words, or waits for what somebody says of it.
    private static PumpStatus? Stop(Exchange exchange, AuditNote note, BodyCall call)
    {
        if (call.EndsEarly && (call.HasWrittenEnd || call.TryWriteEnd()))
        {
            note.TakeOutput(call.Output.Bytes);
            return note.MayEnd(exchange) ? BodyPump.EndEarly(call, exchange.ClientSink) : PumpStatus.WaitRecord;
        }

        return call.IsWaiting ? BodyPump.AtCall(exchange.ClientSink) : null;
    }

    private static PumpStatus AtRest(BodyStep step, Exchange exchange, BodyCall? call)
    {
        call?.Output.Release();
        return BodyPump.AtRest(step, exchange.UpstreamSource, exchange.ClientSink);
    }

    // What a filter writes is chunked, or ends with the connection: its end is never among its bytes.
    private static PumpStatus Run(Exchange exchange, AuditNote note, AnswerFilter filter)
    {
        MessageSource source = exchange.UpstreamSource;
        for (int piece = 0; piece < filter.PiecesPerTurnMax; piece++)
        {
            PumpStatus before = SendOutput(exchange.ClientSink, note, filter.Output);
            if (before != PumpStatus.Done)
            {
                return before;
            }

            if (!exchange.Shard.FilterTurns.TryTake(exchange.Shard.Loop.NowMs))
            {
                break;
            }

            BodyStep step = BodyPump.Step(source, filter, out bool isAtRest);
            if (isAtRest)
            {
                if (step == BodyStep.End && !note.MayEnd(exchange))
                {
                    return PumpStatus.WaitRecord;
                }

                filter.Output.Release();
                return BodyPump.AtRest(step, source, exchange.ClientSink);
            }
        }

        return PumpStatus.Yield;
    }

    // What the call wrote; if the server's answer is over these may be the last bytes of a body with a length.
    private static PumpStatus SendOutput(Exchange exchange, AuditNote note, BodyCall call)
    {
        note.TakeOutput(call.Output.Bytes);
        bool isLast = exchange.UpstreamSource.IsComplete && (call.HasEnded || !call.Rewrites) && !call.IsWaiting;
        return isLast && call.Output.Length > 0 && !note.MayEnd(exchange)
            ? PumpStatus.WaitRecord
            : SendOutput(exchange.ClientSink, note, call.Output);
    }

    private static PumpStatus SendOutput(MessageSink sink, AuditNote note, HeldBody output)
    {
        note.TakeOutput(output.Bytes);
        SinkStatus status = BodyPump.SendAll(output, sink);
        if (status == SinkStatus.Ok)
        {
            output.Clear();
            note.TakeOutput(default);
        }

        return BodyPump.OfAll(status);
    }
}
