using System;
using System.Collections.Generic;
using EdgeProxy.Routing;
using Xunit;

namespace EdgeProxy.Tests.Routing;

public class RouteTableTests
{
    // In each row the first rule must win, whichever is added first; both take the request.
    [Theory]
    [InlineData("Host(`a.b`)", "Host(`*.b`)")]
    [InlineData("Host(`*.b`)", "HostRegexp(`^[a-z]+[.]b$`)")]
    [InlineData("HostRegexp(`b`)", "PathPrefix(`/x/y`)")]
    [InlineData("Host(`a.b`)", "Host(`*.b`) && PathPrefix(`/x`) && Method(`GET`)")]
    [InlineData("Host(`a.b`)", "HostRegexp(`^a[.]b$`) && Path(`/x/y`) && Header(`X`, `1`)")]
    [InlineData("Path(`/x/y`)", "PathPrefix(`/x/y`)")]
    [InlineData("PathPrefix(`/x/y`)", "PathPrefix(`/x`)")]
    [InlineData("PathPrefix(`/x/`)", "PathPrefix(`/x`)")]
    [InlineData("PathPrefix(`/x`)", "PathRegexp(`^/x/y$`)")]
    [InlineData("PathRegexp(`^/x/[yz]`)", "PathRegexp(`^/x[/]`)")]
    [InlineData("PathRegexp(`y`)", "PathPrefix(`/`)")]
    [InlineData("PathPrefix(`/`)", "Method(`GET`) && Header(`X`, `1`)")]
    [InlineData("Method(`GET`) && Header(`X`, `1`)", "Method(`GET`)")]
    [InlineData("Host(`a.b`) && Query(`q`, `1`)", "Host(`a.b`)")]
    [InlineData("Host(`a.b`) && !Method(`POST`)", "Host(`a.b`)")]
    [InlineData("Host(`a.b`) && ClientIP(`192.0.2.0/24`)", "Host(`a.b`)")]
    [InlineData("Host(`a.b`) || Path(`/never`)", "Host(`*.b`) || Path(`/x/y`)")]
    [InlineData("Host(`a.b`) && Path(`/x/y`)", "HostRegexp(`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|a`) && PathPrefix(`/x/y`)")]
    public void Match_TwoRulesTakeTheRequest_TheNarrowerWins(string winner, string loser)
    {
        var request = new SampleRequest("GET /x/y?q=1", "a.b", fields: "X: 1");

        Assert.True(RuleEvaluator.Matches(SampleRequest.Rule(loser), request.Query));
        Assert.Equal(0, SampleRequest.Table(winner, loser).Match(request.Query));
        Assert.Equal(1, SampleRequest.Table(loser, winner).Match(request.Query));
    }

    [Theory]
    [InlineData(1, null, 0)]
    [InlineData(-1, null, 1)]
    [InlineData(0, null, 1)]
    [InlineData(null, null, 1)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(5, 5, 1)]
    [InlineData(-1, -2, 0)]
    [InlineData(null, -1, 0)]
    [InlineData(int.MinValue, int.MaxValue, 1)]
    public void Match_ExplicitPriority_GoesBeforeSpecificity(int? wide, int? narrow, int expected)
    {
        var builder = new RouteTableBuilder();
        builder.Add(0, SampleRequest.Rule("PathPrefix(`/`)"), wide);
        builder.Add(1, SampleRequest.Rule("Host(`a`) && Path(`/x`)"), narrow);

        RouteTable table = builder.Build(out IReadOnlyList<RouteConflict> conflicts);

        Assert.Empty(conflicts);
        Assert.Equal(expected, table.Match(new SampleRequest("GET /x", "a").Query));
    }

