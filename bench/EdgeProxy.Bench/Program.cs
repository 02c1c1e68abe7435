using BenchmarkDotNet.Running;

namespace EdgeProxy.Bench;

/// <summary>Runs the benchmarks that the filter names, e.g. <c>--filter '*HeadReader*' --job short</c>.</summary>
internal static class Program
{
    public static void Main(string[] args) => BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
