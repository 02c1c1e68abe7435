using System;
using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>
/// The compiled routers of one entrypoint: immutable, flat, read by all loops at once. Hosts are looked up in a hash,
/// paths in a radix trie per host, and only what is left of a rule is asked at the leaf; so the cost follows the length
/// of the path, not the number of routers (except routers that differ in nothing but their headers, queries or
/// expressions: those are asked in turn).
/// </summary>
internal sealed class RouteTable
{
    private readonly HostTable _exactHosts;
    private readonly HostTable _wildcardHosts;
    private readonly int _anyHostRoot;
    private readonly int[] _roots;
    private readonly int[] _routes;
    private readonly PathTrie _trie;
    private readonly IReadOnlyList<CompiledRouter> _routers;
    private readonly Literal[]?[]? _models;

    /// <param name="roots">Root of the trie of each host's number.</param>
    /// <param name="anyHostRoot">Trie of the conjunctions without a literal host; -1 if there are none.</param>
    /// <param name="routes">Route of each rank.</param>
    /// <param name="models">What each rank asks of the model, null of those that do not; null if none does.</param>
    public RouteTable(
        HostTable exactHosts,
        HostTable wildcardHosts,
        int[] roots,
        int anyHostRoot,
        PathTrie trie,
        int[] routes,
        IReadOnlyList<CompiledRouter> routers,
        Literal[]?[]? models)
    {
        _exactHosts = exactHosts;
        _wildcardHosts = wildcardHosts;
        _roots = roots;
        _anyHostRoot = anyHostRoot;
        _trie = trie;
        _routes = routes;
        _routers = routers;
        _models = models;
        foreach (Literal[]? asked in models ?? [])
        {
            ModelConjunctions += asked is null ? 0 : 1;
        }
    }

    /// <summary>So many conjunctions ask for the model.</summary>
    public int ModelConjunctions { get; }

    /// <summary>The shape of the table, for tests that hold it to the number of routers.</summary>
    internal PathTrie Trie => _trie;

    /// <summary>
    /// The number of the router that takes the request, -1 if none does. Allocates nothing, unless a Model() decides.
    /// </summary>
    public int Match(in RouteQuery query)
    {
        if (_models is null)
        {
            int best = Best(query);
            return best == int.MaxValue ? -1 : _routes[best];
        }

        var open = new OpenRoutes();
        int first = First(query, open);
        return open.IsOpen ? open.Decide(query.Model) : first;
    }

    /// <summary>
    /// As above, before it is known which model is asked for: if that decides, the number is that of the first router
    /// that may take the request, and <paramref name="open"/> has all of them.
    /// </summary>
    public int First(in RouteQuery query, OpenRoutes open)
    {
        int best = Best(query);
        if (best == int.MaxValue)
        {
            return -1;
        }

        if (_models?[best] is not null)
        {
            Collect(query, open);
        }

        return _routes[best];
    }

    internal int RouteOf(int rank) => _routes[rank];

    internal bool AsksModel(int rank) => _models![rank] is not null;

    /// <summary>What a rank asks of the model holds.</summary>
    internal bool TakesModel(int rank, ReadOnlySpan<byte> model)
    {
        foreach (Literal literal in _models![rank] ?? [])
        {
            if (literal.Matcher.TakesModel(model) == literal.Negated)
            {
                return false;
            }
        }

        return true;
    }

    private void Collect(in RouteQuery query, OpenRoutes open)
    {
        open.Begin(this);
        int host = _exactHosts.Find(query.Host);
        if (host >= 0)
        {
            _trie.Collect(_roots[host], query, open);
        }

        host = _wildcardHosts.Count > 0 ? _wildcardHosts.Find(HostText.AfterFirstLabel(query.Host)) : -1;
        if (host >= 0)
        {
            _trie.Collect(_roots[host], query, open);
        }

        if (_anyHostRoot >= 0)
        {
            _trie.Collect(_anyHostRoot, query, open);
        }

        open.End();
    }

    private int Best(in RouteQuery query)
    {
        int best = int.MaxValue;
        int host = _exactHosts.Find(query.Host);
        if (host >= 0)
        {
            best = _trie.Best(_roots[host], query, best);
        }

        if (_wildcardHosts.Count > 0)
        {
            host = _wildcardHosts.Find(HostText.AfterFirstLabel(query.Host));
            if (host >= 0)
            {
                best = _trie.Best(_roots[host], query, best);
            }
        }

        if (_anyHostRoot >= 0)
        {
            best = _trie.Best(_anyHostRoot, query, best);
        }

        return best;
    }

    /// <summary>
    /// The routers' numbers in the order in which they come into question. For the operator; it allocates.
    /// </summary>
    public IReadOnlyList<int> InOrder()
    {
        var ordered = new List<CompiledRouter>(_routers);
        ordered.Sort(static (a, b) => a.BestOrder.CompareTo(b.BestOrder));
        return ordered.ConvertAll(static router => router.Route);
    }

    /// <summary>
    /// What each router makes of the request, in the order in which they come into question: the first that matches is
    /// the one
    /// <see cref="Match"/> answers. For the operator; it allocates and asks every rule as written.
    /// </summary>
    public IReadOnlyList<RouteVerdict> Explain(in RouteQuery query)
    {
        var ordered = new List<(RouteOrder Order, RouteVerdict Verdict)>(_routers.Count);
        foreach (CompiledRouter router in _routers)
        {
            int narrowest = RuleEvaluator.Narrowest(router.Conjunctions, query);
            ordered.Add(narrowest < 0
                ? (router.BestOrder, new RouteVerdict(router.Route, false,
                    RuleEvaluator.FirstFailure(router.Rule, query) ?? router.Rule.Text))
                : (router.OrderOf(router.Conjunctions[narrowest]), new RouteVerdict(router.Route, true,
                    router.Conjunctions[narrowest].Text)));
        }

        ordered.Sort(static (a, b) => a.Order.CompareTo(b.Order));
        return ordered.ConvertAll(static entry => entry.Verdict);
    }
}
