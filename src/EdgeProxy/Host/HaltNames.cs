using System;
using System.Collections.Generic;
using EdgeProxy.Ai;
using EdgeProxy.Config;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Halting;

namespace EdgeProxy.Host;

/// <summary>Whether a halt is of something: in a hurry a name is easily mistyped, and stops nothing then.</summary>
internal static class HaltNames
{
    /// <summary>The configuration has what is halted.</summary>
    public static bool Has(ProxySettings settings, HaltTarget target)
    {
        switch (target.Kind)
        {
            case HaltKind.Router:
                foreach (RouterSettings router in settings.Routers)
                {
                    if (router.Name == target.Name)
                    {
                        return true;
                    }
                }

                return false;
            case HaltKind.Consumer:
                return new List<string>(settings.ConsumerNames).Contains(target.Name);
            case HaltKind.Model:
                return HasModel(settings.Ai, target.Name);
            default:
                return true;
        }
    }

    private static bool HasModel(AiSettings settings, string name)
    {
        foreach (AiServiceSettings service in settings.Services)
        {
            foreach (ModelSettings model in service.Models)
            {
                if (Meet(model.Name, name) || Meet(model.Model, name))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Some name may be both: what stands for the * of one may be anything.
    private static bool Meet(string one, string other)
    {
        int star = one.IndexOf('*', StringComparison.Ordinal);
        bool isBeginning = other.EndsWith('*');
        string second = isBeginning ? other[..^1] : other;
        if (star < 0)
        {
            return isBeginning ? one.StartsWith(second, StringComparison.Ordinal) : one == second;
        }

        string first = one[..star];
        return isBeginning
            ? first.Length > 0 && (first.StartsWith(second, StringComparison.Ordinal)
                || second.StartsWith(first, StringComparison.Ordinal))
            : second.Length > one.Length - 1 && second.StartsWith(first, StringComparison.Ordinal)
                && second.EndsWith(one[(star + 1)..], StringComparison.Ordinal);
    }
}
