using System.Collections.Generic;
using System.Net;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Tests.Services.Composing;

/// <summary>Services a, b and c with one server each, and whatever a test composes of them.</summary>
internal sealed class ComposedServices
{
    private readonly ServiceDirectory _directory;
    private readonly ComposedDirectory _composed;
    private Dictionary<string, ServiceNode> _nodes = [];

    public ComposedServices(int loops, params ComposedSettings[] composed)
    {
        _directory = new ServiceDirectory(loops, seed: 42);
        _composed = new ComposedDirectory(loops);
        Apply(composed);
    }

    public IReadOnlyList<ComposedService> Running => _composed.Services;

    public ComposedService this[string name] => (ComposedService)_nodes[name];

    public static ComposedSettings Weighted(string name, params (string Name, int Weight)[] members)
    {
        var list = new List<MemberSettings>();
        foreach ((string member, int weight) in members)
        {
            list.Add(new MemberSettings(member, weight));
        }

        return new ComposedSettings
        {
            Name = name,
            Kind = ComposedKind.Weighted,
            Members = new Sequence<MemberSettings>(list),
        };
    }

    public static ComposedSettings Failover(string name, string main, string fallback) =>
        Weighted(name, (main, 1), (fallback, 1)) with { Kind = ComposedKind.Failover };

    /// <summary>As a reload does.</summary>
    public void Apply(params ComposedSettings[] composed)
    {
        var settings = new List<ServiceSettings>();
        foreach (string name in (string[])["a", "b", "c"])
        {
            settings.Add(new ServiceSettings { Name = name, Servers = [new ServerSettings("10.0.0.1", 80, 1)] });
        }

        Dictionary<string, Service> services = _directory.Prepare(settings);
        _nodes = _composed.Prepare(composed, services);
        _directory.Commit(services);
        _composed.Commit(_nodes);
    }

    /// <summary>Takes the address of a service's server away, or gives it back.</summary>
    public void SetUsable(string service, bool isUsable) =>
        ((Service)_nodes[service]).Servers[0].Address = isUsable ? new IPEndPoint(IPAddress.Loopback, 80) : null;

    /// <summary>The service with servers that <paramref name="name"/> leads to now.</summary>
    public string Resolve(string name, int loop = 0)
    {
        ServiceNode node = _nodes[name];
        while (node is ComposedService composed)
        {
            node = composed.Members[composed.Choose(loop, nowMs: 1_000, lot: 0)].Node;
        }

        return node.Name;
    }

    /// <summary>What so many exchanges of a loop lead to, one letter each.</summary>
    public string Order(string name, int exchanges, int loop = 0)
    {
        string order = "";
        for (int i = 0; i < exchanges; i++)
        {
            order += Resolve(name, loop);
        }

        return order;
    }
}
