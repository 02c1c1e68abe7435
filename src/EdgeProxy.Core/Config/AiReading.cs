using System.Collections.Generic;
using EdgeProxy.Ai;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Text;

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
