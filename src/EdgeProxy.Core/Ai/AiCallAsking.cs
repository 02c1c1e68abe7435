using System;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Ai;

/// <content>External guards that are asked about prompt or answer, which wait for them (decision 149).</content>
internal sealed partial class AiCall
{
    public override bool IsWaiting => _guard?.Answering.IsAsking == true;

    private Verdict AskAboutPrompt(Exchange exchange, ExternalGuards guards)
    {
        _isAsking = true;
        GuardQuestion question = _loop.RentQuestion();
        question.Body.Append(Body.Bytes);
        question.Ask(exchange, this, guards, ExternalAbout.Prompt, serial: 0);
        return Verdict.Pending;
    }

    /// <summary>What they said about the prompt.</summary>
    public Verdict OnReplies(Exchange exchange, ReadOnlySpan<ExternalReply> replies)
    {
        GuardWork guard = _guard!;
        guard.TakeReplies(replies, exchange);
        return !guard.Prompt.IsBlocked ? SendAgain(exchange)
            : guard.HasFailed ? Refuse(exchange, 503, "guard_unavailable", GuardTexts.Undecided(guard.Prompt.Reason))
            : Refuse(exchange, 403, GuardTexts.Code, GuardTexts.OfPrompt(guard.Prompt.Reason));
    }

    private void AskIfDue()
    {
        if (_guard is { Answering: { IsDue: true } answering } guard)
        {
            GuardQuestion question = _loop.RentQuestion();
            ExternalAbout about = answering.IsStream ? ExternalAbout.AnswerPart : ExternalAbout.Answer;
            answering.BeginAsking(question.Body);
            question.Ask(answering.Exchange, this, guard.Guard.External, about, answering.Serial);
        }
    }

    /// <summary>What they said about an answer; of one that was given up for another's nobody wants to know.</summary>
    public Verdict OnAnswerReplies(ReadOnlySpan<ExternalReply> replies, int serial)
    {
        if (_guard is { } guard && guard.Answering.Serial == serial)
        {
            int before = Output.Length;
            guard.Answering.TakeReplies(replies, Output);
            EndIfOver();
            _tail.Add(Output.Bytes[before..]);
            AskIfDue();
        }

        return Verdict.Next;
    }
}
