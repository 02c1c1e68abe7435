using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// The answer of one exchange under a guard: one that is a single text is held until all of it was looked at, a stream
/// is looked at as it passes, one that cannot be looked into is refused. Reused with its work.
/// </summary>
internal sealed class AnswerGuard(GuardWork work, AiLoop loop, StreamGuard stream)
{
    private readonly EventPieces _pieces = new(stream);
    private readonly HeldBody _whole = new();
    private readonly HeldBody _ready = new(); // the client's, once external guards let it go
    private readonly ByteBuffer _question = new();
    private bool _hasQuestion;
    private Exchange? _exchange;
    private Dialect _dialect;
    private AnswerLook _look;
    private bool _isGivenUp;

    /// <summary>The answer is held until its end.</summary>
    public bool IsWhole => _look == AnswerLook.Whole && !_isGivenUp;

    /// <summary>It looks at the answer, and writes what the client gets.</summary>
    public bool Writes => _look != AnswerLook.None;

    /// <summary>A stream was ended by the guard; the rest of it is not wanted.</summary>
    public bool IsOver => IsStream && stream.IsOver;

    /// <summary>The block of Messages that the client knows to be open.</summary>
    /// <param name="read">The one in what was read.</param>
    public int OpenBlock(int read) => IsStream ? stream.OpenBlock(read) : read;

    /// <summary>It is looked at as it passes.</summary>
    public bool IsStream => _look is AnswerLook.Events or AnswerLook.Lines;

    /// <summary>Whose answer it is.</summary>
    public Exchange Exchange => _exchange!;

    /// <summary>Another with each answer: who asked about one has no say about the next.</summary>
    public int Serial { get; private set; }

    /// <summary>External guards are asked: it waits for <see cref="TakeReplies"/>.</summary>
    public bool IsAsking { get; private set; }

    /// <summary>External guards are to be asked.</summary>
    public bool IsDue => !IsAsking && (IsStream ? stream.IsDue : _hasQuestion);

    private GuardSide Side => work.Guard.Answer;

    /// <summary>How the answer whose head is here will be looked at.</summary>
    /// <param name="written">How it will be written by who translates it; null if it goes on as it comes.</param>
    public AnswerLook LookOf(Exchange exchange, AiCallKind kind, AnswerLook? written) =>
        IsNothingToDo ? AnswerLook.None : written ?? AnswerLooks.Of(exchange, kind);

    private bool IsNothingToDo => !work.Guard.External.AskAnswers
        && (Side.IsEmpty || (Side.RestoresOnly && work.Placeholders.IsEmpty));

    /// <summary>Writes what external guards are asked now.</summary>
    public void BeginAsking(ByteBuffer question)
    {
        IsAsking = true;
        if (IsStream)
        {
            stream.BeginAsking(question);
            return;
        }

        question.Append(_question.Bytes);
        _question.Clear();
        _hasQuestion = false;
    }

    /// <summary>They said whether it may go on, and so it does, or is refused.</summary>
    public void TakeReplies(ReadOnlySpan<ExternalReply> replies, HeldBody output)
    {
        IsAsking = false;
        work.TakeAnswerReplies(replies, Exchange);
        if (IsStream)
        {
            stream.TakeReplies(output);
        }
        else if (work.Answer.IsBlocked)
        {
            Refuse();
        }
        else
        {
            output.TryAppend(_ready.Bytes);
        }

        _ready.Release();
    }

    /// <summary>An answer begins. One that cannot be looked into is replaced at once.</summary>
    public void Begin(Exchange exchange, AiCallKind kind, Dialect dialect, AnswerLook? written, HeldBody output)
    {
        _exchange = exchange;
        _dialect = dialect;
        _isGivenUp = false;
        work.BeginAnswer();
        BeginNoQuestion();
        _whole.Release();
        exchange.Hold(_whole, loop.Budget);
        exchange.Hold(_ready, budget: null);
        _look = LookOf(exchange, kind, written);
        if (IsStream)
        {
            stream.Begin(kind);
            _pieces.Begin(_look == AnswerLook.Lines, output);
        }
        else if (_look == AnswerLook.Opaque)
        {
            _look = AnswerLook.None;
            Opaque("encoding");
        }
    }

