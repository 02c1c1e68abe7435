using System;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// Writes an answer's body anew while it passes; set by a middleware at step (6), ended with the exchange. Runs on the
/// exchange's loop. An answer that the proxy gives in the server's place does not go through it.
/// </summary>
internal abstract class AnswerFilter
{
    /// <summary>What was written and is on its way to the client.</summary>
    public HeldBody Output { get; } = new();

    /// <summary>Pieces of the server's body, up to 32 KiB each, before other connections have their turn.</summary>
    public abstract int PiecesPerTurnMax { get; }

    /// <summary>Something was taken that is not in <see cref="Output"/> yet.</summary>
    public bool HasHeld { get; protected set; }

    /// <summary>The answer's end was told; set by the pump.</summary>
    public bool HasEnded { get; set; }

    /// <summary>The answer's head is about to be written: the last word on its fields.</summary>
    public abstract void OnHead(Exchange exchange);

    public abstract void Take(ReadOnlySpan<byte> payload);

    /// <summary>No more comes for now: what is held goes to <see cref="Output"/>.</summary>
    public abstract void Flush();

    /// <summary>The body is whole.</summary>
    public abstract void TakeEnd();

    /// <summary>The exchange is over, however it ended. Not used again.</summary>
    public virtual void OnEnd() => Output.Release();
}
