using System;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Bench.Primitives.Http;

/// <summary>Paths that are canonical already, as nearly all are, and one that has everything wrong with it.</summary>
[MemoryDiagnoser]
public class CanonicalPathBenchmarks
{
    private readonly byte[] _scratch = new byte[1024];

    [Benchmark(Baseline = true)]
    public int Canonical_Short() => Read("/api/v1/orders/42"u8);

    [Benchmark]
    public int Canonical_Long() => Read("/static/assets/vendor/some-library/1.2.3/dist/css/some-library.min.css"u8);

    [Benchmark]
    public int Rewritten() => Read("/api/./v1//orders/%2e%2e/items/%7euser/%c3%a9"u8);

    private int Read(ReadOnlySpan<byte> path)
    {
        CanonicalPath.Read(path, _scratch, out int length, out _, out _);
        return length;
    }
}
