using System;
using System.IO;
using System.Linq;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// Which program the tests drive: EDGEPROXY_BINARY, else the published binary unless a source is newer, else the build
/// beside the test assembly, run by dotnet.
/// </summary>
internal static class ProxyBinary
{
    /// <summary>.../artifacts, three folders above the test assembly.</summary>
    public static string ArtifactsFolder { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."));

    public static string PublishedPath(string runtime) =>
        Path.Combine(ArtifactsFolder, "publish", "EdgeProxy", $"release_{runtime}", "edgeproxy");

    /// <summary>The root of the sources; null when the tests run elsewhere.</summary>
    public static string? RepositoryRoot { get; } = FindRoot();

    /// <summary>Program and leading arguments.</summary>
    public static (string Program, string[] Arguments) Find()
    {
        if (Environment.GetEnvironmentVariable("EDGEPROXY_BINARY") is { Length: > 0 } named)
        {
            return File.Exists(named) ? (named, []) : throw new FileNotFoundException($"EDGEPROXY_BINARY: {named}");
        }

        string published = PublishedPath("linux-x64");
        if (File.Exists(published) && File.GetLastWriteTimeUtc(published) > NewestSource())
        {
            return (published, []);
        }

        return DotnetBuild();
    }

    /// <summary>The dotnet that runs these tests, or the one of the path.</summary>
    public static string Dotnet { get; } =
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

    private static (string Program, string[] Arguments) DotnetBuild()
    {
        string configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')).Split('_')[0];
        string built = Path.Combine(ArtifactsFolder, "bin", "EdgeProxy", configuration, "edgeproxy.dll");
        return File.Exists(built)
            ? (Dotnet, [built])
            : throw new FileNotFoundException($"no edgeproxy program: neither EDGEPROXY_BINARY nor {built}");
    }

    private static DateTime NewestSource()
    {
        string? root = RepositoryRoot;
        return root is null
            ? DateTime.MinValue
            : Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs*", SearchOption.AllDirectories)
                .Max(File.GetLastWriteTimeUtc);
    }

    private static string? FindRoot()
    {
        // Tests built with --artifacts-path lie outside of the tree: the build leaves the way back beside them.
        string note = Path.Combine(AppContext.BaseDirectory, "repository-root.txt");
        return File.Exists(note) ? File.ReadAllText(note).Trim() : null;
    }
}
