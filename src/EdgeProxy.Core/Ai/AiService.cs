using System;
using System.Collections.Generic;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai;

/// <summary>
/// [services.NAME.ai]: one address for models of several providers, in the dialects their clients speak. Immutable;
/// made anew with each configuration.
/// </summary>
internal sealed class AiService : BodyService
{
    private readonly ModelEntry[] _models;
    private readonly Dictionary<string, NamePattern[]> _access;
    private readonly AiLoop[] _loops;

    public AiService(
        AiServiceSettings settings, ModelEntry[] models, Dictionary<string, NamePattern[]> access, AiLoop[] loops)
    {
        Settings = settings;
        Tools = new ToolRules(settings);
        Parameters = new ParameterRules(settings.Parameters);
        _models = models;
        _access = access;
        _loops = loops;
    }

    public AiServiceSettings Settings { get; }

    /// <summary>Consumers' plans, by their names.</summary>
    public required IReadOnlyDictionary<string, ConsumerPlan> Plans { get; init; }

    public ToolRules Tools { get; }

    public ParameterRules Parameters { get; }

    public override string Name => Settings.Name;

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<ModelEntry> Models => _models;

    public override bool IsUsable(long nowMs, uint lot)
    {
        foreach (ModelEntry model in _models)
        {
            foreach (ModelTarget target in model.Targets)
            {
                if (target.Provider.Service.IsUsable(nowMs, lot))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public override BodyCall? Begin(Exchange exchange)
    {
        AiCallKind kind = AiApi.Find(exchange.Path);
        Dialect dialect = AiApi.DialectOf(kind, exchange.Path);
        if (kind == AiCallKind.None)
        {
            exchange.LocalAnswer = AiErrors.Answer(
                dialect, 404, "unknown_url", "This service does not serve this path.");
            return null;
        }

        Method method = AiApi.MethodOf(kind);
        if (exchange.Request.Method != method && !(method == Method.Get && exchange.Request.Method == Method.Head))
        {
            string allowed = method == Method.Get ? "GET, HEAD" : "POST";
            exchange.LocalAnswer = AiErrors.Answer(
                dialect, 405, "method_not_allowed", $"This path takes {allowed} only.", allowed);
            return null;
        }

        if (AiApi.IsList(kind))
        {
            exchange.LocalAnswer = ModelLists.Answer(this, exchange, kind);
            return null;
        }

        return _loops[exchange.Shard.Loop.Index].Rent(this, exchange, kind, dialect);
    }

    public override int BodyBytesMax => Settings.BodyBytesMax;

    public override BodyBudget BudgetOf(Exchange exchange) => _loops[exchange.Shard.Loop.Index].Budget;

    public override bool NamesModel(Exchange exchange) =>
        exchange.Request.Method == Method.Post && !AiApi.CallWithin(exchange.Path).IsEmpty;

    public override LocalAnswer Refusal(Exchange exchange, int status)
    {
        ReadOnlySpan<byte> path = AiApi.CallWithin(exchange.Path);
        Dialect dialect = AiApi.DialectOf(AiApi.Find(path), path);
        return status switch
        {
            413 => AiErrors.Answer(dialect, 413, "request_too_large", AiTexts.TooLong),
            503 => AiErrors.Answer(dialect, 503, "overloaded", AiTexts.NoRoom),
            _ => AiErrors.Answer(dialect, 404, AiTexts.ModelCode, AiTexts.NoModel),
        };
    }

    /// <summary>
    /// What the name stands for, if the caller may use it; else null, whether there is none or it is not for them.
    /// </summary>
    public ModelEntry? Find(ReadOnlySpan<byte> name, Consumer? consumer)
    {
        if (!MayUse(name, consumer))
        {
            return null;
        }

        // A name before the beginnings of names, a longer beginning before a shorter.
        ModelEntry? best = null;
        foreach (ModelEntry model in _models)
        {
            if (!model.Name.Matches(name))
            {
                continue;
            }

            if (!model.Name.IsPrefix)
            {
                return model;
            }

            best = best is null || model.Name.Bytes.Length > best.Name.Bytes.Length ? model : best;
        }

        return best;
    }

    /// <summary>Null if the caller may use as much as they like.</summary>
    public ConsumerPlan? PlanOf(Consumer consumer) => Plans.GetValueOrDefault(consumer.Name);

    /// <summary>The caller's list has the name, or there is none for them.</summary>
    public bool MayUse(ReadOnlySpan<byte> name, Consumer? consumer)
    {
        if (consumer is null || !_access.TryGetValue(consumer.Name, out NamePattern[]? allowed))
        {
            return true;
        }

        foreach (NamePattern pattern in allowed)
        {
            if (pattern.Matches(name))
            {
                return true;
            }
        }

        return false;
    }
}
