using System;

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
}

/// <summary>
/// Moves one body from a source to a sink until one of them has to wait: back-pressure by construction, since nothing
/// is
/// read while the sink is stalled, and what may wait is one block on either side.
/// </summary>
internal static class BodyPump
{
    // One turn moves at most this many pieces (of up to 32 KiB), so that one fast transfer does not hold up the loop.
    private const int PiecesPerTurnMax = 32;

    public static PumpStatus Run(MessageSource source, MessageSink sink)
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
            source.Advance(taken);
            if (status != SinkStatus.Ok)
            {
                return Of(status);
            }
        }

        return PumpStatus.Yield;
    }

    private static PumpStatus AtRest(BodyStep step, MessageSource source, MessageSink sink)
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

    private static PumpStatus Of(SinkStatus status) =>
        status == SinkStatus.Wait ? PumpStatus.WaitSink : PumpStatus.SinkBroken;
}
