using System;
using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Primitives;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <content>Consumers' plans: what they count is read before anything is accepted, and told to /metrics.</content>
internal sealed partial class DataPath
{
    private PlanBook? _plans;
    private Dictionary<string, ConsumerPlan> _planned = [];

    // What an earlier process knew and nothing may be served without: what is halted, what was used.
    private string? Recall(ProxySettings settings, out Dictionary<string, ConsumerPlan> plans)
    {
        plans = [];
        if (_parts.Halts.Open(settings.Node) is { } unknown)
        {
            return unknown;
        }

        plans = _plans!.Prepare(settings.Ai, settings.Node.StateFolder, out string problem) ?? [];
        return problem.Length > 0 ? problem : null;
    }

    private void CommitModels(
        ProxySettings settings, List<AiService> models, Dictionary<string, ConsumerPlan> plans)
    {
        _ai!.Commit(settings.Ai, models);
        _ai.Findings.Keep(settings.Middlewares);
        _plans!.Commit(plans.Values);
        Volatile.Write(ref _planned, plans);
    }

    private void TellOfPlans(string problem) => PlanLog.NotSaved(_logger, problem, null);

    private void CollectPlans(ICollection<MetricSample> samples)
    {
        Dictionary<string, ConsumerPlan> planned = Volatile.Read(ref _planned);
        if (planned.Count == 0)
        {
            return;
        }

        long unixMs = _parts.Time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (ConsumerPlan plan in planned.Values)
        {
            MetricLabel[] labels = [new("consumer", plan.Consumer), new("plan", plan.Settings.Name)];
            foreach (PlanLimit limit in plan.Limits)
            {
                MetricLabel[] counted =
                [
                    .. labels,
                    new("count", PlanLimit.CountText(limit.Settings.Count)),
                    new("period", PlanLimit.PeriodText(limit.Settings.Period)),
                    new("models", string.Join(',', limit.Settings.Models)),
                ];
                samples.Add(new MetricSample("edgeproxy_plan_used",
                    "Used and reserved of a limit in the period that runs; cost in micro-units.",
                    MetricKind.Gauge, _plans!.Read(limit, unixMs).Used, counted));
                samples.Add(new MetricSample(
                    "edgeproxy_plan_max", "What a limit allows.", MetricKind.Gauge, limit.Settings.Max, counted));
            }

            samples.Add(new MetricSample("edgeproxy_plan_refused_total",
                "Calls a plan refused.", MetricKind.Counter, plan.Tally.Refused, labels));
            samples.Add(new MetricSample("edgeproxy_plan_reported_total",
                "Calls a limit would have refused that only reports.",
                MetricKind.Counter, plan.Tally.Reported, labels));
        }

        samples.Add(new MetricSample("edgeproxy_plan_save_failures_total",
            "Times what plans count could not be saved.", MetricKind.Counter, _plans!.SaveFailures, []));
    }

    private static class PlanLog
    {
        public static readonly Action<ILogger, string, Exception?> NotSaved =
            LoggerMessage.Define<string>(LogLevel.Error, EventIds.PlansNotSaved,
                "what plans count is not saved: a machine without power would forget it: {Problem}");
    }
}
