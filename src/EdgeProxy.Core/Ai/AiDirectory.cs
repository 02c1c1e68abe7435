using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Services;

namespace EdgeProxy.Ai;

/// <summary>
/// The AI services of the running configuration. A new one goes on counting what both name. Used by the reloading
/// thread, but for <see cref="Services"/>.
/// </summary>
internal sealed class AiDirectory
{
    private readonly int _loopCount;
    private readonly AiLoop[] _loops;
    private readonly BodyBudget _budget;
    private Dictionary<(string Service, string Model, string Provider), TokenMetrics> _metrics = [];
    private Dictionary<(string Provider, string Model), TargetPause> _pauses = [];
    private Dictionary<(string Provider, string Model), TargetLoads> _loads = [];
    private AiService[] _services = [];

    /// <param name="plans">Ended by whoever made it.</param>
    /// <param name="bodies">What bodies count against, here and elsewhere; configurations say how much it is.</param>
    public AiDirectory(int loopCount, PlanBook plans, BodyBudget bodies)
    {
        _budget = bodies;
        _loopCount = loopCount;
        _loops = new AiLoop[loopCount];
        for (int i = 0; i < loopCount; i++)
        {
            _loops[i] = new AiLoop(_budget, plans) { Findings = Findings };
        }
    }

    /// <summary>Those in use, as a list that no later configuration changes. Any thread.</summary>
    public IReadOnlyList<AiService> Services => Volatile.Read(ref _services);

    /// <summary>What guards found.</summary>
    public GuardFindings Findings { get; } = new();

    /// <summary>Bytes of bodies held now.</summary>
    public long BufferedBytes => _budget.Taken;

    /// <summary>Builds the services of a configuration. Changes nothing that runs.</summary>
    /// <param name="services">By name, those of the providers among them.</param>
    /// <param name="plans">Of consumers, by their names.</param>
    public List<AiService> Prepare(
        AiSettings settings, Dictionary<string, Service> services, Dictionary<string, ConsumerPlan> plans)
    {
        var providers = new Dictionary<string, Provider>(settings.Providers.Count);
        foreach (ProviderSettings provider in settings.Providers)
        {
            providers.Add(provider.Name, new Provider(provider, services[provider.Service.Name]));
        }

        var access = new Dictionary<string, NamePattern[]>(settings.Access.Count);
        foreach (ModelAccess allowed in settings.Access)
        {
            var patterns = new List<NamePattern>(allowed.Models.Count);
            foreach (string name in allowed.Models)
            {
                patterns.Add(new NamePattern(name));
            }

            access.Add(allowed.Consumer, [.. patterns]);
        }

        var prepared = new List<AiService>(settings.Services.Count);
        foreach (AiServiceSettings service in settings.Services)
        {
            prepared.Add(new AiService(service, ModelsOf(service, providers), access, _loops)
            {
                Plans = plans,
            });
        }

        return prepared;
    }

    /// <summary>Takes prepared services as the running ones.</summary>
    public void Commit(AiSettings settings, List<AiService> prepared)
    {
        _budget.BytesMax = settings.BufferBytesMax;
        var metrics = new Dictionary<(string, string, string), TokenMetrics>();
        foreach (AiService service in prepared)
        {
            foreach (ModelEntry model in service.Models)
            {
                foreach (ModelTarget target in model.Targets)
                {
                    metrics[(service.Name, model.Name.Text, target.Provider.Settings.Name)] = target.Metrics;
                }
            }
        }

        _metrics = metrics;
        _pauses = PausesOf(prepared);
        _loads = LoadsOf(prepared);
        Volatile.Write(ref _services, [.. prepared]);
    }

    private ModelEntry[] ModelsOf(AiServiceSettings service, Dictionary<string, Provider> providers)
    {
        var targets = new Dictionary<string, List<ModelTarget>>();
        var names = new List<string>();
        var metrics = new Dictionary<string, TokenMetrics>();
        foreach (ModelSettings model in service.Models)
        {
            if (!targets.TryGetValue(model.Name, out List<ModelTarget>? list))
            {
                list = [];
                targets.Add(model.Name, list);
                names.Add(model.Name);
                metrics.Clear();
            }

            if (!metrics.TryGetValue(model.Provider, out TokenMetrics? counted))
            {
                counted = MetricsOf(service.Name, model.Name, model.Provider);
                metrics.Add(model.Provider, counted);
            }

            list.Add(new ModelTarget(providers[model.Provider], model, counted, PauseOf(model))
            {
                Loads = LoadsOf(model),
            });
        }

        return [.. names.ConvertAll(name => new ModelEntry(
            new NamePattern(name), [.. targets[name]], service.Strategy))];
    }

    private static Dictionary<(string Provider, string Model), TargetPause> PausesOf(List<AiService> services)
    {
        var pauses = new Dictionary<(string Provider, string Model), TargetPause>();
        foreach (AiService service in services)
        {
            foreach (ModelEntry model in service.Models)
            {
                foreach (ModelTarget target in model.Targets)
                {
                    pauses[(target.Provider.Settings.Name, target.Key)] = target.Pause;
                }
            }
        }

        return pauses;
    }

    private static Dictionary<(string Provider, string Model), TargetLoads> LoadsOf(List<AiService> services)
    {
        var loads = new Dictionary<(string Provider, string Model), TargetLoads>();
        foreach (AiService service in services)
        {
            foreach (ModelEntry model in service.Models)
            {
                foreach (ModelTarget target in model.Targets)
                {
                    loads[(target.Provider.Settings.Name, target.Key)] = target.Loads;
                }
            }
        }

        return loads;
    }

    private TargetLoads LoadsOf(ModelSettings model) =>
        _loads.TryGetValue((model.Provider, ModelTarget.KeyOf(model)), out TargetLoads? kept)
            ? kept
            : new TargetLoads(_loopCount);

    private TargetPause PauseOf(ModelSettings model) =>
        _pauses.TryGetValue((model.Provider, ModelTarget.KeyOf(model)), out TargetPause? kept)
            ? kept
            : new TargetPause();

    private TokenMetrics MetricsOf(string service, string model, string provider) =>
        _metrics.TryGetValue((service, model, provider), out TokenMetrics? kept) ? kept : new TokenMetrics(_loopCount);
}
