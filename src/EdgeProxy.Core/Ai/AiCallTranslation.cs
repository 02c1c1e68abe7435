using System;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <content>
/// A provider of another dialect: the request becomes one of its own, its answer one of the caller's. Everything else,
/// guards, plans and ends included, sees the caller's dialect only (decision 120).
/// </content>
internal sealed partial class AiCall
{
    private const int LeftOutBytesMax = 512;

    private static readonly FieldName AnthropicVersion = FieldName.Of("anthropic-version");
    private static readonly FieldName ContentType = FieldName.Of("Content-Type");
    private static readonly FieldName ContentEncoding = FieldName.Of("Content-Encoding");
    private static readonly FieldName LeftOut = FieldName.Of("X-EdgeProxy-Left-Out");

    private readonly HeldBody _translated = new();
    private AnswerTranslation? _translation;
    private AiCallKind _sent; // what the provider is asked for; another than the caller's if it is translated
    private Losses _losses;
    private Exchange? _translatedFor;

    // The answer that passes is translated.
    private bool IsTranslated => _translation is { Form: not TranslatedForm.None };

    // It is refused, whatever else comes of it.
    private bool IsTranslationRefused => _translatedFor?.LocalAnswer is not null;

    // What the provider counted, and by whose way of counting.
    private Usage Counted => (IsTranslated ? _translation!.Usage : _reader.Usage).Believed;

    private Dialect CountedBy => IsTranslated ? Dialect.Anthropic : _dialect;

    // The body becomes one the provider understands; the index is of that then.
    private bool TryTranslate(Exchange exchange, ProviderKind provider)
    {
        RequestTranslation translation = _loop.Translation;
        string? fault = translation.Translate(
            _loop.Index, Body.Bytes, _kind, _sent, provider, _service!.Settings.OutputTokensMax, _edited);
        if (translation.IsFull)
        {
            _edited.Release();
            OnBodyRefused(exchange, isTooLong: false);
            return false;
        }

        _losses = translation.Losses;
        OnUnsupported rule = _target!.OnUnsupported ?? _service.Settings.OnUnsupported;
        if (fault is null && rule == OnUnsupported.Reject && !_losses.IsEmpty && HasOther(exchange))
        {
            _edited.Release();
            _losses = default;
            _isPassedOver = true;
            return false;
        }

        if (fault is not null || (rule == OnUnsupported.Reject && !_losses.IsEmpty))
        {
            _edited.Release();
            Refuse(exchange, 400, fault is not null ? "invalid_request" : "unsupported_parameter",
                fault is not null
                    ? AiTexts.Untranslatable(fault)
                    : AiTexts.Unsupported(_losses.Names(RequestMembers.Of(_kind))));
            return false;
        }

        if (rule == OnUnsupported.Warn && !_losses.IsEmpty)
        {
            Span<byte> names = stackalloc byte[LeftOutBytesMax];
            exchange.ResponseEdits.Set(LeftOut, names[.._losses.WriteNames(RequestMembers.Of(_kind), names)]);
        }

        if (_sent == AiCallKind.Messages)
        {
            exchange.RequestEdits.Set(AnthropicVersion, "2023-06-01"u8);
        }

        if (HasOther(exchange))
        {
            _original.TakeFrom(Body);
        }

        Body.TakeFrom(_edited);
        JsonFault read = _loop.Index.Read(Body.Bytes);
        if (read != JsonFault.None)
        {
            Refuse(exchange, 400, "invalid_json", AiTexts.Of(read)); // a tool's arguments have a name twice
        }

        return read == JsonFault.None;
    }

    // How the answer whose head is here is translated.
    private TranslatedForm FormOfTranslation(Exchange exchange)
    {
        if (_sent == _kind || _target is null)
        {
            return TranslatedForm.None;
        }

        AnswerLook look = AnswerLooks.Of(exchange, _sent);
        return exchange.Response.StatusCode is < 200 or >= 300 ? TranslatedForm.Error
            : look == AnswerLook.Events ? TranslatedForm.Stream
            : TranslatedForm.Whole;
    }

