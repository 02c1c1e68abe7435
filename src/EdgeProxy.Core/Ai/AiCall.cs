using System;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Halting;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Json;

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
    private bool _isRefused; // it answered with an error
    private bool _isUnread; // it answered, and nobody can tell what
    private bool _isFaultOfOthers; // than the caller, who is told so, and may leave meanwhile
    private bool _isPassedOver; // the target would lose something of the request, and may not
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

    public override void OnPassedOn(Exchange exchange)
    {
        _refusal.End(); // longer than is looked at
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

    public override LocalAnswer? AnswerTo(Exchange exchange, int status, string detail)
    {
        _isFaultOfOthers = exchange.Fault.Side != FaultSide.Client && exchange.Fault.Kind != FaultKind.ResponseTimeout;
        return exchange.Fault.Side == FaultSide.Upstream && _kept.Status > 0
            ? _kept.Answer(exchange, _dialect, _loop.Index, MayTellKept)
            : AiErrors.Answer(_dialect, status, "", char.ToUpperInvariant(detail[0]) + detail[1..] + ".");
    }

    public override bool IsHalted(HaltSet halts) =>
        halts.HasModel(Model) || (_target is { } target && halts.HasModel(target.ModelBytes));

    public override void OnEnd(Exchange exchange)
    {
        SettlePlan(exchange);
        CallOutcome outcome = OutcomeOf(exchange);
        Settle(exchange, outcome);
        ReleaseBodies();
        ReleaseRequest();
        _strip.Release();
        _stripped.Release();
        _guard?.Count(exchange);
        TellModel(exchange, outcome);
        _use.End();
        _answerFacts.Reset();
        if (_guard is { } guard)
        {
            if (!_isInspecting)
            {
                guard.Guard.Return(exchange.Shard.Loop.Index, guard); // else somebody may still look into it
            }

            _guard = null;
        }

        if (exchange.Fault.Side == FaultSide.Upstream && !exchange.Fault.IsNone)
        {
            NoteFailed();
        }

        LeaveLoad();
        EndTranslation();
        EndRefusals();
        _hasAnswered = false;
        _wasAsked = false;
        _modelLength = 0;
        _service = null;
        _entry = null;
        _target = null;
        _tried = 0;
        _tokens = 0;
        _facts = default;
        _reader = default;
        _isRead = false;
        _isRefused = false;
        _isUnread = false;
        _isFaultOfOthers = false;
        _isPassedOver = false;
        _isAsking = false;
        _isEstimated = false;
        _isInspecting = false;
        _strips = false;
        _exchange = null;
        _endCause = EndCause.None;
        _loop.Return(this);
    }

    private void ReleaseRequest()
    {
        Body.Release();
        _original.Release();
        _edited.Release();
    }

    private Verdict Refuse(Exchange exchange, int status, string code, string message)
    {
        LeaveLoad();
        _target = null; // nobody was asked
        NoteRefusal(exchange, code);
        return exchange.Answer(AiErrors.Answer(_dialect, status, code, message));
    }
}
