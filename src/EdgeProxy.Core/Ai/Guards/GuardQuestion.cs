using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// A question to external guards, from the loop that asks to what becomes of the replies there. Rented from its loop
/// and given back there, so that asking allocates nothing on it; the rest is done on a thread of the pool (decision
/// 168).
/// </summary>
internal sealed class GuardQuestion(AiLoop loop) : OffLoopWork, IThreadPoolWorkItem
{
    private AiCall? _call;
    private ExternalGuards? _guards;
    private ExternalReply[] _replies = [];
    private ExternalAbout _about;
    private int _serial;

    /// <summary>What guards are asked; the loop's, until it asks.</summary>
    public ByteBuffer Body { get; } = new();

    /// <summary>Asks: the call gets the replies on its loop, unless its exchange is over by then.</summary>
    /// <param name="serial">Of an answer: whose (AnswerGuard.Serial).</param>
    public void Ask(Exchange exchange, AiCall call, ExternalGuards guards, ExternalAbout about, int serial)
    {
        (_call, _guards, _about, _serial) = (call, guards, about, serial);
        Begin(exchange, isOfAnswer: about != ExternalAbout.Prompt);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => _ = AskAsync();

    protected override Verdict Next(Exchange exchange) => _about == ExternalAbout.Prompt
        ? _call!.OnReplies(exchange, _replies)
        : _call!.OnAnswerReplies(_replies, _serial);

    protected override void Over()
    {
        _call = null;
        _guards = null;
        _replies = [];
        Body.Clear();
        loop.Return(this);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The barrier of work done off the loops.")]
    private async Task AskAsync()
    {
        try
        {
            // A copy: one who is not waited for any more may still be reading it when this asks the next question.
            _replies = await _guards!.AskAsync(Body.Bytes.ToArray(), _about).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Bring(exception);
            return;
        }

        Bring(failure: null);
    }
}
