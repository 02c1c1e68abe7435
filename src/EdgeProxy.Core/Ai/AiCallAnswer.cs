using System;
using System.Text;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai;

/// <content>Its answer, as it passes.</content>
internal sealed partial class AiCall
{
    public override bool Holds(Exchange exchange) =>
        MayGiveUp(exchange)
        || FormOfTranslation(exchange) is TranslatedForm.Whole or TranslatedForm.Error
        || _guard?.Answering.LookOf(exchange, _kind, WrittenLook(exchange)) == AnswerLook.Whole
        || (_facts.IsStream && HasOther(exchange) && exchange.Response.StatusCode is >= 200 and < 300);

    public override bool HasContent =>
        !_refusal.IsOpen && (IsTranslationRefused || (!IsHeldWhole && (_reader.IsBlind || _reader.HasContent)));

    public override bool HasFailedWithin =>
        _refusal.IsGivenUp || _translation?.IsUnreadable == true || (!IsHeldWhole && _reader.HasError);

    private bool IsHeldWhole => _guard?.Answering.IsWhole == true || _translation?.IsHeld == true;

    public override void OnAnswer(Exchange exchange)
    {
        HeaderEdits edits = exchange.ResponseEdits;
        foreach (FieldName name in ForwardedFields.KeptFromClients)
        {
            edits.Remove(name);
        }

        _isRead = exchange.Response.StatusCode is >= 200 and < 300;
        _isRefused = !_isRead;
        SayOffline(exchange);
        BeginTranslation(exchange);
        BeginRefusal(exchange);
        AnswerForm form = _isRead ? FormOf(exchange) : AnswerForm.Other;
        _answerFacts.Reset();
        _reader.Begin(
            form, IsTold(exchange) ? _answerFacts : null, isResponses: _kind == AiCallKind.Responses);
        _isStripping = form == AnswerForm.Events && _strips;
        Rewrites = _isStripping || IsTranslated;
        if (_guard is not null)
        {
            _guard.Answering.Begin(exchange, _kind, _dialect, WrittenLook(exchange), Output);
            Rewrites |= _guard.Answering.Writes;
        }

        if (form == AnswerForm.Events)
        {
            edits.Set(ForwardedFields.Buffering, "no"u8);
        }

        if (_isStripping)
        {
            _strip.Begin(Output);
            _stripped.BindAs(Output);
        }

        if (_isRead && !_facts.IsStream)
        {
            NoteBegun();
        }

        bool isStream = _facts.IsStream && exchange.Response.Framing != BodyFraming.ContentLength;
        _exchange = isStream && form != AnswerForm.Other ? exchange : null;
        _tail = new StreamTail(isLines: form == AnswerForm.Json);
    }

    // What is left for the guard to look at.
    private ReadOnlySpan<byte> Stripped(ReadOnlySpan<byte> payload)
    {
        _stripped.Clear();
        _strip.Take(payload, _stripped);
        return _stripped.Bytes;
    }

    // A guard that ended the stream wrote its end.
    private void EndIfOver()
    {
        EndsEarly |= _guard!.Answering.IsOver;
        HasWrittenEnd |= _guard.Answering.IsOver;
    }

    public override void Take(ReadOnlySpan<byte> payload)
    {
        if (_refusal.IsOpen)
        {
            _refusal.Take(payload);
        }

        if (IsTranslated)
        {
            TakeTranslated(payload, isEnd: false);
        }
        else
        {
            Pass(payload);
        }
    }

    // In the caller's dialect.
    private void Pass(ReadOnlySpan<byte> payload)
    {
        _reader.Take(payload);
        if (_timed is not null && _isRead && (_reader.HasContent || _reader.IsBlind))
        {
            NoteBegun();
        }

        if (_guard is { Answering.Writes: true })
        {
            _guard.Answering.Take(_isStripping ? Stripped(payload) : payload, Output);
            EndIfOver();
            AskIfDue();
        }
        else if (_isStripping)
        {
            _strip.Take(payload, Output);
        }
        else if (Rewrites)
        {
            Output.TryAppend(payload);
        }

        _tail.Add(Rewrites ? Output.Bytes : payload);
        if (_endCause == EndCause.None && _exchange is not null && _use.IsOver(_reader.TextBytes))
        {
            EndFor(EndCause.OverPlan);
        }
    }

    public override void TakeEnd()
    {
        if (IsTranslated)
        {
            TakeTranslated(default, isEnd: true);
        }

        if (_guard is { Answering.Writes: true })
        {
            if (_isStripping)
            {
                _stripped.Clear();
                _strip.TakeEnd(_stripped);
                _guard.Answering.Take(_stripped.Bytes, Output);
                _stripped.Release();
            }

            _guard.Answering.TakeEnd(Output);
            AskIfDue();
        }
        else if (_isStripping)
        {
            _strip.TakeEnd(Output);
        }

        if (_refusal.IsOpen)
        {
            EndRefusal();
        }

        if (!_reader.HasError && _translation?.IsUnreadable != true && !_refusal.IsGivenUp)
        {
            SettlePlan(isWhole: true); // before the client can ask again
        }
    }

    private AnswerForm FormOf(Exchange exchange) => _translation?.Form switch
    {
        null or TranslatedForm.None => FormOfHead(exchange),
        TranslatedForm.Stream when _kind != AiCallKind.OllamaChat => AnswerForm.Events,
        _ => AnswerForm.Json,
    };

    private static AnswerForm FormOfHead(Exchange exchange)
    {
        ReadOnlySpan<byte> head = exchange.ResponseHeadBytes;
        foreach (ref readonly HeaderField field in exchange.Response.Fields)
        {
            if (field.Known == KnownHeader.ContentType)
            {
                ReadOnlySpan<byte> type = field.Value.Of(head);
                int end = type.IndexOf((byte)';');
                type = (end < 0 ? type : type[..end]).TrimEnd((byte)' ');
                return Ascii.EqualsIgnoreCase(type, "text/event-stream"u8) ? AnswerForm.Events
                    : Ascii.EqualsIgnoreCase(type, "application/json"u8)
                        || Ascii.EqualsIgnoreCase(type, "application/x-ndjson"u8) ? AnswerForm.Json
                    : AnswerForm.Other;
            }
        }

        return AnswerForm.Other;
    }
}
