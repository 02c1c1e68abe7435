using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <content>
/// Refusals while other targets are left: read whole, so that their code decides who is asked next, and kept, so that
/// nobody's worse one takes their place (decision 141).
/// </content>
internal sealed partial class AiCall
{
    private const long AccountPauseMs = 60_000;

    private Refusal _refusal = new(); // of the target that answers now
    private Refusal _kept = new(); // of one asked before
    private Exchange? _refused;
    private bool _isKeptAnswer;
    private bool _isRefusalNoted;

    /// <summary>Of an error that is not its server's own as it came: the status its caller is told.</summary>
    public override int Status => _isKeptAnswer ? _refused!.LocalAnswer?.Status ?? 0
        : _translation?.Form == Translation.TranslatedForm.Error ? _translation.Status
        : 0;

    public override bool MayGiveUp(Exchange exchange) => exchange.Response.StatusCode >= 400 && HasOther(exchange);

    public override long RefusedSinceMs => _refusal.IsOpen ? _refusal.SinceMs : -1;

    // No guard has looked at what was kept.
    private bool MayTellKept => _guard is not { EnforcesAnswer: true };

    // The head of an answer is here.
    private void BeginRefusal(Exchange exchange)
    {
        if (exchange.Response.StatusCode < 400)
        {
            return;
        }

        _refused = exchange;
        if (MayGiveUp(exchange))
        {
            _refusal.Begin(exchange, Output, isTranslated: _sent != _kind);
        }
        else
        {
            AnswerKept(Refusal.IsOfProxyBy(exchange.Response.StatusCode));
        }
    }

    // It was read to its end, and told to nobody yet.
    private void EndRefusal()
    {
        _refusal.TakeEnd(_loop.Index);
        if (!_refusal.IsGivenUp)
        {
            AnswerKept(_refusal.IsOfProxy);
        }
    }

    // The first refusal stands, unless only a later one tells the caller something about the call.
    private void AnswerKept(bool isOfProxy)
    {
        if (_kept.Status > 0 && (isOfProxy || !_kept.IsOfProxy))
        {
            _refused!.LocalAnswer = _kept.Answer(_refused, _dialect, _loop.Index, MayTellKept);
            _isKeptAnswer = true;
        }
    }

    // Another target is asked in the place of this one.
    private void Keep()
    {
        if (_refusal.IsGivenUp && (_kept.Status == 0 || (_kept.IsOfProxy && !_refusal.IsOfProxy)))
        {
            (_kept, _refusal) = (_refusal, _kept);
        }

        _refusal.End();
    }

    // How long the target is left alone for it, and what others need to have.
    private void Judge(Exchange exchange, ModelTarget target)
    {
        long nowMs = exchange.Shard.Loop.NowMs;
        if (exchange.Fault.Kind == FaultKind.NoServer)
        {
            return; // its probe says when it is back
        }

        if (IsOutOfReach(exchange.Fault.Kind))
        {
            target.Pause.BeginUnreachable(nowMs);
            return;
        }

        RefusalCause cause = _refusal.IsGivenUp ? _refusal.Cause
            : exchange.Fault.IsNone && IsAboutRoomWithin() ? RefusalCause.Room
            : RefusalCause.Unwell;
        switch (cause)
        {
            case RefusalCause.Account:
                target.Pause.Begin(nowMs, AccountPauseMs);
                break;
            case RefusalCause.Unwell when Refusals.OfStatus(_refusal.Status) != RefusalCause.Unwell:
                target.Pause.Begin(nowMs); // else its head said for how long
                break;
            case RefusalCause.Room when target.ContextTokensMax > 0:
                _tokens = Math.Max(_tokens, target.ContextTokensMax + 1L);
                break;
        }
    }

    // The error that came within a stream is of the call's length: the last event has it.
    private bool IsAboutRoomWithin()
    {
        if (!_reader.HasError || IsTranslated)
        {
            return false;
        }

        ReadOnlySpan<byte> said = Output.Bytes;
        int at = said.LastIndexOf("data:"u8);
        ReadOnlySpan<byte> data = at < 0 ? default : said[(at + "data:"u8.Length)..];
        int end = data.IndexOfAny((byte)'\r', (byte)'\n');
        data = end < 0 ? data : data[..end];
        bool isRoom = _loop.Index.Read(data) == JsonFault.None
            && Refusals.Of(status: 0, _loop.Index, data) == RefusalCause.Room;
        _loop.Index.Reset();
        return isRoom;
    }

    // Which rule it was that refused the call, whatever dialect its caller speaks. One that a target was asked for was
    // not refused.
    private void NoteRefusal(Exchange exchange, string code)
    {
        if (!_isRefusalNoted && !_wasAsked)
        {
            _isRefusalNoted = true;
            Span<byte> text = stackalloc byte[code.Length];
            _ = Ascii.FromUtf16(code, text, out int length);
            exchange.NoteFact("edgeproxy.ai.refusal"u8, text[..length]);
        }
    }

    private void EndRefusals()
    {
        _isRefusalNoted = false;
        _refusal.End();
        _kept.End();
        _refused = null;
        _isKeptAnswer = false;
    }
}
