using System;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <content>What a call may come to, what it came to, and its end before its time.</content>
internal sealed partial class AiCall
{
    private PlanAsk AskOf(JsonIndex index) => new(
        InputEstimate.OfRequest(index, Body.Bytes, _kind),
        OutputCap.MostOf(index, _kind, _service!.Settings.OutputTokensMax),
        _dialect);

    // What prompt and one choice of the answer may come to together.
    private long RoomFor(JsonIndex index) => 1 + InputEstimate.OfRequest(index, Body.Bytes, _kind)
        + OutputCap.RoomOf(index, _kind, _service!.Settings.OutputTokensMax);

    public override bool TryEndEarly(Exchange exchange)
    {
        // Who takes no more, or has half an event, is cut: nobody can say when that is over.
        if (EndsEarly)
        {
            return true;
        }

        if (_exchange is null || HasEnded || !_tail.IsWhole || exchange.ClientSink.IsStalled)
        {
            return false;
        }

        EndFor(EndCause.Halted);
        return true;
    }

    public override bool TryWriteEnd()
    {
        if (!_tail.IsWhole || _exchange is not { } exchange)
        {
            return false;
        }

        Usage usage = _use.Known(Counted, SeenTokens);
        usage.Input = CountedBy == _dialect ? usage.Input : usage.TotalInput(CountedBy);
        usage.IsThere = _facts.AsksUsage;
        int open = _guard?.Answering.OpenBlock(_reader.OpenBlock) ?? _reader.OpenBlock;
        int choices = _sent == _kind ? _facts.Choices : 1; // translation asks for one
        StreamEnd.Write(
            Output, _endCause, _kind, _reader, choices, open, usage, Model, exchange.RequestId);
        SettlePlan(isWhole: false);
        HasWrittenEnd = true;
        return true;
    }

    private void EndFor(EndCause cause)
    {
        _endCause = cause;
        EndsEarly = true;
        _strip.Release(); // what is held of an event is nobody's
    }

    // A token for four bytes, or one for each piece of a stream, which none is without.
    private long SeenTokens => Math.Max(
        InputEstimate.OfText(_reader.TextBytes), _exchange is null ? 0 : _reader.TextPieces);

    private void SettlePlan(Exchange exchange)
    {
        // Who asks for more than can be answered in time decides so, as who leaves does.
        bool isOfCaller = exchange.Fault is { IsNone: false, Side: FaultSide.Client }
            or { Kind: FaultKind.ResponseTimeout };
        bool isGivenUp = isOfCaller && exchange.IsRequestSent && !_isRefused && !_isFaultOfOthers;
        SettlePlan(exchange.Fault.IsNone && !EndsEarly, isGivenUp);
    }

    private void SettlePlan(bool isWhole, bool isGivenUp = false)
    {
        if (_target is not { } target || !(_isRead || _isUnread || isGivenUp))
        {
            _use.Release();
            return;
        }

        // What nobody can read was paid for all the same.
        long tokens = _isUnread
            ? Math.Max(SeenTokens, InputEstimate.OfText(_translation?.Taken ?? 0))
            : SeenTokens;
        bool isTold = isWhole && !_isUnread && !_reader.HasError && (!_facts.IsInBackground || Counted.IsThere);
        bool isOutOfSight = _facts.IsInBackground || (isGivenUp && !_facts.IsStream);
        _use.Settle(Counted, new CallSeen(tokens, isTold, isOutOfSight), target.Price, CountedBy);
    }

    // Counts what the call came to; an answer that was cut counts as far as it came.
    private void Settle(Exchange exchange, CallOutcome outcome)
    {
        if (_target is null)
        {
            return;
        }

        int loop = exchange.Shard.Loop.Index;
        TokenMetrics metrics = _target.Metrics;
        CountOperation(_target, exchange, outcome, Counted);
        metrics.Add(loop, TokenCount.Calls);
        metrics.Add(loop, TokenCount.Offline, _target.IsForOffline ? 1 : 0);
        metrics.Add(loop, TokenCount.Cost, _use.Cost);
        if (_use.IsEstimated)
        {
            Usage told = Counted;
            metrics.Add(loop, TokenCount.Estimated, Math.Max(0, _use.Counted.Output - told.Output)
                + Math.Max(0, _use.Counted.TotalInput(CountedBy) - told.TotalInput(CountedBy)));
        }

        if (!_isRead || _reader.HasError || !exchange.Fault.IsNone || _endCause == EndCause.Halted)
        {
            metrics.Add(loop, TokenCount.Failed);
        }

        if (!_isRead)
        {
            return;
        }

        if (_reader.HasError)
        {
            metrics.Add(loop, TokenCount.StreamErrors);
            _target.Pause.Begin(exchange.Shard.Loop.NowMs);
        }

        Usage usage = Counted;
        if (!usage.IsThere)
        {
            metrics.Add(loop, TokenCount.WithoutUsage, _kind == AiCallKind.CountTokens ? 0 : 1);
            return;
        }

        metrics.Add(loop, TokenCount.CachedTokens, usage.Cached);
        metrics.Add(loop, TokenCount.ReasoningTokens, usage.Reasoning);
    }
}
