using System;
using System.Numerics;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Halting;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Json;
using EdgeProxy.Services;

namespace EdgeProxy.Ai;

/// <summary>One exchange of an AI service: from its body to its tokens.</summary>
internal sealed partial class AiCall : BodyCall
{
    private readonly AiLoop _loop;
    private readonly HeldBody _edited = new();
    private readonly HeldBody _original = new(); // what came, while another target may be asked with it
    private readonly UsageStrip _strip;
    private readonly HeldBody _stripped = new(); // of a stream that a guard looks at then
    private readonly byte[] _model = new byte[JsonText.BytesMax];
    private int _modelLength;
    private AiService? _service;
    private AiCallKind _kind;
    private Dialect _dialect;
    private RequestFacts _facts;
    private ModelEntry? _entry;
    private ModelTarget? _target;
    private ulong _tried;
    private long _tokens; // it may come to, if that decides between targets
    private UsageReader _reader;
    private readonly AnswerFacts _answerFacts = new();
    private readonly PlanUse _use;
    private bool _isRead;
    private bool _strips;
    private Exchange? _exchange; // while its answer passes
    private StreamTail _tail;
    private EndCause _endCause;
    private bool _isStripping;
    private bool _isAsking;
    private bool _isInspecting;
    private GuardWork? _guard;

    public AiCall(AiLoop loop)
    {
        _loop = loop;
        _strip = new UsageStrip(loop);
        _use = new PlanUse(loop.Plans);
    }

    /// <summary>
    /// A second answer costs money and changes nothing: a call that was not answered may be asked again (decision 81).
    /// </summary>
    public override bool MayRepeat => true;

    private ReadOnlySpan<byte> Model => _model.AsSpan(0, _modelLength);

    public void Begin(AiService service, Exchange exchange, AiCallKind kind, Dialect dialect)
    {
        _service = service;
        _kind = kind;
        _dialect = dialect;
        _guard = AiGuard.Of(exchange)?.Rent(exchange.Shard.Loop.Index, _loop);
        BodyBytesMax = service.Settings.BodyBytesMax;
        exchange.Hold(Body, _loop.Budget);
        exchange.Hold(_edited, _loop.Budget);
        exchange.Hold(_original, _loop.Budget);
        exchange.Hold(Output, budget: null);
        _sent = kind;
    }

    public override Verdict OnBody(Exchange exchange)
    {
        Verdict verdict = Judge(exchange);
        _loop.Index.Reset();
        return verdict;
    }

    private Verdict Judge(Exchange exchange)
    {
        JsonIndex index = _loop.Index;
        JsonFault fault = index.Read(Body.Bytes);
        if (fault != JsonFault.None)
        {
            return Refuse(exchange, 400, "invalid_json", AiTexts.Of(fault));
        }

        if (RequestSpelling.IsOdd(index, Body.Bytes, _service!.Parameters))
        {
            return Refuse(exchange, 400, "ambiguous_name", AiTexts.OddName);
        }

        int model = index.Find(0, RequestNames.Model);
        if (model < 0 || index[model].Kind != JsonToken.String)
        {
            return Refuse(exchange, 400, "missing_model", AiTexts.ModelMissing);
        }

        ReadModel(index[model]);
        _entry = _modelLength > 0 ? _service!.Find(Model, exchange.Consumer) : null;
        if (_entry is null)
        {
            return Refuse(exchange, 404, AiTexts.ModelCode, AiTexts.NoModel);
        }

        if (exchange.Shard.Halts.Current.HasModel(Model))
        {
            exchange.Fault = Fault.Halted;
            return Verdict.Answered;
        }

        if (!TryApplyParameters(exchange))
        {
            return Verdict.Answered;
        }

        if (_guard is not { } guard)
        {
            return Send(exchange);
        }

        if (guard.Guard.Prompt.IsEmpty || Body.Length <= GuardLimits.OnLoopBytesMax)
        {
            _loop.Edits.Reset();
            guard.InspectPrompt(index, Body.Bytes, _loop.Edits, _kind);
            return OnInspected(exchange, _loop.Edits);
        }

        _isAsking = true;
        _isInspecting = true;
        return Deferred.Start(exchange, InspectAsync(guard, Body.Bytes.ToArray(), _kind));
    }

