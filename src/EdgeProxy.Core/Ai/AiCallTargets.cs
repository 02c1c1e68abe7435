using System;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Services;

namespace EdgeProxy.Ai;

/// <content>Whom it asks: the first target, and others when that one fails.</content>
internal sealed partial class AiCall
{
    public override Service? OtherAfterAnswer(Exchange exchange)
    {
        _hasAnswered = true;
        _target!.Pause.NoteAnswer();
        if (Refusals.OfStatus(exchange.Response.StatusCode) == RefusalCause.Unwell)
        {
            _target!.Pause.Begin(exchange.Shard.Loop.NowMs, exchange);
        }

        return null; // what the refusal says is read first, if others are left
    }

    public override Service? OtherAfterFault(Exchange exchange)
    {
        if (_target is not { } target)
        {
            return null;
        }

        if (_refusal.IsOpen && !exchange.Fault.IsNone)
        {
            _refusal.CutShort(); // it stands by its status, if nobody does better
        }

        Judge(exchange, target);
        return Other(exchange);
    }

    // Those that may lose nothing of the request, and would, are passed over while others are left.
    private bool TryAim(Exchange exchange)
    {
        while (!Aim(exchange))
        {
            if (!_isPassedOver)
            {
                return false;
            }

            _isPassedOver = false;
            exchange.RequestEdits.Remove(_target!.Provider.CredentialField);
            if (!TryChoose(exchange))
            {
                Refuse(exchange, 400, "unsupported_api", AiTexts.NotSpoken);
                return false;
            }
        }

        return true;
    }

    // The exchange goes to the target: its path, its credential, its name for the model.
    private bool Aim(Exchange exchange)
    {
        Provider provider = _target!.Provider;
        exchange.RequestEdits.Remove(ForwardedFields.AcceptEncoding);
        if (!provider.Credential.IsEmpty)
        {
            exchange.RequestEdits.Set(provider.CredentialField, provider.Credential);
        }

        Span<byte> path = stackalloc byte[512];
        provider.BasePath.CopyTo(path);
        _sent = RequestTranslation.SentAs(_kind, provider.Settings.Kind);
        ReadOnlySpan<byte> rest = AiApi.PathAt(_sent, provider.Settings.Kind);
        rest.CopyTo(path[provider.BasePath.Length..]);
        if (!exchange.TryRewritePath(path[..(provider.BasePath.Length + rest.Length)]))
        {
            return false;
        }

        ForwardedQuery.Keep(exchange);
        if (_sent != _kind && !TryTranslate(exchange, provider.Settings.Kind))
        {
            return false;
        }

        JsonIndex index = _loop.Index;
        JsonEdits edits = _loop.Edits;
        edits.Reset();
        RequestEditor.SetModel(index, edits, _target, _entry!, Model);
        bool asksUsage = _facts.IsStream && _sent == AiCallKind.ChatCompletions && provider.Settings.StreamUsage
            && !_facts.AsksUsage;
        _strips = _kind == AiCallKind.ChatCompletions && !_facts.AsksUsage && (asksUsage || _sent != _kind);
        if (asksUsage)
        {
            RequestEditor.AskUsage(index, edits);
        }

        int cap = _service!.Settings.OutputTokensMax;
        if (cap > 0 && !OutputCap.TryApply(index, edits, _sent, provider.Settings.Kind, cap))
        {
            Refuse(exchange, 400, "too_many_choices", AiTexts.TooManyChoices);
            return false;
        }

        if (!edits.IsEmpty)
        {
            if (!_edited.TryRoom(Body.Length + edits.Growth, out Span<byte> room))
            {
                OnBodyRefused(exchange, isTooLong: false);
                return false;
            }

            _edited.Commit(edits.Apply(Body.Bytes, room));
            if (_sent == _kind && HasOther(exchange))
            {
                _original.TakeFrom(Body);
            }

            Body.TakeFrom(_edited);
        }

        return true;
    }

    private bool TryChoose(Exchange exchange)
    {
        Shard shard = exchange.Shard;
        bool isHalted = false;
        while (true)
        {
            int place = TargetChoice.Next(SearchOf(exchange, shard.NextLot()));
            if (place < 0)
            {
                exchange.Fault = isHalted && _target is null ? Fault.Halted : exchange.Fault;
                return false;
            }

            _tried |= 1UL << place;
            ModelTarget target = _entry!.Targets[place];
            isHalted = shard.Halts.Current.HasModel(target.ModelBytes);
            if (!isHalted)
            {
                _target = target;
                return true;
            }
        }
    }

    private bool HasOther(Exchange exchange) =>
        TargetChoice.Next(SearchOf(exchange, lot: 0)) >= 0;

    private TargetSearch SearchOf(Exchange exchange, uint lot) =>
        new(_entry!, _kind, _tried, exchange.Shard.Loop.NowMs, lot)
        {
            Tokens = _tokens,
            Loop = exchange.Shard.Loop.Index,
            IsStream = _facts.IsStream,
            HasAnswered = _hasAnswered,
        };

    // The next target, with the body as it came.
    private Service? Other(Exchange exchange)
    {
        ModelTarget failed = _target!;
        if (!TryChoose(exchange))
        {
            return null;
        }

        CallOutcome outcome = _reader.HasError ? CallOutcome.ErrorWithin : CallOutcome.Failed;
        NoteFailed();
        LeaveLoad();
        Keep();
        if (_reader.HasError)
        {
            failed.Metrics.Add(exchange.Shard.Loop.Index, TokenCount.StreamErrors);
        }

        exchange.RequestEdits.Remove(failed.Provider.CredentialField);
        if (_original.Length > 0)
        {
            Body.TakeFrom(_original);
        }

        // Nothing of the answer given up is the client's: neither what was held of an event, nor what its head told.
        _strip.Release();
        Rewrites = false;
        exchange.ResponseEdits.TakeBack(ForwardedFields.Buffering);
        LocalAnswer? withheld = exchange.LocalAnswer; // a guard's, of this one's answer
        exchange.LocalAnswer = null;
        TakeBackTranslation(exchange);
        _isRead = false;
        _isRefused = false;
        _isUnread = false;
        _reader = default;
        _exchange = null;

        // The body was read before, so it is good.
        _ = _loop.Index.Read(Body.Bytes);
        bool isAimed = TryAim(exchange);
        if (isAimed)
        {
            failed.Metrics.Add(exchange.Shard.Loop.Index, TokenCount.Calls);
            failed.Metrics.Add(exchange.Shard.Loop.Index, TokenCount.Failed);
            CountOperation(failed, exchange, outcome, default);
            EnterLoad(exchange);
            _guard?.Answering.Release(); // and whoever is asked about it has no say about the next
        }
        else
        {
            _target = failed; // whose answer stands then, and who is counted at the end
            AnswerKept(isOfProxy: true);
            exchange.LocalAnswer = withheld ?? exchange.LocalAnswer;
        }

        _loop.Index.Reset();
        return isAimed ? _target!.Provider.Service : null;
    }
}