    [Fact]
    public void Match_NarrowRouterSaysNo_TheNextIsAsked()
    {
        RouteTable table = SampleRequest.Table(
            "Host(`a.b`) && PathPrefix(`/x`) && Header(`X`, `1`)",
            "Host(`a.b`) && PathPrefix(`/x`)",
            "Host(`*.b`) && Path(`/y`)",
            "HostRegexp(`^a`) && PathPrefix(`/z`) && Method(`POST`)",
            "PathPrefix(`/`)");

        Assert.Equal(0, table.Match(new SampleRequest("GET /x/1", "a.b", fields: "X: 1").Query));
        Assert.Equal(1, table.Match(new SampleRequest("GET /x/1", "a.b").Query));
        Assert.Equal(2, table.Match(new SampleRequest("GET /y", "a.b").Query));
        Assert.Equal(3, table.Match(new SampleRequest("POST /z", "a.b").Query));
        Assert.Equal(4, table.Match(new SampleRequest("GET /z", "a.b").Query));
        Assert.Equal(4, table.Match(new SampleRequest("GET /x", "").Query));
    }

    [Fact]
    public void Match_NoRouter_AnswersMinusOne()
    {
        var request = new SampleRequest("GET /x", "a");

        Assert.Equal(-1, new RouteTableBuilder().Build(out _).Match(request.Query));
        Assert.Equal(-1, SampleRequest.Table("Host(`b`)", "Host(`*.a`)", "Path(`/y`)").Match(request.Query));
        Assert.Empty(new RouteTableBuilder().Build(out _).Explain(request.Query));
    }

    [Fact]
    public void Match_RouteNumbers_AreTheCallersOwn()
    {
        var builder = new RouteTableBuilder();
        builder.Add(70, SampleRequest.Rule("Host(`a`) || Host(`b`)"), null);
        builder.Add(-5, SampleRequest.Rule("Host(`c`)"), null);

        RouteTable table = builder.Build(out _);

        Assert.Equal(70, table.Match(new SampleRequest("GET /", "b").Query));
        Assert.Equal(-5, table.Match(new SampleRequest("GET /", "c").Query));
    }

    // More nested prefixes than PathTrie.PendingMax, each with a leaf that refuses but the shortest.
    [Fact]
    public void Match_DeeplyNestedPrefixes_FindsTheShortestToo()
    {
        var rules = new List<string> { "PathPrefix(`/s`)" };
        string path = "/s";
        for (int i = 0; i < 3 * PathTrie.PendingMax; i++)
        {
            path += "/s";
            rules.Add($"PathPrefix(`{path}`) && Header(`X`, `{i}`)");
        }

        RouteTable table = SampleRequest.Table(rules);

        Assert.Equal(0, table.Match(new SampleRequest($"GET {path}", "a").Query));
        for (int i = 1; i < rules.Count; i++)
        {
            Assert.Equal(i, table.Match(new SampleRequest($"GET {path}", "a", fields: $"X: {i - 1}").Query));
        }
    }

    [Theory]
    [InlineData("Host(`a`)", "Host(`A.`)", "both take Host(`a`)")]
    [InlineData("Host(`a`) && Path(`/x`)", "Path(`/x/../x`) && Host(`a`)", "both take Host(`a`) && Path(`/x`)")]
    [InlineData("Host(`a`) || Host(`b`)", "Host(`b`) || Host(`c`)", "both take Host(`b`)")]
    [InlineData("!!Method(`GET`)", "Method(`get`)", "both take Method(`GET`)")]
    [InlineData("Host(`a`) && Host(`*`)", "Host(`a`) && !Host(`b`)", "both take Host(`a`)")]
    [InlineData("HostRegexp(`x`)", "HostRegexp(`x`)", "both take")]
    [InlineData("Host(`a`) && Method(`GET`)", "Host(`a`) && Header(`X`, `1`)", "neither is narrower")]
    [InlineData("Host(`a`) && Query(`q`, `1`)", "Host(`a`) && ClientIP(`10.0.0.0/8`)", "neither is narrower")]
    [InlineData("ClientIP(`10.0.0.0/8`)", "ClientIP(`10.1.0.0/16`)", "neither is narrower")]
    [InlineData("ClientIP(`10.0.0.0/8`)", "ClientIP(`::ffff:10.0.0.0/104`)", "neither is narrower")]
    public void Build_RoutersOnlyTheFileOrderTellsApart_AreAConflict(string first, string second, string hint)
    {
        var builder = new RouteTableBuilder();
        builder.Add(3, SampleRequest.Rule(first), null);
        builder.Add(4, SampleRequest.Rule("Host(`other`)"), null);
        builder.Add(5, SampleRequest.Rule(second), null);

        RouteTable table = builder.Build(out IReadOnlyList<RouteConflict> conflicts);

        RouteConflict conflict = Assert.Single(conflicts);
        Assert.Equal((3, 5), (conflict.First, conflict.Second));
        Assert.Contains(hint, conflict.Message, StringComparison.Ordinal);
        Assert.Contains("priority", conflict.Message, StringComparison.Ordinal);
        Assert.NotNull(table);
    }

