using System.Collections.Generic;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Text;

namespace EdgeProxy.Config;

/// <summary>
/// What plans, consumers, services and prices say of each other: names that resolve, no limit without effect, none that
/// cannot be held.
/// </summary>
internal sealed class PlanReading(ConfigFaults faults, AiSettings ai, IReadOnlyList<PlanDocument> plans)
{
    public AiSettings Complete(
        Sequence<ConsumerSettings> consumers, TomlTable consumerTables, IReadOnlyList<AiServiceDocument> services)
    {
        var known = new List<PlanSettings>(plans.Count);
        var names = new List<string>(plans.Count);
        foreach (PlanDocument plan in plans)
        {
            known.Add(plan.Settings);
            names.Add(plan.Name);
        }

        var had = new List<ConsumerPlanSettings>();
        foreach (ConsumerSettings consumer in consumers)
        {
            if (consumer.Plan.Length > 0 && IsPlan(consumer, consumerTables, names))
            {
                had.Add(new ConsumerPlanSettings(consumer.Name, consumer.Plan));
            }
        }

        foreach (PlanDocument plan in plans)
        {
            CheckLimits(plan, services);
        }

        return ai with
        {
            Plans = new Sequence<PlanSettings>(known),
            ConsumerPlans = new Sequence<ConsumerPlanSettings>(had),
        };
    }

    private bool IsPlan(ConsumerSettings consumer, TomlTable tables, List<string> names)
    {
        string path = $"consumers.{consumer.Name}.{ConsumerTable.PlanKey}";
        if (!tables.TryFind(consumer.Name, out TomlEntry table) || table.Value is not TomlTable own
            || !own.TryFind(ConsumerTable.PlanKey, out TomlEntry entry))
        {
            return false;
        }

        if (!names.Contains(consumer.Plan))
        {
            Report(entry.Value, path, $"there is no plan {entry.Value.Describe()}"
                + NearestWord.Hint(consumer.Plan, names));
            return false;
        }

        if (ai.Services.Count == 0)
        {
            Report(entry.Value, path, "does nothing: no service has models");
        }

        return true;
    }

    // A limit of what answers come to has to know the most they may come to.
    private void CheckLimits(PlanDocument plan, IReadOnlyList<AiServiceDocument> services)
    {
        string path = $"{plan.Path}.{PlanTable.LimitsKey}";
        foreach (Placed<PlanLimitSettings> limit in plan.Limits)
        {
            if (!limit.Value.IsOfAnswers)
            {
                continue;
            }

            foreach (AiServiceDocument service in services)
            {
                if (service.Settings.OutputTokensMax == 0)
                {
                    Report(limit.Node, path,
                        $"cannot be held: services.{service.Name}.ai has no output_tokens_max to reserve");
                }

                if (limit.Value.Count == PlanCount.Cost)
                {
                    CheckPrices(limit.Node, path, service);
                }
            }
        }
    }

    private void CheckPrices(TomlNode limit, string path, AiServiceDocument service)
    {
        foreach (PlacedModel model in service.Models)
        {
            foreach (ProviderSettings provider in ai.Providers)
            {
                if (provider.Name == model.Settings.Provider && ModelTarget.PriceOf(provider, model.Settings) is null)
                {
                    Report(limit, path, $"cannot be held: ai.providers.{provider.Name} has no price for "
                        + $"{ModelTarget.KeyOf(model.Settings)} of services.{service.Name}.ai; write 0 if it is free");
                }
            }
        }
    }

    private void Report(TomlNode node, string path, string message)
    {
        if (!faults.HasSyntaxFault)
        {
            faults.Add(node, path, message);
        }
    }
}
