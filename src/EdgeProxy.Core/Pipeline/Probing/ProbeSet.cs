using System.Collections.Generic;
using EdgeProxy.Services;
using EdgeProxy.Services.Health;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Probing;

/// <summary>A server and how it is probed.</summary>
internal readonly record struct ProbeOrder(Server Server, HealthCheckSettings Settings);

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
                probe.Configure(order.Settings);
            }
            else
            {
                _probes.Add(order.Server, new Probe(order.Server, shard, order.Settings));
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