    [Theory]
    [InlineData("Host(`a`) && Method(`GET`)", "Host(`a`) && Method(`POST`)")]
    [InlineData("Host(`a`) && Method(`GET`)", "Host(`a`) && !Method(`GET`)")]
    [InlineData("Host(`a`) && Header(`X`, `1`)", "Host(`a`) && Header(`X`, `2`)")]
    [InlineData("Host(`a`) && Header(`X`, `1`)", "Host(`a`) && HeaderRegexp(`X`, `2`)")]
    [InlineData("Host(`a`) && Query(`q`, `1`)", "Host(`a`) && Query(`q`, `2`)")]
    [InlineData("ClientIP(`10.0.0.0/8`)", "ClientIP(`11.0.0.0/8`)")]
    [InlineData("HostRegexp(`x`)", "HostRegexp(`y`)")]
    [InlineData("Path(`/a`)", "Path(`/b`)")]
    [InlineData("PathPrefix(`/a`)", "PathPrefix(`/b`)")]
    [InlineData("Host(`a`)", "Host(`a`) && PathPrefix(`/`)")]
    [InlineData("Host(`a`)", "Path(`/a`)")]
    public void Build_RoutersThatDiffer_AreNoConflict(string first, string second) =>
        Assert.NotNull(SampleRequest.Table(first, second));

    [Fact]
    public void Build_SameRuleAtDifferentPriority_IsNoConflict()
    {
        var builder = new RouteTableBuilder();
        builder.Add(0, SampleRequest.Rule("Host(`a`)"), null);
        builder.Add(1, SampleRequest.Rule("Host(`a`)"), 10);

        RouteTable table = builder.Build(out IReadOnlyList<RouteConflict> conflicts);

        Assert.Empty(conflicts);
        Assert.Equal(1, table.Match(new SampleRequest("GET /", "a").Query));
    }

    [Fact]
    public void Build_ManyIdenticalRouters_ReportsEachOnce()
    {
        var builder = new RouteTableBuilder();
        for (int i = 0; i < 50; i++)
        {
            builder.Add(i, SampleRequest.Rule("Host(`a`) || Host(`b`)"), null);
        }

        builder.Build(out IReadOnlyList<RouteConflict> conflicts);

        Assert.Equal(49, conflicts.Count);
    }

    [Fact]
    public void Add_RuleThatCannotBeCompiled_Throws()
    {
        Rule contradiction = new AndRule([Matcher.Host("a"), Matcher.Host("b")]);

        Assert.Throws<ArgumentException>(() => new RouteTableBuilder().Add(0, contradiction, null));
    }