    /// <summary>Bytes of the answer.</summary>
    public void Take(ReadOnlySpan<byte> payload, HeldBody output)
    {
        if (IsStream)
        {
            _pieces.Take(payload, output);
        }
        else if (_isGivenUp)
        {
            output.TryAppend(payload);
        }
        else if (_exchange!.LocalAnswer is not null)
        {
            return; // it is refused already
        }
        else if (payload.Length > work.Guard.Settings.AnswerBytesMax - _whole.Length || !_whole.TryAppend(payload))
        {
            GiveUp("too_long", output);
            output.TryAppend(_isGivenUp ? payload : default);
        }
    }

    /// <summary>The answer is whole.</summary>
    public void TakeEnd(HeldBody output)
    {
        if (IsStream)
        {
            _pieces.TakeEnd(output);
            _exchange!.Shard.Counters.Add(Counter.GuardUninspected, stream.HasPassedUnread ? 1 : 0);
            return;
        }

        if (!IsWhole || _exchange!.LocalAnswer is not null)
        {
            return;
        }

        JsonIndex index = loop.Index;
        JsonEdits edits = loop.Edits;
        edits.Reset();
        if (index.Read(_whole.Bytes) != JsonFault.None)
        {
            GiveUp("malformed", output);
            return;
        }

        work.InspectAnswer(index, _whole.Bytes, edits);
        bool asks = work.Guard.External.AskAnswers && _exchange.Response.StatusCode is >= 200 and < 300;
        if (work.Answer.IsBlocked || !TryWrite(edits, asks ? _ready : output))
        {
            Refuse();
        }
        else if (asks)
        {
            edits.Reset();
            work.MaskOnly(index, _whole.Bytes, edits);
            _question.Cut(0);
            edits.Apply(_whole.Bytes, _question.Room(_whole.Length + edits.Growth));
            _hasQuestion = true;
        }

        index.Reset();
        _whole.Release();
    }

    private bool TryWrite(JsonEdits edits, HeldBody output)
    {
        if (output.TryRoom(_whole.Length + edits.Growth, out Span<byte> room))
        {
            output.Commit(edits.Apply(_whole.Bytes, room));
            return true;
        }

        work.Answer.BlockFor("too_long");
        return false;
    }

    private void BeginNoQuestion()
    {
        Serial++;
        IsAsking = false;
        _hasQuestion = false;
        _question.Clear();
        _ready.Release();
    }

    public void Release()
    {
        _pieces.Release();
        stream.Release();
        BeginNoQuestion();
        _whole.Release();
        _exchange = null;
        _look = AnswerLook.None;
        _isGivenUp = false;
    }

    private void Opaque(string cause)
    {
        if (work.EnforcesAnswer)
        {
            work.Answer.BlockFor(cause);
            Refuse();
        }
        else
        {
            _exchange!.Shard.Counters.Add(Counter.GuardUninspected);
        }
    }

    // What cannot be looked into passes only if no rule is there to stop it.
    private void GiveUp(string cause, HeldBody output)
    {
        Opaque(cause);
        if (!work.EnforcesAnswer)
        {
            _isGivenUp = true;
            output.TryAppend(_whole.Bytes);
        }

        _whole.Release();
    }

    private void Refuse()
    {
        int status = work.HasAnswerFailed ? 503
            : work.Answer.BlockedBy >= 0 || work.IsAnswerDenied || work.Answer.Cause == "attachment" ? 403
            : _exchange!.Response.StatusCode >= 400 ? _exchange.Response.StatusCode
            : 502;
        _exchange!.LocalAnswer = AiErrors.Answer(
            _dialect,
            status,
            work.HasAnswerFailed ? "guard_unavailable" : GuardTexts.Code,
            work.HasAnswerFailed
                ? GuardTexts.UndecidedAnswer(work.Answer.Reason)
                : GuardTexts.OfAnswer(work.Answer.Reason));
    }
}