    // A long prompt takes milliseconds: others on the loop do not wait for that.
    private async ValueTask<Func<Exchange, Verdict>> InspectAsync(GuardWork guard, byte[] body, AiCallKind kind)
    {
        JsonEdits edits = await Task.Run(() => guard.InspectPrompt(body, kind)).ConfigureAwait(false);
        return exchange =>
        {
            _isInspecting = false;
            Verdict verdict = OnInspected(exchange, edits);
            _loop.Index.Reset();
            return verdict;
        };
    }

    private Verdict OnInspected(Exchange exchange, JsonEdits edits)
    {
        GuardWork guard = _guard!;
        if (!IsLetPass(exchange, guard, edits))
        {
            return Verdict.Answered;
        }

        if (guard.Guard.External.Count > 0)
        {
            _isAsking = true;
            return Deferred.Start(exchange, AskAsync(guard.Guard.External, Body.Bytes.ToArray()));
        }

        return Send(exchange);
    }

    // The body is one that goes to a model.
    private Verdict Send(Exchange exchange)
    {
        JsonIndex index = _loop.Index;
        _tokens = _entry!.HasWindows ? RoomFor(index) : 0;
        if (!TryChoose(exchange))
        {
            return exchange.Fault.IsNone
                ? Refuse(exchange, 400, "unsupported_api", AiTexts.NotSpoken)
                : Verdict.Answered;
        }

        if (!_service!.Tools.Allow(index, Body.Bytes, _kind))
        {
            return Refuse(exchange, 403, "tool_not_allowed", AiTexts.NoTool);
        }

        _facts = RequestFacts.Of(index, _kind);
        if (!_use.TryReserve(exchange, _service, _entry!, Model, AskOf(index)))
        {
            _target = null;
            return Verdict.Answered;
        }

        exchange.Service = _target!.Provider.Service;
        return Aim(exchange) ? Verdict.Next : Verdict.Answered;
    }

    public override bool IsAsking => _isAsking;

    private async ValueTask<Func<Exchange, Verdict>> AskAsync(ExternalGuards guards, byte[] body)
    {
        // Off the loop from the first byte on.
        ExternalReply[] replies = await Task.Run(() => guards.AskAsync(body)).ConfigureAwait(false);
        return exchange => OnReplies(exchange, replies);
    }

    private Verdict OnReplies(Exchange exchange, ExternalReply[] replies)
    {
        GuardWork guard = _guard!;
        guard.TakeReplies(replies, exchange);
        return !guard.Prompt.IsBlocked ? SendAgain(exchange)
            : guard.HasFailed ? Refuse(exchange, 503, "guard_unavailable", GuardTexts.Undecided(guard.Prompt.Reason))
            : Refuse(exchange, 403, GuardTexts.Code, GuardTexts.OfPrompt(guard.Prompt.Reason));
    }

    // The body was read before, so it is good.
    private Verdict SendAgain(Exchange exchange)
    {
        _ = _loop.Index.Read(Body.Bytes);
        Verdict verdict = Send(exchange);
        _loop.Index.Reset();
        return verdict;
    }

    public override Service? OtherAfterAnswer(Exchange exchange)
    {
        int status = exchange.Response.StatusCode;
        if (IsUnwell(status))
        {
            _target!.Pause.Begin(exchange.Shard.Loop.NowMs, exchange);
        }

        return IsUnwell(status) || IsOfThisRequest(status) ? Other(exchange) : null;
    }

    public override Service? OtherAfterFault(Exchange exchange)
    {
        _target?.Pause.Begin(exchange.Shard.Loop.NowMs);
        return _target is null ? null : Other(exchange);
    }

    public override bool Holds(Exchange exchange) =>
        FormOfTranslation(exchange) is TranslatedForm.Whole or TranslatedForm.Error
        || _guard?.Answering.LookOf(exchange, _kind, WrittenLook(exchange)) == AnswerLook.Whole
        || (_facts.IsStream && HasOther(exchange) && exchange.Response.StatusCode is >= 200 and < 300);

