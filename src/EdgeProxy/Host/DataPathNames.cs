using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Ai;
using EdgeProxy.Config;
using EdgeProxy.Pipeline.Probing;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Naming;

namespace EdgeProxy.Host;

/// <content>Servers by name: who is asked, and what happens when a name has other addresses.</content>
internal sealed partial class DataPath
{
    // A configuration waits this long for new names; then it serves, and those servers follow.
    private const int ResolveWaitMs = 1_000;

    private ProxySettings? _settings;
    private NodeSettings? _node;
    private bool _isResolving;

    private static List<string> HostsOf(ProxySettings settings)
    {
        var hosts = new List<string>();
        foreach (ServiceSettings service in settings.Services)
        {
            foreach (ServerSettings server in service.Servers)
            {
                if (!server.IsLiteral)
                {
                    hosts.Add(server.Host);
                }
            }
        }

        return hosts;
    }

    // A look-up blocks, but no thread that has something else to do.
    private Task<NameAnswer> LookUpAsync(string host)
    {
        NodeSettings? node = Volatile.Read(ref _node);
        NameServers servers = NameServers.OfSystem();
        if (node is { DnsServers.Count: > 0 })
        {
            servers = servers with { Servers = node.DnsServers };
        }

        var lookUp = new DnsLookUp(servers);
        return Task.Factory.StartNew(
            () => lookUp.Find(host), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    // True if addresses changed that the configuration in use does not know of yet.
    private bool ResolveNew(ProxySettings settings)
    {
        Volatile.Write(ref _node, settings.Node);
        if (_names.Add(HostsOf(settings)))
        {
            // The reloading thread waits a moment, never a loop: a server that resolves is then there from the first
            // request on.
            ((IAsyncResult)_names.ResolveDueAsync()).AsyncWaitHandle.WaitOne(ResolveWaitMs);
        }

        // What comes from here on is news to the configuration that is being made.
        return _names.TakeChange();
    }

    private void KeepNames(ProxySettings settings)
    {
        List<string> hosts = HostsOf(settings);
        _names.Keep(hosts);
        _settings = settings;
        if (hosts.Count > 0 && !_isResolving)
        {
            _isResolving = true;
            _ = _names.RunAsync(ReplaceServers, _ending.Token);
        }
    }

    // As a reload of the same configuration, but for everything that names have no part in.
    private void ReplaceServers()
    {
        lock (_lock)
        {
            if (_settings is not { } settings || _ending.IsCancellationRequested)
            {
                return;
            }

            Dictionary<string, Service> services = _directory!.Prepare(settings.Services);
            List<AiService> models = _ai!.Prepare(settings.Ai, services);
            Dictionary<string, ServiceNode> nodes = _composed!.Prepare(settings.Composed, services, models);
            List<ProbeOrder>[] orders = OrderProbes(services);
            BeginProbes(orders);
            List<Server> gone = _directory.Commit(services, new CoarseClock(_parts.Time).NowMs);
            _snapshots.Publish(_snapshots.Current.With(nodes));
            Volatile.Write(ref _services, services.Values);
            EndOtherProbes(orders);
            _composed.Commit(nodes);
            _ai.Commit(settings.Ai, models);
            CloseIdle(gone);
        }
    }
}
