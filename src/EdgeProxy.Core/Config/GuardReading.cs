using System.Collections.Generic;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Config.Tables;
using EdgeProxy.Pipeline;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Config;

/// <summary>
/// What routers say of guards in vain: a guard that nobody asks, because the service has no models or may be another
/// one, and a second guard. It must never look as if something were guarded.
/// </summary>
internal sealed class GuardReading(
    ConfigFaults faults, AiSettings ai, IReadOnlyList<ComposedDocument> composed, List<MiddlewareSettings> steps)
{
    public void Check(List<RouterSettings> routers, List<RouterDocument> documents)
    {
        foreach (RouterSettings router in routers)
        {
            List<string> guards = [];
            foreach (string name in router.Middlewares)
            {
                if (steps.Exists(step => step.Name == name && step is AiGuardSettings))
                {
                    guards.Add(name);
                }
            }

            if (guards.Count == 0)
            {
                continue;
            }

            string? problem = guards.Count > 1 ? $"{guards[0]} and {guards[1]} are both an ai_guard; write one"
                : !HasOnlyModels(router.Service, depth: 0)
                    ? $"{guards[0]} guards nothing: {router.Service} is not, or not only, a service of models"
                : null;
            if (problem is not null && !faults.HasSyntaxFault
                && documents.Find(document => document.Name == router.Name) is { Middlewares: [var first, ..] })
            {
                faults.Add(first.Node, $"routers.{router.Name}.middlewares", problem);
            }
        }
    }

    // Every service that a request may come to; a circle is a fault of its own, the depth ends the looking.
    private bool HasOnlyModels(string service, int depth)
    {
        foreach (AiServiceSettings candidate in ai.Services)
        {
            if (candidate.Name == service)
            {
                return true;
            }
        }

        foreach (ComposedDocument candidate in composed)
        {
            if (candidate.Name != service || depth > ComposedLimits.NestingMax)
            {
                continue;
            }

            bool hasOnly = candidate.Members.Count > 0;
            foreach (PlacedMember member in candidate.Members)
            {
                hasOnly &= HasOnlyModels(member.Name.Value, depth + 1);
            }

            return hasOnly;
        }

        return false;
    }
}