    [Fact]
    public void Explain_Request_NamesWhatEachRouterMissed()
    {
        RouteTable table = SampleRequest.Table(
            "PathPrefix(`/`)",
            "Host(`b`) && Path(`/x`)",
            "(Host(`a`) || Host(`c`)) && PathPrefix(`/x`) && !Method(`GET`)",
            "Host(`a`) && (Path(`/1`) || Path(`/2`) || Path(`/3`) || Path(`/4`))",
            "Host(`a`)");
        var request = new SampleRequest("GET /x", "a");

        Assert.Equal(
            [
                new RouteVerdict(1, false, "Host(`b`)"),
                new RouteVerdict(3, false, "Path(`/1`); Path(`/2`); Path(`/3`); and 1 more"),
                new RouteVerdict(2, false, "!Method(`GET`)"),
                new RouteVerdict(4, true, "Host(`a`)"),
                new RouteVerdict(0, true, "PathPrefix(`/`)"),
            ],
            table.Explain(request.Query));
        Assert.Equal(4, table.Match(request.Query));
    }

    [Fact]
    public void Match_WarmWithEveryKindOfMatcher_AllocatesNothing()
    {
        var rules = new List<string>
        {
            "Host(`a.b`) && PathPrefix(`/p`) && Header(`X`, `9`)",
            "Host(`a.b`) && PathPrefix(`/p`) && HeaderRegexp(`X`, `^[0-8]$`)",
            "Host(`a.b`) && PathPrefix(`/p`) && Query(`q`, `no`) && Method(`GET`)",
            "Host(`a.b`) && PathPrefix(`/p`) && QueryRegexp(`q`, `^z+$`)",
            "Host(`*.b`) && PathRegexp(`^/p/[0-9]+/x`)",
            "HostRegexp(`^[a-z]+[.]b$`) && ClientIP(`10.0.0.0/8`)",
            "!Method(`PURGE`) && !ClientIP(`10.0.0.0/8`)",
        };
        for (int i = 0; i < 1_000; i++)
        {
            rules.Add($"Host(`h{i}.example.com`) && PathPrefix(`/orders/{i}`)");
        }

        RouteTable table = SampleRequest.Table(rules);
        SampleRequest[] requests =
        [
            new("GET /p/1?q=%7Az+z", "a.b", fields: ["X: 9", "Y: 1"]),
            new("GET /p/1?q=%7Az", "a.b", fields: ["X: a"]),
            new("GET /p/1/x", "c.b"),
            new("POST /q", "c.b", "10.1.1.1"),
            new("REPORT /q", "a.b.c", "11.1.1.1"),
            new("GET /orders/77/5", "h77.example.com"),
            new("PURGE /q", "nobody", "11.1.1.1"),
        ];
        int[] expected = [0, 3, 4, 5, 6, 7 + 77, -1];
        bool same = true;

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 7_000; i++)
            {
                same &= table.Match(requests[i % requests.Length].Query) == expected[i % requests.Length];
            }
        });

        Assert.True(same);
    }

    // Growth held by structure, not by time: a table may not hold more than a few nodes and bytes per router.
    [Fact]
    public void Build_TenThousandRouters_StaysSmallAndFindsEach()
    {
        const int Routers = 10_000;
        var rules = new List<string>();
        for (int i = 0; i < Routers; i++)
        {
            rules.Add($"Host(`shop{i % 100}.example.com`) && Method(`GET`)"
                + $" && PathPrefix(`/v{i % 7}/orders/{i / 100}`)");
        }

        RouteTable table = SampleRequest.Table(rules);

        Assert.Equal(Routers, table.Trie.LeafCount);
        Assert.InRange(table.Trie.NodeCount, Routers / 2, Routers * 2);
        Assert.Equal(0, table.Trie.LiteralCount);
        Assert.InRange(table.Trie.LabelBytes, 1, Routers * 8);
        for (int i = 0; i < Routers; i += 37)
        {
            string target = $"/v{i % 7}/orders/{i / 100}/items";
            Assert.Equal(i, table.Match(new SampleRequest($"GET {target}", $"shop{i % 100}.example.com").Query));
            Assert.Equal(-1, table.Match(new SampleRequest($"POST {target}", $"shop{i % 100}.example.com").Query));
            Assert.Equal(-1, table.Match(new SampleRequest($"GET {target}", "shop.example.com").Query));
        }
    }
}
