using System.Collections.Generic;
using EdgeProxy.Services;
using EdgeProxy.Services.Health;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Pipeline.Probing;

/// <summary>A server and how it is probed.</summary>
/// <param name="Tls">How its connection is secured; null for clear text.</param>
internal readonly record struct ProbeOrder(Server Server, HealthCheckSettings Settings, TlsClientContext? Tls);

/// <summary>
/// The probes of one loop. A reload posts orders twice: before its snapshot is published what is new is begun, after it
/// what nobody names any more is ended; probes in both go on undisturbed.
/// </summary>
internal sealed class ProbeSet(Shard shard)
{
    private readonly Dictionary<Server, Probe> _probes = [];

    /// <summary>
    /// Begins or continues what is ordered, on the loop; with <paramref name="isAll"/> every other probe ends. Any
    /// thread.
    /// </summary>
    public void Post(List<ProbeOrder> orders, bool isAll) => shard.Loop.Post(new Work(this, orders, isAll));

    private void Take(List<ProbeOrder> orders, bool isAll)
    {
        var others = isAll ? new HashSet<Server>(_probes.Keys) : [];
        foreach (ProbeOrder order in orders)
        {
            others.Remove(order.Server);
            if (_probes.TryGetValue(order.Server, out Probe? probe))
            {
                probe.Configure(order);
            }
            else
            {
                _probes.Add(order.Server, new Probe(order, shard));
            }
        }

        foreach (Server server in others)
        {
            _probes.Remove(server, out Probe? probe);
            probe!.Stop();

            // A probe that ended after the configuration took its server for well must not have the last word.
            server.Health.Forget(isProbed: false, isWatched: true);
        }
    }

    private sealed class Work(ProbeSet set, List<ProbeOrder> orders, bool isAll) : ILoopWork
    {
        public void RunOn(EpollLoop loop) => set.Take(orders, isAll);
    }
}
