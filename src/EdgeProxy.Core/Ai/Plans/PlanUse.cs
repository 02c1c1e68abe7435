using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Ai.Plans;

/// <summary>One call's use of its consumer's plan: reserved, watched, settled once. Reused.</summary>
internal sealed class PlanUse(PlanBook book)
{
    // A token may be a long word: nobody is cut for that.
    private const int CutSlackTokens = 16;

    private ConsumerPlan? _plan;
    private PlanDecision _decision;
    private PlanClaim _claim;
    private long _inputTokens;
    private Usage _counted;
    private long _cost;
    private bool _isEstimated;
    private bool _isSettled;
    private bool _hasPrice;

    /// <summary>Micro-units, once it is settled.</summary>
    public long Cost => _cost;

    /// <summary>What it was settled by; not there if nothing was used, or nobody can tell.</summary>
    public Usage Counted => _counted;

    /// <summary>The provider did not tell all of it.</summary>
    public bool IsEstimated => _isEstimated;

    /// <summary>The caller has one.</summary>
    public bool HasPlan => _plan is not null;

    /// <summary>What the caller was told that the plan refused.</summary>
    public string RefusalCode => PlanFields.CodeOf(_decision);

    private ReadOnlySpan<byte> DecisionWord =>
        _decision.IsRefused ? "refused"u8 : _decision.Limit is not null ? "reported"u8 : "allowed"u8;

    /// <summary>Takes what the call may come to. Else the exchange has its answer.</summary>
    public bool TryReserve(
        Exchange exchange, AiService service, ModelEntry entry, ReadOnlySpan<byte> model, in PlanAsk ask)
    {
        _inputTokens = ask.InputTokens;
        if (exchange.Consumer is not { } consumer || service.PlanOf(consumer) is not { } plan)
        {
            return true;
        }

        _plan = plan;
        long cost = 0;
        foreach (ModelTarget target in entry.Targets)
        {
            cost = Math.Max(cost, target.Price?.AtMost(ask.InputTokens, ask.OutputTokens) ?? 0);
        }

        long unixMs = exchange.Shard.Loop.Clock.UnixMs;
        var amounts = new CallAmounts(ask.InputTokens, ask.OutputTokens, cost);
        _decision = book.Reserve(plan, model, amounts, unixMs, out _claim);
        PlanFields.Write(exchange.ResponseEdits, book, plan, model, ask.Dialect, unixMs);
        if (_decision.IsRefused)
        {
            exchange.IsLimited = true;
            exchange.Answer(PlanFields.Refusal(exchange.ResponseEdits, _decision, plan, ask.Dialect));
        }

        return !_decision.IsRefused;
    }

    /// <summary>
    /// The answer came to more than twice of what was reserved for it, and some: its provider does not hold what it was
    /// told, and the plan wants such answers ended.
    /// </summary>
    public bool IsOver(long textBytes) =>
        _plan is { Settings.CutsStreams: true } && _claim.Amounts.Output > 0
        && InputEstimate.OfText(textBytes) > (2 * _claim.Amounts.Output) + CutSlackTokens;

    /// <summary>What an answer came to so far: as its provider said, else as far as can be told.</summary>
    /// <param name="seenTokens">What came of it, estimated.</param>
    public Usage Known(in Usage usage, long seenTokens)
    {
        Usage known = usage;
        known.Output = Math.Max(usage.Output, seenTokens);
        known.Input = usage.Input + usage.Cached + usage.CacheWritten > 0 ? usage.Input : _inputTokens;
        return known;
    }

    /// <summary>
    /// The call is over: what it came to, as its provider counted it, or as far as it came. Once; later calls do
    /// nothing.
    /// </summary>
    /// <param name="price">Of the target that answered; null if it has none.</param>
    public void Settle(in Usage usage, in CallSeen seen, ModelPrice? price, Dialect dialect)
    {
        if (_isSettled)
        {
            return;
        }

        _isSettled = true;
        Usage counted = usage;

        // A provider that tells of one side only, and of none that was not there.
        bool isHalf = usage.IsThere && ((usage.Output == 0 && seen.Tokens > 0) || usage.TotalInput(dialect) == 0);
        if (!usage.IsThere || !seen.IsWhole || isHalf)
        {
            // An answer that broke off, or does not tell: what was asked, and what came, or may have been made.
            counted = Known(usage, seen.IsOutOfSight ? Math.Max(seen.Tokens, _claim.Amounts.Output) : seen.Tokens);
            _isEstimated = counted.Input + counted.Output > 0;
            counted.IsThere = _isEstimated;
        }

        _hasPrice = price is not null;
        _cost = price?.Of(counted, dialect) ?? 0;
        _counted = counted;
        book.Settle(ref _claim, new CallAmounts(counted.TotalInput(dialect), counted.Output, _cost));
    }

    /// <summary>Nobody answered: nothing was used but a request.</summary>
    public void Release()
    {
        _isSettled = true;
        book.Settle(ref _claim, default);
    }

    public void NoteFacts(Exchange exchange)
    {
        if (_hasPrice)
        {
            exchange.NoteFact("edgeproxy.ai.cost"u8, _cost);
        }

        if (_isEstimated)
        {
            exchange.NoteFact("edgeproxy.ai.usage_estimated"u8, 1);
        }

        if (_plan is not { } plan)
        {
            return;
        }

        exchange.NoteFact("edgeproxy.plan.name"u8, plan.NameBytes);
        exchange.NoteFact("edgeproxy.plan.decision"u8, DecisionWord);
        exchange.NoteFact("edgeproxy.plan.limit"u8, _decision.Limit is { } limit ? limit.TextBytes : default);
    }

    /// <summary>The same for a span.</summary>
    public void Tell(ref ModelFactWriter facts)
    {
        if (_hasPrice)
        {
            facts.Add(ModelFact.Cost, _cost);
        }

        if (_isEstimated)
        {
            facts.Add(ModelFact.IsEstimated, 1);
        }

        if (_plan is not null)
        {
            facts.Add(ModelFact.PlanDecision, DecisionWord);
            facts.Add(ModelFact.PlanLimit, _decision.Limit is { } limit ? limit.TextBytes : default);
        }
    }

    public void End()
    {
        Release();
        _plan = null;
        _decision = default;
        _inputTokens = 0;
        _counted = default;
        _cost = 0;
        _isEstimated = false;
        _isSettled = false;
        _hasPrice = false;
    }
}

/// <summary>What the proxy saw of an answer, for when its provider does not tell.</summary>
/// <param name="Tokens">What came of it, estimated.</param>
/// <param name="IsWhole">It came to its end.</param>
/// <param name="IsOutOfSight">
/// The model may have written all it was allowed to, and nobody here would know: its caller left before the answer, or
/// it goes on in the background.
/// </param>
internal readonly record struct CallSeen(long Tokens, bool IsWhole, bool IsOutOfSight);

/// <summary>What a request may come to.</summary>
/// <param name="OutputTokens">The most its answer may have, all choices together.</param>
internal readonly record struct PlanAsk(long InputTokens, long OutputTokens, Dialect Dialect);
