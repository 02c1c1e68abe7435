using System;
using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>Two routers that take the same requests at the same priority.</summary>
internal readonly record struct RouteConflict(int First, int Second, string Message);

/// <summary>
/// Collects the routers of one entrypoint and compiles them; slow and mutable, so that the table can be neither.
/// </summary>
internal sealed class RouteTableBuilder
{
    private readonly List<CompiledRouter> _routers = [];

    /// <summary><paramref name="route"/> is the number <see cref="RouteTable.Match"/> will answer.</summary>
    /// <param name="rule">MUST come from <see cref="RuleParser"/>, which refuses what cannot be compiled.</param>
    /// <param name="priority">Positive: before every router without one; negative: after; null or 0: by
    /// specificity.</param>
    public void Add(int route, Rule rule, int? priority)
    {
        if ((rule.Expansion ?? RuleExpansion.Expand(rule)) is not { Count: > 0 } conjunctions)
        {
            throw new ArgumentException($"the rule cannot be compiled: {rule.Text}", nameof(rule));
        }

        _routers.Add(new CompiledRouter(route, rule, priority ?? 0, _routers.Count, conjunctions));
    }

    public RouteTable Build(out IReadOnlyList<RouteConflict> conflicts)
    {
        var candidates = new List<RouteCandidate>(_routers.Count);
        foreach (CompiledRouter router in _routers)
        {
            foreach (Conjunction conjunction in router.Conjunctions)
            {
                candidates.Add(new RouteCandidate(router.OrderOf(conjunction), router.Route, conjunction));
            }
        }

        candidates.Sort();
        conflicts = RouteConflicts.Find(candidates);
        return Compile(candidates);
    }

    private RouteTable Compile(List<RouteCandidate> candidates)
    {
        var exact = new HostGroups();
        var wildcard = new HostGroups();
        var anyHost = new List<(Conjunction, int)>();
        int[] routes = new int[candidates.Count];
        Literal[]?[]? models = null;
        for (int rank = 0; rank < routes.Length; rank++)
        {
            routes[rank] = candidates[rank].Route;
            Conjunction conjunction = candidates[rank].Conjunction;
            List<(Conjunction, int)> group = conjunction.Host?.Kind switch
            {
                MatcherKind.Host => exact.For(conjunction.Host),
                MatcherKind.HostWildcard => wildcard.For(conjunction.Host),
                _ => anyHost,
            };
            group.Add((conjunction, rank));
            if (conjunction.AsksModel)
            {
                models ??= new Literal[routes.Length][];
                models[rank] = ModelsOf(conjunction);
            }
        }

        var tries = new PathTrieBuilder();
        var roots = new List<int>();
        foreach (List<(Conjunction, int)> group in exact.All)
        {
            roots.Add(tries.Add(group));
        }

        foreach (List<(Conjunction, int)> group in wildcard.All)
        {
            roots.Add(tries.Add(group));
        }

        int anyHostRoot = anyHost.Count > 0 ? tries.Add(anyHost) : -1;
        return new RouteTable(
            new HostTable(exact.Hosts, firstNumber: 0),
            new HostTable(wildcard.Hosts, firstNumber: exact.Hosts.Count),
            [.. roots],
            anyHostRoot,
            tries.Build(),
            routes,
            [.. _routers],
            models);
    }

    private static Literal[] ModelsOf(Conjunction conjunction)
    {
        var models = new List<Literal>();
        foreach (Literal literal in conjunction.Literals)
        {
            if (literal.Matcher.Kind == MatcherKind.Model)
            {
                models.Add(literal);
            }
        }

        return [.. models];
    }

    /// <summary>The conjunctions of each host, hosts in the order in which they first came.</summary>
    private sealed class HostGroups
    {
        private readonly Dictionary<string, int> _numbers = [];

        public List<byte[]> Hosts { get; } = [];

        public List<List<(Conjunction, int)>> All { get; } = [];

        public List<(Conjunction, int)> For(Matcher host)
        {
            if (!_numbers.TryGetValue(host.Value, out int number))
            {
                number = All.Count;
                _numbers.Add(host.Value, number);
                Hosts.Add(host.ValueBytes.ToArray());
                All.Add([]);
            }

            return All[number];
        }
    }
}
