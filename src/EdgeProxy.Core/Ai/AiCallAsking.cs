using System;
using System.Threading.Tasks;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Ai;

/// <content>External guards that are asked about its answer, which waits for them (decision 149).</content>
internal sealed partial class AiCall
{
    public override bool IsWaiting => _guard?.Answering.IsAsking == true;

    private void AskIfDue()
    {
        if (_guard is { Answering: { IsDue: true } answering } guard)
        {
            bool isPart = answering.IsStream;
            byte[] question = answering.BeginAsking();
            Deferred.StartAnswer(
                answering.Exchange, AskAsync(guard.Guard.External, question, isPart, answering.Serial));
        }
    }

    private async ValueTask<Func<Exchange, Verdict>> AskAsync(
        ExternalGuards guards, byte[] question, bool isPart, int serial)
    {
        ExternalAbout about = isPart ? ExternalAbout.AnswerPart : ExternalAbout.Answer;
        ExternalReply[] replies = await Task.Run(() => guards.AskAsync(question, about)).ConfigureAwait(false);
        return exchange => OnAnswerReplies(replies, serial);
    }

    // Of an answer that was given up for another's nobody wants to know any more.
    private Verdict OnAnswerReplies(ExternalReply[] replies, int serial)
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
