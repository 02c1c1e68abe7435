using System;
using System.IO;
using System.Text.Json;
using EdgeProxy.FunctionalTests.Harness;

namespace EdgeProxy.AotTests;

/// <summary>The published binaries, and what they are allowed to cost (bench/budgets.json).</summary>
internal static class Published
{
    /// <summary>The x64 binary; without one the test is skipped, on a build server it fails.</summary>
    public static string Require(string runtime = "linux-x64")
    {
        string? named = Environment.GetEnvironmentVariable("EDGEPROXY_BINARY");
        string path = runtime == "linux-x64" && named is { Length: > 0 } ? named : ProxyBinary.PublishedPath(runtime);
        External.RequireFile(path, $"publish it: dotnet publish src/EdgeProxy -c Release -r {runtime}");
        return path;
    }

    public static long Budget(string name)
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(ProxyBinary.RepositoryRoot!, "bench", "budgets.json")));
        return document.RootElement.GetProperty(name).GetInt64();
    }

    public static System.Threading.Tasks.Task<ProxyProcess> StartAsync(ProxyConfig config) =>
        ProxyProcess.StartAsync(config, binary: Require());
}
