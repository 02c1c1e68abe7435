using System.Collections.Generic;
using EdgeProxy.Ai;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Text;
using EdgeProxy.Routing;

namespace EdgeProxy.Config;

/// <summary>What AI services and providers say of each other: names that resolve, and no rule without effect.</summary>
internal sealed class AiReading(ConfigFaults faults)
{
    private readonly List<ProviderSettings> _providers = [];
    private readonly HashSet<string> _names = [];

    /// <summary>Providers that could be read.</summary>
    public IReadOnlyList<ProviderSettings> Providers => _providers;

    public void ReadProviders(IEnumerable<(string Name, TableScope Scope)> tables)
    {
        foreach ((string name, TableScope scope) in tables)
        {
            _names.Add(name);
            if (AiProviderTable.Parse(name, scope) is { } settings)
            {
                _providers.Add(settings);
            }
        }
    }

    public AiSettings Complete(
        int bufferBytes, IReadOnlyList<AiServiceDocument> services, Sequence<ConsumerSettings> consumers)
    {
        var settings = new List<AiServiceSettings>(services.Count);
        foreach (AiServiceDocument service in services)
        {
            CheckProviders(service);
            settings.Add(service.Settings);
        }

        var access = new List<ModelAccess>();
        foreach (ConsumerSettings consumer in consumers)
        {
            if (consumer.Models.Count > 0)
            {
                access.Add(new ModelAccess(consumer.Name, consumer.Models));
            }
        }

        return new AiSettings
        {
            BufferBytesMax = bufferBytes,
            Providers = new Sequence<ProviderSettings>(_providers),
            Services = new Sequence<AiServiceSettings>(settings),
            Access = new Sequence<ModelAccess>(access),
        };
    }

    /// <summary>
    /// Model() is about calls of models, so it leads to them; and there are not more of them than are kept for a
    /// request.
    /// </summary>
    public static void CheckRules(
        ConfigFaults faults, List<RouterDocument> routers, List<RouterSettings> resolved, HashSet<string> services)
    {
        var counts = new Dictionary<string, int>();
        foreach (RouterSettings router in resolved)
        {
            int asking = 0;
            foreach (Conjunction conjunction in router.Rule.Expansion ?? [])
            {
                asking += conjunction.AsksModel ? 1 : 0;
            }

            if (asking == 0 || routers.Find(document => document.Name == router.Name)?.Rule is not { } rule)
            {
                continue;
            }

            string path = $"routers.{router.Name}.rule";
            if (router.Service.Length > 0 && !services.Contains(router.Service))
            {
                faults.Add(rule.Node, path, "has Model(), which is about calls of models: it goes with a service that "
                    + "has ai, and with no other");
            }

            foreach (string entryPoint in router.EntryPoints)
            {
                int before = counts.GetValueOrDefault(entryPoint);
                counts[entryPoint] = before + asking;
                if (before <= RuleLimits.ModelConjunctionsMax && before + asking > RuleLimits.ModelConjunctionsMax)
                {
                    faults.Add(rule.Node, path, $"is one Model() too many: entrypoint {entryPoint} has more than "
                        + $"{RuleLimits.ModelConjunctionsMax}");
                }
            }
        }
    }

    private void CheckProviders(AiServiceDocument service)
    {
        foreach (PlacedModel model in service.Models)
        {
            // One that was there and could not be read is reported already.
            if (!_names.Contains(model.Provider.Value) && !faults.HasSyntaxFault)
            {
                faults.Add(model.Provider.Node, service.Path,
                    $"there is no provider {model.Provider.Node.Describe()}"
                        + NearestWord.Hint(model.Provider.Value, [.. _names]));
            }
        }
    }
}