    public override bool HasContent =>
        IsTranslationRefused || (!IsHeldWhole && (_reader.IsBlind || _reader.HasContent));

    public override bool HasFailedWithin =>
        _translation?.IsUnreadable == true || (!IsHeldWhole && _reader.HasError);

    private bool IsHeldWhole => _guard?.Answering.IsWhole == true || _translation?.IsHeld == true;

    public override void OnPassedOn(Exchange exchange)
    {
        if (exchange.IsRequestSent)
        {
            ReleaseRequest(); // nobody is asked again once an answer has begun
        }
    }

    public override void OnBodyRefused(Exchange exchange, bool isTooLong)
    {
        if (isTooLong)
        {
            Refuse(exchange, 413, "request_too_large", AiTexts.TooLong);
        }
        else
        {
            Refuse(exchange, 503, "overloaded", AiTexts.NoRoom);
        }
    }

    public override bool Forwards(ReadOnlySpan<byte> fieldName) =>
        ForwardedFields.Has(fieldName) && (_sent == _kind || !ForwardedFields.IsOfDialect(fieldName));

    public override void OnAnswer(Exchange exchange)
    {
        HeaderEdits edits = exchange.ResponseEdits;
        foreach (FieldName name in ForwardedFields.KeptFromClients)
        {
            edits.Remove(name);
        }

        _isRead = exchange.Response.StatusCode is >= 200 and < 300;
        BeginTranslation(exchange);
        AnswerForm form = _isRead ? FormOf(exchange) : AnswerForm.Other;
        _answerFacts.Reset();
        _reader.Begin(form, exchange.Audit is null ? null : _answerFacts);
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
        if (_guard is { Answering.Writes: true })
        {
            _guard.Answering.Take(_isStripping ? Stripped(payload) : payload, Output);
            EndIfOver();
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
        }
        else if (_isStripping)
        {
            _strip.TakeEnd(Output);
        }

        if (!_reader.HasError && _translation?.IsUnreadable != true)
        {
            SettlePlan(isWhole: true); // before the client can ask again
        }
    }

    public override LocalAnswer? AnswerTo(Exchange exchange, int status, string detail) =>
        AiErrors.Answer(_dialect, status, "", char.ToUpperInvariant(detail[0]) + detail[1..] + ".");

    public override bool IsHalted(HaltSet halts) =>
        halts.HasModel(Model) || (_target is { } target && halts.HasModel(target.ModelBytes));

    public override void NoteFacts(Exchange exchange)
    {
        SettlePlan(exchange.Fault.IsNone && !EndsEarly);
        _use.NoteFacts(exchange);
        exchange.NoteFact("gen_ai.request.model"u8, Model);
        if (_target is { } target)
        {
            exchange.NoteFact("gen_ai.provider.name"u8, target.Provider.NameBytes);
            exchange.NoteFact("edgeproxy.ai.model_sent"u8, target.IsAsAsked ? Model : target.ModelBytes);
            exchange.NoteFact("gen_ai.response.model"u8, _answerFacts.Model);
            exchange.NoteFact("edgeproxy.ai.targets_asked"u8, BitOperations.PopCount(_tried));
            exchange.NoteFact("gen_ai.tool.names"u8, _answerFacts.Tools);
            NoteUsage(exchange, Counted);
            NoteLosses(exchange);
        }

        _guard?.NoteFacts(exchange);
        exchange.NoteFact("edgeproxy.ai.outcome"u8, _target is null ? "refused"u8
            : !exchange.Fault.IsNone ? "cut"u8
            : _endCause == EndCause.Halted ? "halted"u8
            : _endCause == EndCause.OverPlan ? "over_plan"u8
            : _guard is { Answer.IsBlocked: true } ? "withheld"u8
            : !_isRead ? "failed"u8
            : _reader.HasError ? "error_within"u8 : "ok"u8);
    }

    private void NoteUsage(Exchange exchange, in Usage usage)
    {
        if (usage.IsThere)
        {
            exchange.NoteFact("gen_ai.usage.input_tokens"u8, usage.TotalInput(CountedBy));
            exchange.NoteFact("gen_ai.usage.output_tokens"u8, usage.Output);
            exchange.NoteFact("gen_ai.usage.cache_read.input_tokens"u8, usage.Cached);
            exchange.NoteFact("edgeproxy.ai.reasoning_tokens"u8, usage.Reasoning);
        }
    }