    // How a guard finds it written; null if it is not translated.
    private AnswerLook? WrittenLook(Exchange exchange) => FormOfTranslation(exchange) switch
    {
        TranslatedForm.None => null,
        TranslatedForm.Stream when _kind == AiCallKind.OllamaChat => AnswerLook.Lines,
        TranslatedForm.Stream => AnswerLook.Events,
        _ => AnswerLook.Whole,
    };

    private void BeginTranslation(Exchange exchange)
    {
        TranslatedForm form = FormOfTranslation(exchange);
        if (form == TranslatedForm.None)
        {
            _translation?.Release();
            return;
        }

        _translatedFor = exchange;
        _translated.BindAs(Output);
        _translation ??= new AnswerTranslation(_loop);
        _translation.Begin(form, _sent, _kind, Output, exchange.Shard.Loop.Clock.UnixMs);
        int status = AnswerErrors.StatusFor(_dialect, exchange.Response.StatusCode);
        _translation.Status = status;
        exchange.ResponseEdits.Set(ContentType, form != TranslatedForm.Stream ? "application/json"u8
            : _kind == AiCallKind.OllamaChat ? "application/x-ndjson"u8
            : "text/event-stream; charset=utf-8"u8);
        if (_use.HasPlan)
        {
            Plans.PlanFields.RemoveOthers(exchange.ResponseEdits, _dialect);
        }

        exchange.ResponseEdits.Remove(ContentEncoding); // what is written here is not coded
        AnswerLook look = AnswerLooks.Of(exchange, _sent);
        if (form == TranslatedForm.Whole && look != AnswerLook.Whole)
        {
            exchange.LocalAnswer = AiErrors.Answer(_dialect, 502, "", AnswerErrors.UnreadableText);
        }
        else if (look == AnswerLook.None)
        {
            exchange.LocalAnswer = AiErrors.Answer(_dialect, status, "", AnswerErrors.UnsaidText);
        }
    }

    private void TakeTranslated(ReadOnlySpan<byte> payload, bool isEnd)
    {
        AnswerTranslation translation = _translation!;
        if (IsTranslationRefused)
        {
            return; // it is refused already
        }

        _translated.Clear();
        if (isEnd)
        {
            translation.TakeEnd(_translated);
        }
        else
        {
            translation.Take(payload, _translated);
        }

        if (translation.IsUnreadable)
        {
            _isRead = false;
            _isUnread = true;
            _translatedFor!.LocalAnswer = AiErrors.Answer(_dialect, 502, "", AnswerErrors.UnreadableText);
        }
        else if (_translated.Length > 0)
        {
            Pass(_translated.Bytes);
        }

        _translated.Release(); // a quiet stream holds no memory
        if (translation.IsOver && !isEnd && _reader.HasError)
        {
            EndsEarly = true;
            HasWrittenEnd = true;
        }
    }

    private void NoteLosses(Exchange exchange)
    {
        if (!_losses.IsEmpty)
        {
            Span<byte> names = stackalloc byte[LeftOutBytesMax];
            exchange.NoteFact("edgeproxy.ai.left_out"u8,
                names[.._losses.WriteNames(RequestMembers.Of(_kind), names)]);
        }
    }

    // Another target is asked: it may speak the caller's dialect.
    private void TakeBackTranslation(Exchange exchange)
    {
        exchange.RequestEdits.TakeBack(AnthropicVersion);
        exchange.ResponseEdits.TakeBack(LeftOut);
        exchange.ResponseEdits.TakeBack(ContentType);
        exchange.ResponseEdits.TakeBack(ContentEncoding);
        EndTranslation();
        EndsEarly = false;
        HasWrittenEnd = false;
        _sent = _kind;
    }

    private void EndTranslation()
    {
        _translation?.Release();
        _translated.Release();
        _losses = default;
        _translatedFor = null;
    }
}
