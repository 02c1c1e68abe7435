using System.Numerics;
using EdgeProxy.Pipeline;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Ai;

/// <content>What records, spans and metrics say of it.</content>
internal sealed partial class AiCall
{
    private long _startedUs; // of the target that is asked
    private long _firstChunkUs; // after that; 0 while there is none

    // How it ended, as far as can be told now.
    private CallOutcome OutcomeOf(Exchange exchange) => _target is null ? CallOutcome.Refused
        : !exchange.Fault.IsNone ? CallOutcome.Cut
        : _endCause == EndCause.Halted ? CallOutcome.Halted
        : _endCause == EndCause.OverPlan ? CallOutcome.OverPlan
        : _guard is { Answer.IsBlocked: true } ? CallOutcome.Withheld
        : !_isRead ? CallOutcome.Failed
        : _reader.HasError ? CallOutcome.ErrorWithin
        : CallOutcome.Ok;

    // Who is told of answers: records of the chain, and spans.
    private static bool IsTold(Exchange exchange) =>
        exchange.Audit is not null || (exchange.Record.MayBe & RecordUse.Trace) != 0;

    public override void NoteFacts(Exchange exchange)
    {
        SettlePlan(exchange);
        _use.NoteFacts(exchange);
        exchange.NoteFact("gen_ai.request.model"u8, Model);
        if (_target is { } target)
        {
            exchange.NoteFact("gen_ai.provider.name"u8, target.Provider.NameBytes);
            exchange.NoteFact("edgeproxy.ai.model_sent"u8, target.IsAsAsked ? Model : target.ModelBytes);
            exchange.NoteFact("gen_ai.response.model"u8, _answerFacts.Model);
            exchange.NoteFact("edgeproxy.ai.targets_asked"u8, BitOperations.PopCount(_tried));
            exchange.NoteFact("gen_ai.tool.names"u8, _answerFacts.Tools);
            NoteUsage(exchange, _use.Counted);
            NoteLosses(exchange);
            exchange.NoteFact("edgeproxy.ai.offline"u8, target.IsForOffline ? "true"u8 : default);
        }

        _guard?.NoteFacts(exchange);
        exchange.NoteFact("edgeproxy.ai.outcome"u8, CallOutcomes.WordOf(OutcomeOf(exchange)));
    }

    private void NoteUsage(Exchange exchange, in Usage usage)
    {
        if (usage.IsThere)
        {
            exchange.NoteFact("gen_ai.usage.input_tokens"u8, usage.TotalInput(CountedBy));
            exchange.NoteFact("gen_ai.usage.output_tokens"u8, usage.Output);
            exchange.NoteFact("gen_ai.usage.cache_read.input_tokens"u8, usage.Cached);
            exchange.NoteFact("gen_ai.usage.cache_creation.input_tokens"u8, usage.CacheWritten);
            exchange.NoteFact("edgeproxy.ai.reasoning_tokens"u8, usage.Reasoning);
        }
    }

    // Counts what one target was asked for and came to.
    private void CountOperation(ModelTarget target, Exchange exchange, CallOutcome outcome, in Usage usage)
    {
        OperationMetrics metrics = target.Metrics.Of(AiOperations.Of(_kind));
        int loop = exchange.Shard.Loop.Index;
        metrics.AddDuration(loop, outcome, exchange.Shard.Loop.Clock.NowUs - _startedUs);
        if (_firstChunkUs > 0 && _facts.IsStream)
        {
            metrics.AddFirstChunk(loop, _firstChunkUs);
        }

        if (usage.IsThere)
        {
            metrics.AddTokens(loop, usage.TotalInput(CountedBy), usage.Output);
        }
    }

    // The span of a call: what nobody traces is not written down.
    private void TellModel(Exchange exchange, CallOutcome outcome)
    {
        if ((exchange.Record.MayBe & RecordUse.Trace) == 0)
        {
            return;
        }

        var facts = new ModelFactWriter(stackalloc byte[ModelFactWriter.BytesMax]);
        facts.Add(ModelFact.Operation, AiOperations.WordOf(AiOperations.Of(_kind)));
        facts.Add(ModelFact.RequestModel, Model);
        facts.Add(ModelFact.Outcome, CallOutcomes.WordOf(outcome));
        _use.Tell(ref facts);
        if (_target is { } target)
        {
            facts.Add(ModelFact.Provider, target.Provider.NameBytes);
            facts.Add(ModelFact.ResponseModel, _answerFacts.Model);
            facts.Add(ModelFact.ResponseId, _answerFacts.Id);
            facts.Add(ModelFact.FinishReason, _answerFacts.FinishReason);
            facts.Add(ModelFact.IsStream, _facts.IsStream ? 1 : 0);
            TellNumber(ref facts, ModelFact.MaxTokens, _facts.MaxTokens);
            TellNumber(ref facts, ModelFact.FirstChunkUs, _facts.IsStream ? _firstChunkUs : 0);
            TellUsage(ref facts, _use.Counted);
        }

        exchange.Record.NoteModel(facts.Written);
    }

    private void TellUsage(ref ModelFactWriter facts, in Usage usage)
    {
        if (usage.IsThere)
        {
            facts.Add(ModelFact.InputTokens, usage.TotalInput(CountedBy));
            facts.Add(ModelFact.OutputTokens, usage.Output);
            TellNumber(ref facts, ModelFact.CacheRead, usage.Cached);
            TellNumber(ref facts, ModelFact.CacheWritten, usage.CacheWritten);
            TellNumber(ref facts, ModelFact.Reasoning, usage.Reasoning);
        }
    }

    private static void TellNumber(ref ModelFactWriter facts, ModelFact fact, long number)
    {
        if (number > 0)
        {
            facts.Add(fact, number);
        }
    }
}
