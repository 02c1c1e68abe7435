using System.Collections.Generic;
using EdgeProxy.Pipeline;
using EdgeProxy.Routing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Config;

/// <summary>Where the durations of requests are counted.</summary>
internal sealed record RouteDurations(IReadOnlyDictionary<string, DurationMetrics> ByRouter, DurationMetrics Unrouted);

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
        RouteDurations durations,
        Dictionary<string, int> slots,
        int slotCount,
        out string problem)
    {
        var routes = new Route[settings.Routers.Count];
        for (int i = 0; i < routes.Length; i++)
        {
            RouterSettings router = settings.Routers[i];
            var steps = new Middleware[router.Middlewares.Count];
            for (int j = 0; j < steps.Length; j++)
            {
                steps[j] = middlewares[router.Middlewares[j]].Middleware;
            }

            routes[i] = new Route(router.Name, services[router.Service], router.AllowEncoded)
            {
                Middlewares = steps,
                TraceRatio = router.TraceRatio,
                Audit = router.Audit,
                IsLogged = router.IsLogged,
                Durations = durations.ByRouter[router.Name],
            };
        }

        var tables = new RouteTable?[slotCount];
        foreach ((string entryPoint, int slot) in slots)
        {
            tables[slot] = Compile(settings, entryPoint, out problem);
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
            Unrouted = durations.Unrouted,
            Routes = routes,
            Tables = tables,
            Services = services,
        };
    }

    private static RouteTable? Compile(ProxySettings settings, string entryPoint, out string problem)
    {
        problem = "";
        var builder = new RouteTableBuilder();
        bool isEmpty = true;
        for (int i = 0; i < settings.Routers.Count; i++)
        {
            RouterSettings router = settings.Routers[i];
            if (Contains(router.EntryPoints, entryPoint))
            {
                builder.Add(i, router.Rule, router.Priority);
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
            problem = $"entrypoint {entryPoint}: routers {settings.Routers[conflicts[0].First].Name} and "
                + $"{settings.Routers[conflicts[0].Second].Name}: {conflicts[0].Message}";
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
