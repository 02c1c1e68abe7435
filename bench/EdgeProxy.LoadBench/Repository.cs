using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench;

/// <summary>The tree this harness was built from, and the binary of it that is measured.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "RepositoryRoot").Value!;

    public static string ResultsFolder { get; } = Path.Combine(Root, "bench", "results");

    /// <summary>The dotnet that runs this.</summary>
    public static string Dotnet =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

    private static string Published => Path.Combine(
        Root, "artifacts", "publish", "EdgeProxy", $"release_{RuntimeName}", "edgeproxy");

    private static string RuntimeName =>
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            == System.Runtime.InteropServices.Architecture.Arm64 ? "linux-arm64" : "linux-x64";

    /// <summary>The commit, with "+" behind it when the tree has changes that are in no commit.</summary>
    public static async Task<string> CommitAsync()
    {
        if (ChildProcess.Find("git") is not { } git)
        {
            return "unknown";
        }

        (int code, string commit, _) = await ChildProcess.RunAsync(
            new Command(git, ["-C", Root, "rev-parse", "--short=12", "HEAD"]), ulong.MaxValue);
        (_, string changes, _) = await ChildProcess.RunAsync(
            new Command(git, ["-C", Root, "status", "--porcelain", "--", "src"]), ulong.MaxValue);
        return code != 0 ? "unknown" : commit.Trim() + (changes.Length > 0 ? "+" : "");
    }

    /// <summary>The named binary, or the published one; publishes it when there is none or a source is newer.</summary>
    /// <exception cref="InvalidOperationException">There is none to be had.</exception>
    public static async Task<string> BinaryAsync(string? named)
    {
        if (named is not null)
        {
            return File.Exists(named)
                ? Path.GetFullPath(named)
                : throw new InvalidOperationException($"--binary: {named} is not there");
        }

        if (File.Exists(Published) && File.GetLastWriteTimeUtc(Published) > NewestSource())
        {
            return Published;
        }

        Console.Error.WriteLine("publishing edgeproxy (about a minute)");
        List<string> arguments =
        [
            "publish", Path.Combine(Root, "src", "EdgeProxy"), "-c", "Release", "-r", RuntimeName, "--nologo",
            "-v", "quiet",
        ];
        (int code, string output, string errors) = await ChildProcess.RunAsync(
            new Command(Dotnet, arguments), ulong.MaxValue);
        return code == 0 ? Published : throw new InvalidOperationException($"publish failed:\n{output}{errors}");
    }

    private static DateTime NewestSource() =>
        Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs*", SearchOption.AllDirectories)
            .Max(File.GetLastWriteTimeUtc);
}
