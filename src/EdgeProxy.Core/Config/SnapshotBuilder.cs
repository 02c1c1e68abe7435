using System.Collections.Generic;
using System.Linq;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Routing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config;

/// <summary>Where requests are counted: their durations, and who asked.</summary>
internal sealed record RequestCounts(
    Dictionary<string, DurationMetrics> ByRouter,
    DurationMetrics Unrouted,
    Dictionary<string, ConsumerMetrics> ByConsumer);

/// <summary>Compiles settings into the snapshot the loops use.</summary>
internal static class SnapshotBuilder
{
    /// <summary>
    /// Builds it. <paramref name="slots"/> gives each entrypoint's place by name. Settings that were loaded without a
    /// fault
    /// compile without a conflict; if they do not, nothing is built and <paramref name="problem"/> says why.
    /// </summary>
    public static Snapshot? Build(
        ProxySettings settings,
        Dictionary<string, ServiceNode> services,
        Dictionary<string, (MiddlewareSettings Settings, Middleware Middleware)> middlewares,
        RequestCounts counts,
        Dictionary<string, int> slots,
        int slotCount,
        out string problem)
    {
        var routes = new List<Route>(settings.Routers.Count);
        foreach (RouterSettings router in settings.Routers)
        {
            ServiceNode service = router.Service.Length == 0 ? NoService.Instance : services[router.Service];
            routes.Add(new Route(router.Name, service, router.AllowEncoded)
            {
                Middlewares = Steps(router.Middlewares, middlewares),
                TraceRatio = router.TraceRatio,
                Audit = router.Audit,
                Payloads = router.Payloads,
                IsLogged = router.IsLogged,
                Durations = counts.ByRouter[router.Name],
            });
        }

        var tables = new RouteTable?[slotCount];
        var policies = new HostPolicies?[slotCount];
        foreach ((string entryPoint, int slot) in slots)
        {
            EntryPointSettings? own = Find(settings, entryPoint);
            Middleware[] before = Steps(own?.Middlewares ?? Sequence<string>.Empty, middlewares);
            policies[slot] = own?.Tls is { } tls && AsksAnything(tls) ? new HostPolicies(tls) : null;
            tables[slot] = Compile(settings, entryPoint, before, routes, out problem);
            if (problem.Length > 0)
            {
                return null;
            }
        }

        problem = "";
        return new Snapshot
        {
            Hash = settings.Hash,
            Telemetry = settings.Telemetry,
            Unrouted = counts.Unrouted,
            Consumers = [.. settings.ConsumerNames.Select(name => counts.ByConsumer[name])],
            Routes = [.. routes],
            Tables = tables,
            Policies = policies,
            Services = services,
        };
    }

    private static Middleware[] Steps(
        Sequence<string> names, Dictionary<string, (MiddlewareSettings Settings, Middleware Middleware)> middlewares)
    {
        var steps = new Middleware[names.Count];
        for (int i = 0; i < steps.Length; i++)
        {
            steps[i] = middlewares[names[i]].Middleware;
        }

        return steps;
    }

    private static EntryPointSettings? Find(ProxySettings settings, string entryPoint)
    {
        foreach (EntryPointSettings candidate in settings.EntryPoints)
        {
            if (candidate.Name == entryPoint)
            {
                return candidate;
            }
        }

        return null;
    }

    private static bool AsksAnything(TlsServerSettings tls) =>
        tls.Hosts.Count > 0 || tls.Policy.Auth != ClientAuth.None;

    // An entrypoint with steps of its own has routes of its own; what is not theirs alone they share with the router's.
    private static RouteTable? Compile(
        ProxySettings settings, string entryPoint, Middleware[] before, List<Route> routes, out string problem)
    {
        problem = "";
        var builder = new RouteTableBuilder();
        var routers = new Dictionary<int, RouterSettings>();
        bool isEmpty = true;
        for (int i = 0; i < settings.Routers.Count; i++)
        {
            RouterSettings router = settings.Routers[i];
            if (Contains(router.EntryPoints, entryPoint))
            {
                int number = i;
                if (before.Length > 0)
                {
                    number = routes.Count;
                    routes.Add(routes[i] with { Middlewares = [.. before, .. routes[i].Middlewares] });
                }

                builder.Add(number, router.Rule, router.Priority);
                routers.Add(number, router);
                isEmpty = false;
            }
        }

        if (isEmpty)
        {
            return null;
        }

        RouteTable table = builder.Build(out IReadOnlyList<RouteConflict> conflicts);
        if (conflicts.Count > 0)
        {
            problem = $"entrypoint {entryPoint}: routers {routers[conflicts[0].First].Name} and "
                + $"{routers[conflicts[0].Second].Name}: {conflicts[0].Message}";
        }

        return table;
    }

    private static bool Contains(IReadOnlyList<string> names, string name)
    {
        foreach (string candidate in names)
        {
            if (candidate == name)
            {
                return true;
            }
        }

        return false;
    }
}
