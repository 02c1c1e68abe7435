using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Services.Composing;

/// <summary>
/// The composed services of the running configuration. Applying a new one keeps what loops remember of the members
/// that both name. Used by the reloading thread only.
/// </summary>
internal sealed class ComposedDirectory(int loopCount)
{
    private Dictionary<(string Service, string Member), MemberShare> _shares = [];
    private ComposedService[] _list = [];

    /// <summary>Those in use, as a list that no later configuration changes. Any thread.</summary>
    public IReadOnlyList<ComposedService> Services => Volatile.Read(ref _list);

    /// <summary>
    /// Everything a router can name, by name: the services given and those composed of them. Names resolve, and no
    /// service leads back to itself: the configuration was checked. Changes nothing that runs.
    /// </summary>
    /// <param name="others">Services of other kinds, which have servers by other services.</param>
    public Dictionary<string, ServiceNode> Prepare(
        IReadOnlyList<ComposedSettings> settings,
        Dictionary<string, Service> services,
        IEnumerable<ServiceNode>? others = null)
    {
        var nodes = new Dictionary<string, ServiceNode>(settings.Count + services.Count);
        foreach ((string name, Service service) in services)
        {
            nodes.Add(name, service);
        }

        foreach (ServiceNode other in others ?? [])
        {
            nodes.Add(other.Name, other);
        }

        var byName = new Dictionary<string, ComposedSettings>(settings.Count);
        foreach (ComposedSettings composed in settings)
        {
            byName.Add(composed.Name, composed);
        }

        foreach (ComposedSettings composed in settings)
        {
            Add(composed.Name, byName, nodes);
        }

        return nodes;
    }

    /// <summary>Takes prepared services as the running ones.</summary>
    public void Commit(Dictionary<string, ServiceNode> nodes)
    {
        var shares = new Dictionary<(string, string), MemberShare>();
        var list = new List<ComposedService>();
        foreach (ServiceNode node in nodes.Values)
        {
            if (node is ComposedService composed)
            {
                list.Add(composed);
                foreach (ServiceMember member in composed.Members)
                {
                    shares.Add((composed.Name, member.Node.Name), member.Share);
                }
            }
        }

        _shares = shares;
        Volatile.Write(ref _list, [.. list]);
    }

    private ServiceNode Add(
        string name, Dictionary<string, ComposedSettings> byName, Dictionary<string, ServiceNode> nodes)
    {
        if (nodes.TryGetValue(name, out ServiceNode? known))
        {
            return known;
        }

        ComposedSettings settings = byName[name];
        var members = new ServiceMember[settings.Members.Count];
        for (int i = 0; i < members.Length; i++)
        {
            MemberSettings member = settings.Members[i];
            members[i] = new ServiceMember(
                Add(member.Name, byName, nodes), member.Weight, ShareOf(name, member.Name));
        }

        var composed = ComposedService.Of(settings, members);
        nodes.Add(name, composed);
        return composed;
    }

    private MemberShare ShareOf(string service, string member) =>
        _shares.TryGetValue((service, member), out MemberShare? kept) ? kept : new MemberShare(loopCount);
}
