using BenchmarkDotNet.Attributes;
using EdgeProxy.Routing;

namespace EdgeProxy.Bench.Routing;

/// <summary>
/// Compiling 10,000 routers, which a reload does beside the traffic. Bar: well under a second; aim 50 ms.
/// </summary>
[MemoryDiagnoser]
public class RouteTableBuildBenchmarks
{
    public const int Routers = 10_000;

    private RouteSamples _samples = null!;
    private string[] _texts = null!;

    [Params(RouterShape.HostsAndPaths, RouterShape.OneHost, RouterShape.OnePath)]
    public RouterShape Shape { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _samples = new RouteSamples(Shape, Routers);
        _texts = [.. _samples.Rules.ConvertAll(rule => rule.Text)];
    }

    [Benchmark(Baseline = true)]
    public object Build() => _samples.Build();

    [Benchmark]
    public object Parse()
    {
        Rule? last = null;
        foreach (string text in _texts)
        {
            last = RuleParser.Parse(text, out _);
        }

        return last!;
    }
}
