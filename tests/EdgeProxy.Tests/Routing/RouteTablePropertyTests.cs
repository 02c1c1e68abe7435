using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using EdgeProxy.Routing;
using Xunit;

namespace EdgeProxy.Tests.Routing;

public class RouteTablePropertyTests
{
    private static readonly int?[] Priorities = [null, null, null, 0, 1, 2, -1];

    private sealed record Router(int Route, string Text, Rule Rule, int? Priority, Func<PlainRequest, bool> Takes);

    // 20,000 cases: eight requests to each of 2,500 tables. Parsing, expanding, simplifying, filing and walking against
    // "ask every rule, take the best of those that said yes".
    [Fact]
    public void Match_AnyRulesAndRequests_IsWhatAskingEveryRuleWouldFind()
    {
        Gen.Int.SampleSame(seed =>
        {
            var random = new Random(seed);
            var made = new RandomRule(random, hasModels: true);
            List<PlainRequest> requests = [.. Enumerable.Range(0, 8).Select(_ => made.Request())];
            List<Router> routers = Routers(random, made, requests);
            var builder = new RouteTableBuilder();
            foreach (Router router in routers)
            {
                builder.Add(router.Route, router.Rule, router.Priority);
            }

            RouteTable table = builder.Build(out _);
            foreach (PlainRequest request in requests)
            {
                Check(table, routers, request);
            }
        }, iter: 2_500);
    }

    private static List<Router> Routers(Random random, RandomRule made, List<PlainRequest> requests)
    {
        var routers = new List<Router>();
        for (int i = random.Next(1, 14); i > 0; i--)
        {
            (string text, Func<PlainRequest, bool> takes) = made.Next(depth: random.Next(4));
            if (RuleParser.Parse(text, out IReadOnlyList<RuleError> errors) is { } rule)
            {
                routers.Add(new Router(1_000 + i, text, rule, Priorities[random.Next(Priorities.Length)], takes));
                continue;
            }

            // The only fault a made-up rule can have; then the oracle must never say yes.
            Assert.StartsWith("no request can match", Assert.Single(errors).Message, StringComparison.Ordinal);
            Assert.DoesNotContain(requests, request => takes(request));
        }

        return routers;
    }

    private static void Check(RouteTable table, List<Router> routers, PlainRequest plain)
    {
        SampleRequest request = plain.Sample();
        Assert.Equal(plain.Path, request.Path);
        int winner = -1;
        RouteOrder best = default;
        for (int i = 0; i < routers.Count; i++)
        {
            Router router = routers[i];
            bool takes = router.Takes(plain);
            Assert.True(takes == RuleEvaluator.Matches(router.Rule, request.Query), router.Text);
            IReadOnlyList<Conjunction> conjunctions = RuleExpansion.Expand(router.Rule)!;
            int narrowest = RuleEvaluator.Narrowest(conjunctions, request.Query);
            Assert.True(takes == narrowest >= 0, router.Text);
            if (takes)
            {
                var order = new RouteOrder(router.Priority ?? 0, conjunctions[narrowest].Specificity, i);
                if (winner < 0 || order.CompareTo(best) < 0)
                {
                    (winner, best) = (router.Route, order);
                }
            }
        }

        Assert.Equal(winner, table.Match(request.Query));
        int explained = -1;
        foreach (RouteVerdict verdict in table.Explain(request.Query))
        {
            Assert.Equal(routers.First(router => router.Route == verdict.Route).Takes(plain), verdict.Matches);
            explained = explained < 0 && verdict.Matches ? verdict.Route : explained;
        }

        Assert.Equal(winner, explained);
    }

    // The order of the file may decide only between routers of the same priority and specificity.
    [Fact]
    public void Match_SameRulesInOtherOrder_DiffersOnlyBetweenEquals()
    {
        Gen.Int.SampleSame(seed =>
        {
            var random = new Random(seed);
            var made = new RandomRule(random, hasModels: true);
            List<PlainRequest> requests = [.. Enumerable.Range(0, 8).Select(_ => made.Request())];
            List<Router> routers = Routers(random, made, requests);
            (RouteTable forward, _) = Build(routers);
            (RouteTable backward, _) = Build([.. Enumerable.Reverse(routers)]);
            foreach (PlainRequest plain in requests)
            {
                SampleRequest request = plain.Sample();
                int first = forward.Match(request.Query);
                int second = backward.Match(request.Query);
                if (first != second)
                {
                    // Only routers nothing tells apart may change places.
                    Assert.Equal(Order(routers, first, request), Order(routers, second, request));
                }
            }
        }, iter: 1_000);
    }

    private static (RouteTable Table, IReadOnlyList<RouteConflict> Conflicts) Build(List<Router> routers)
    {
        var builder = new RouteTableBuilder();
        foreach (Router router in routers)
        {
            builder.Add(router.Route, router.Rule, router.Priority);
        }

        RouteTable table = builder.Build(out IReadOnlyList<RouteConflict> conflicts);
        return (table, conflicts);
    }

    private static (int, Specificity) Order(List<Router> routers, int route, SampleRequest request)
    {
        Router router = routers.First(r => r.Route == route);
        IReadOnlyList<Conjunction> conjunctions = RuleExpansion.Expand(router.Rule)!;
        return (router.Priority ?? 0, conjunctions[RuleEvaluator.Narrowest(conjunctions, request.Query)].Specificity);
    }
}