    public override void OnEnd(Exchange exchange)
    {
        SettlePlan(exchange.Fault.IsNone && !EndsEarly);
        Settle(exchange);
        _use.End();
        ReleaseBodies();
        ReleaseRequest();
        _strip.Release();
        _stripped.Release();
        _answerFacts.Reset();
        if (_guard is { } guard)
        {
            guard.Count(exchange);
            if (!_isInspecting)
            {
                guard.Guard.Return(exchange.Shard.Loop.Index, guard); // else somebody may still look into it
            }

            _guard = null;
        }

        EndTranslation();
        _modelLength = 0;
        _service = null;
        _entry = null;
        _target = null;
        _tried = 0;
        _tokens = 0;
        _facts = default;
        _reader = default;
        _isRead = false;
        _isAsking = false;
        _isInspecting = false;
        _strips = false;
        _exchange = null;
        _endCause = EndCause.None;
        _loop.Return(this);
    }

    // The guard's rules on the prompt: what they mask is masked for every target.
    private bool IsLetPass(Exchange exchange, GuardWork guard, JsonEdits edits)
    {
        if (!guard.Prompt.IsBlocked && !edits.IsEmpty)
        {
            if (!_edited.TryRoom(Body.Length + edits.Growth, out Span<byte> room))
            {
                OnBodyRefused(exchange, isTooLong: false);
                return false;
            }

            _edited.Commit(edits.Apply(Body.Bytes, room));
            Body.TakeFrom(_edited);
        }

        bool isIndexed = edits.IsEmpty && _loop.Index.Count > 0;
        if (!guard.Prompt.IsBlocked && !isIndexed && _loop.Index.Read(Body.Bytes) != JsonFault.None)
        {
            guard.Prompt.BlockFor("names"); // two that are masked would be one
        }

        if (guard.Prompt.IsBlocked)
        {
            Refuse(exchange, 403, GuardTexts.Code, GuardTexts.OfPrompt(guard.Prompt.Reason));
            return false;
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
            int place = TargetChoice.Next(_entry!, _kind, _tried, shard.Loop.NowMs, shard.NextLot(), _tokens);
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
        TargetChoice.Next(_entry!, _kind, _tried, exchange.Shard.Loop.NowMs, lot: 0, _tokens) >= 0;

    // The next target, with the body as it came.
    private Service? Other(Exchange exchange)
    {
        ModelTarget failed = _target!;
        if (!TryChoose(exchange))
        {
            return null;
        }

        failed.Metrics.Add(exchange.Shard.Loop.Index, TokenCount.Calls);
        failed.Metrics.Add(exchange.Shard.Loop.Index, TokenCount.Failed);
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
        TakeBackTranslation(exchange);
        _isRead = false;
        _reader = default;
        _exchange = null;

        // The body was read before, so it is good.
        _ = _loop.Index.Read(Body.Bytes);
        bool isAimed = Aim(exchange);
        _target ??= failed; // whose answer stands then
        _loop.Index.Reset();
        return isAimed ? _target!.Provider.Service : null;
    }

    // The target will not do better soon, whoever asks: it is overloaded, broken, or does not know our credential.
    private static bool IsUnwell(int status) => status is 401 or 408 or 429 or >= 500;

    // Another target may do better with this request, which says nothing about others: a client may ask for a model
    // that is not there, and must not move everybody away by that.
    private static bool IsOfThisRequest(int status) => status is 403 or 404;

    private void ReleaseRequest()
    {
        Body.Release();
        _original.Release();
        _edited.Release();
    }

    private void ReadModel(JsonNode node)
    {
        JsonText text = JsonText.Of(Body.Bytes[node.Start..node.End]);
        _modelLength = text.IsShort ? text.Length : 0;
        text.Span[.._modelLength].CopyTo(_model);
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

    private Verdict Refuse(Exchange exchange, int status, string code, string message)
    {
        _target = null; // nobody was asked
        return exchange.Answer(AiErrors.Answer(_dialect, status, code, message));
    }
}
