using System.Collections.Generic;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>What AI services share on one loop: spare calls, and what a body is read and edited with.</summary>
internal sealed class AiLoop(BodyBudget budget, PlanBook plans)
{
    // Spare calls kept: as many as a loop may well have at once.
    private const int SparesMax = 256;

    // Questions under way at once are bounded by ExternalGuard.AskedMax; more were failures at once.
    private const int QuestionsMax = 64;

    private readonly Stack<AiCall> _spares = new();
    private readonly Stack<GuardQuestion> _questions = new();
    private CallArguments? _callArguments; // most configurations have no rules about them

    /// <summary>The values of the body that is being read; nothing of it is kept.</summary>
    public JsonIndex Index { get; } = new();

    public JsonEdits Edits { get; } = new();

    /// <summary>Of the request that is being sent.</summary>
    public RequestTranslation Translation { get; } = new();

    /// <summary>Of the call of a tool that is being judged; nothing of it is kept.</summary>
    public CallArguments CallArguments => _callArguments ??= new CallArguments();

    public BodyBudget Budget { get; } = budget;

    /// <summary>Shared by all loops.</summary>
    public PlanBook Plans { get; } = plans;

    /// <summary>Shared by all loops.</summary>
    public GuardFindings Findings { get; init; } = new();

    public AiCall Rent(AiService service, Exchange exchange, AiCallKind kind, Dialect dialect)
    {
        AiCall call = _spares.TryPop(out AiCall? spare) ? spare : new AiCall(this);
        call.Begin(service, exchange, kind, dialect);
        return call;
    }

    public void Return(AiCall call)
    {
        if (_spares.Count < SparesMax)
        {
            _spares.Push(call);
        }
    }

    public GuardQuestion RentQuestion() =>
        _questions.TryPop(out GuardQuestion? spare) ? spare : new GuardQuestion(this);

    public void Return(GuardQuestion question)
    {
        if (_questions.Count < QuestionsMax)
        {
            _questions.Push(question);
        }
    }
}
