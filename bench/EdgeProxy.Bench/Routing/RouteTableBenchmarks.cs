using System.Collections.Generic;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Routing;

namespace EdgeProxy.Bench.Routing;

/// <summary>
/// One look-up, against asking every rule. Bar: at most 150 ns, and at 10,000 routers at most 1.5 times what 10 cost.
/// </summary>
[MemoryDiagnoser]
public class RouteTableBenchmarks
{
    private RouteSamples _samples = null!;
    private RouteTable _table = null!;

    [Params(1, 10, 100, 1_000, 10_000)]
    public int Routers { get; set; }

    [Params(RouterShape.HostsAndPaths, RouterShape.OneHost, RouterShape.OnePath)]
    public RouterShape Shape { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _samples = new RouteSamples(Shape, Routers);
        _table = _samples.Build();
    }

    [Benchmark(OperationsPerInvoke = RouteSamples.Requests)]
    public int Match()
    {
        int sum = 0;
        for (int i = 0; i < RouteSamples.Requests; i++)
        {
            sum += _table.Match(_samples[i]);
        }

        return sum;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = RouteSamples.Requests)]
    public int AskEveryRule()
    {
        int sum = 0;
        List<Rule> rules = _samples.Rules;
        for (int i = 0; i < RouteSamples.Requests; i++)
        {
            int route = 0;
            while (!RuleEvaluator.Matches(rules[route], _samples[i]))
            {
                route++;
            }

            sum += route;
        }

        return sum;
    }
}
