using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Control;
using EdgeProxy.Pipeline.Probing;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Services;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Health;

namespace EdgeProxy.Host;

/// <content>Services as they are seen from outside, and who probes their servers.</content>
internal sealed partial class DataPath
{
    // New servers are probed before a configuration is used, but it waits no longer than this for them.
    private const int ProbeWaitMs = 1_000;

    private ProbeSet[] _probes = [];
    private IReadOnlyCollection<Service> _services = [];

    public IReadOnlyList<ServiceStatus> Services
    {
        get
        {
            // The loops' clocks count the same milliseconds as this one.
            long nowMs = new CoarseClock(_parts.Time).NowMs;
            var services = new List<ServiceStatus>();
            foreach (Service service in Volatile.Read(ref _services))
            {
                var servers = new List<ServerStatus>(service.Servers.Length);
                for (int i = 0; i < service.Servers.Length; i++)
                {
                    servers.Add(StatusOf(service.Servers[i], service.Weights[i], nowMs) with
                    {
                        Priority = service.Settings.Servers[i].Priority,
                        SharePercent = (int)(100 * SlowStart.ShareOf(
                            service.Servers[i].Health.UpSinceMs, nowMs, service.SlowStartMs)),
                    });
                }

                services.Add(new ServiceStatus(
                    service.Settings.Name, WordOf(service.Settings.Strategy), service.CountWaiting(), servers)
                {
                    Breaker = service.Breaker is { } breaker ? StatusOf(breaker, nowMs) : null,
                });
            }

            foreach (ComposedService composed in _composed?.Services ?? [])
            {
                services.Add(StatusOf(composed, nowMs));
            }

            return services;
        }
    }

    private static BreakerStatus StatusOf(CircuitBreaker breaker, long nowMs)
    {
        string state = breaker.StateAt(nowMs) switch
        {
            BreakerState.Open => "open",
            BreakerState.Recovering => "recovering",
            _ => "closed",
        };
        return new BreakerStatus(state, breaker.Settings.Expression.Text, breaker.OpenForMs(nowMs));
    }

    private static ServiceStatus StatusOf(ComposedService service, long nowMs)
    {
        var members = new List<MemberStatus>(service.Members.Length);
        foreach (ServiceMember member in service.Members)
        {
            members.Add(new MemberStatus(
                member.Node.Name, member.Weight, member.Node.IsUsable(nowMs, lot: 0), member.Share.CountOf()));
        }

        string kind = service.Settings.Kind switch
        {
            ComposedKind.Failover => "failover",
            ComposedKind.Mirror => "mirror",
            _ => "weighted",
        };
        return new ServiceStatus(service.Name, kind, 0, []) { Members = members };
    }

    private static ServerStatus StatusOf(Server server, int weight, long nowMs)
    {
        int inFlight = 0;
        for (int loop = 0; loop < server.LoopCount; loop++)
        {
            inFlight += server.Load(loop).InFlight;
        }

        ServerHealth health = server.Health;
        string state = health.State switch
        {
            ProbedState.Down => "down",
            ProbedState.Unknown => "unknown",
            _ => health.IsEjected(nowMs) ? "ejected" : "up",
        };
        return new ServerStatus(server.Name, server.Address?.ToString() ?? "", weight, state, health.LastProbe,
            Math.Max(0, health.EjectedUntilMs - nowMs), inFlight);
    }

    private static string WordOf(StrategyKind strategy) => strategy switch
    {
        StrategyKind.P2c => "p2c",
        StrategyKind.LeastConnections => "least_connections",
        StrategyKind.LeastTime => "least_time",
        StrategyKind.Hash => "hash",
        StrategyKind.Random => "random",
        _ => "round_robin",
    };

    // Each server is probed by one loop, always the same one: what a name hashes to does not change with a reload.
    private List<ProbeOrder>[] OrderProbes(Dictionary<string, Service> services)
    {
        var orders = new List<ProbeOrder>[_shards.Length];
        for (int i = 0; i < orders.Length; i++)
        {
            orders[i] = [];
        }

        foreach (Service service in services.Values)
        {
            if (service.Settings.HealthCheck is { } settings)
            {
                for (int i = 0; i < service.Servers.Length; i++)
                {
                    Server server = service.Servers[i];
                    orders[(int)(server.Identity % (ulong)orders.Length)].Add(
                        new ProbeOrder(server, settings, service.ProbeTlsOf(i)));
                }
            }
        }

        return orders;
    }

    private void BeginProbes(List<ProbeOrder>[] orders)
    {
        var first = new List<Task>();
        for (int i = 0; i < orders.Length; i++)
        {
            _probes[i].Post(orders[i], isAll: false);
            foreach (ProbeOrder order in orders[i])
            {
                if (!order.Server.Health.FirstProbe.IsCompleted)
                {
                    first.Add(order.Server.Health.FirstProbe);
                }
            }
        }

        if (first.Count > 0)
        {
            // The reloading thread waits a moment, never a loop: the configuration in use goes on meanwhile.
            ((IAsyncResult)Task.WhenAll(first)).AsyncWaitHandle.WaitOne(ProbeWaitMs);
        }
    }

    private void EndOtherProbes(List<ProbeOrder>[] orders)
    {
        for (int i = 0; i < orders.Length; i++)
        {
            _probes[i].Post(orders[i], isAll: true);
        }
    }
}
