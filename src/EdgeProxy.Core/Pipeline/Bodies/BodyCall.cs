using System;
using EdgeProxy.Pipeline.Halting;
using EdgeProxy.Services;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// What a <see cref="BodyService"/> does with one exchange: it has the body, says where it goes, and sees the answer
/// pass. Everything runs on the exchange's loop. Reused; <see cref="OnEnd"/> is called once for each exchange.
/// </summary>
internal abstract class BodyCall
{
    /// <summary>The request's body: what came, later what is sent.</summary>
    public HeldBody Body { get; } = new();

    /// <summary>Bytes of an answer that <see cref="Take"/> wrote, on their way to the client.</summary>
    public HeldBody Output { get; } = new();

    /// <summary>Longest body that is read.</summary>
    public int BodyBytesMax { get; protected set; }

    /// <summary>The answer is passed on as <see cref="Take"/> writes it, else as it comes.</summary>
    public bool Rewrites { get; protected set; }

    /// <summary>The request may be sent more than once, whatever its method.</summary>
    public virtual bool MayRepeat => false;

    /// <summary>The status the client is told of whatever answer is passed on; 0: the server's.</summary>
    public virtual int Status => 0;

    /// <summary>
    /// If it asks for a page of an error's: the path, with which a GET of our own is sent. Else empty.
    /// </summary>
    public virtual ReadOnlySpan<byte> PagePath => default;

    /// <summary>
    /// Somebody off the loop is asked about the answer (OffLoopWork): nothing more of it is read, and it does
    /// not end, until that is over.
    /// </summary>
    public virtual bool IsWaiting => false;

    /// <summary>The answer's end was told; set by the pump.</summary>
    public bool HasEnded { get; set; }

    /// <summary>
    /// The answer is to end before the server's does, in its own words, as soon as <see cref="TryWriteEnd"/> can.
    /// </summary>
    public bool EndsEarly { get; protected set; }

    /// <summary>Those words are written; nothing more of the server's is passed on.</summary>
    public bool HasWrittenEnd { get; protected set; }

    /// <summary>
    /// Step (4): the body is whole. Next: the exchange has its Service. Answered: a LocalAnswer or a fault.
    /// </summary>
    public abstract Verdict OnBody(Exchange exchange);

    /// <summary>Its OnBody is pending; what it waits for brings the verdict.</summary>
    public virtual bool IsAsking => false;

    /// <summary>The body is not taken: too long, or no memory left for it. Sets the exchange's LocalAnswer.</summary>
    public abstract void OnBodyRefused(Exchange exchange, bool isTooLong);

    /// <summary>A field of the client's that goes to the server; all others stay here.</summary>
    public abstract bool Forwards(ReadOnlySpan<byte> fieldName);

    /// <summary>
    /// A server answered, and no byte of it was passed on: another service to ask in its place, for which body and
    /// edits are made ready; null lets the answer stand.
    /// </summary>
    public virtual Service? OtherAfterAnswer(Exchange exchange) => null;

    /// <summary>No server of the service answered: another service, as above; null lets the fault stand.</summary>
    public virtual Service? OtherAfterFault(Exchange exchange) => null;

    /// <summary>
    /// An error that is kept back, since it may be given up for another's answer: nobody is asked for its page.
    /// </summary>
    public virtual bool MayGiveUp(Exchange exchange) => false;

    /// <summary>An error that may be given up is read that long at most, however slowly its server goes on.</summary>
    public const long RefusalMsMax = 3_000;

    /// <summary>Since when such an error is read, in the loop's milliseconds; -1 if none is.</summary>
    public virtual long RefusedSinceMs => -1;

    /// <summary>The answer is kept back while it can be given up for another.</summary>
    public virtual bool Holds(Exchange exchange) => false;

    /// <summary>Something of the answer's own came: it is no longer given up.</summary>
    public virtual bool HasContent => true;

    /// <summary>The answer says that it failed.</summary>
    public virtual bool HasFailedWithin => false;

    /// <summary>As Take, of an answer that is kept back: whatever is to be passed on goes to Output.</summary>
    public virtual void Hold(ReadOnlySpan<byte> payload)
    {
        Take(payload);
        if (!Rewrites)
        {
            Output.TryAppend(payload);
        }
    }

    /// <summary>Step (6): the answer's head is about to be passed on.</summary>
    public abstract void OnAnswer(Exchange exchange);

    /// <summary>The answer is the client's from here on: no other service is asked.</summary>
    public virtual void OnPassedOn(Exchange exchange)
    {
    }

    /// <summary>Bytes of the answer: passed on already, or, if it rewrites, to be written to Output.</summary>
    public abstract void Take(ReadOnlySpan<byte> payload);

    /// <summary>The answer came to its end; what is still held goes to <see cref="Output"/>.</summary>
    public abstract void TakeEnd();

    /// <summary>The answer to a fault, in the words of who asks; null for the usual one.</summary>
    public abstract LocalAnswer? AnswerTo(Exchange exchange, int status, string detail);

    /// <summary>An operator halted what it asks for.</summary>
    public virtual bool IsHalted(HaltSet halts) => false;

    /// <summary>
    /// A running answer that is halted is to end in its own words; false: it can only be cut.
    /// </summary>
    public virtual bool TryEndEarly(Exchange exchange) => false;

    /// <summary>Writes those words to Output; false: what the client has is in the middle of something.</summary>
    public virtual bool TryWriteEnd() => false;

    /// <summary>The exchange is about to be recorded: what the call knows of it (Exchange.NoteFact).</summary>
    public virtual void NoteFacts(Exchange exchange)
    {
    }

    /// <summary>The exchange is over, however it ended. The call is not used for it again.</summary>
    public abstract void OnEnd(Exchange exchange);

    /// <summary>Gives back what bodies took.</summary>
    protected void ReleaseBodies()
    {
        Body.Release();
        Output.Release();
        Rewrites = false;
        HasEnded = false;
        EndsEarly = false;
        HasWrittenEnd = false;
        BodyBytesMax = 0;
    }
}
