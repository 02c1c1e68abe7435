using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>
/// The same sources, built in two folders, are the same bytes: what goes into the native compiler, and with
/// EDGEPROXY_LONG=1 (some minutes) what comes out of it. That packages of the same files are the same bytes is shown by
/// <see cref="PackageTests"/>.
/// </summary>
public sealed class ReproducibleTests(ITestOutputHelper output) : IDisposable
{
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1";
    private static readonly string[] s_projects = ["EdgeProxy", "EdgeProxy.Core", "EdgeProxy.Primitives"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-reproducible-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Program_BuiltInTwoFolders_IsTheSameBytes()
    {
        SortedDictionary<string, string> first = await BuildAsync("one");
        SortedDictionary<string, string> second = await BuildAsync(Path.Combine("another", "of-a-longer-name"));

        foreach ((string file, string hash) in first)
        {
            output.WriteLine($"{hash} {file}");
        }

        Assert.Equal(s_isLong ? 8 : 6, first.Count);
        Assert.Equal(first, second);
    }

    /// <summary>What a build of the sources, copied to a folder, makes: the hash by the path below artifacts.</summary>
    private async Task<SortedDictionary<string, string>> BuildAsync(string name)
    {
        string folder = Path.Combine(_folder.FullName, name);
        CopySources(folder);

        // Packages are those of the build this test is of; nothing is fetched and no server is left behind.
        CommandResult result = await CommandResult.RunAsync("/usr/bin/env",
            ["-C", folder, "UseSharedCompilation=false", "MSBUILDDISABLENODEREUSE=1", ProxyBinary.Dotnet,
                s_isLong ? "publish" : "build", "src/EdgeProxy", "-c", "Release", "-r", "linux-x64", "-v", "quiet",
                "-p:RunAnalyzers=false", "-p:NuGetAudit=false", "-p:RestoreLockedMode=true"],
            TimeSpan.FromMinutes(15));
        Assert.True(result.ExitCode == 0, $"{result}");

        string artifacts = Path.Combine(folder, "artifacts");
        IEnumerable<string> files = s_projects
            .Select(project => Path.Combine(artifacts, "obj", project, "release_linux-x64",
                project == "EdgeProxy" ? "edgeproxy" : project))
            .SelectMany(static path => new[] { path + ".dll", path + ".pdb" });
        if (s_isLong)
        {
            string published = Path.Combine(artifacts, "publish", "EdgeProxy", "release_linux-x64");
            files = files.Concat([Path.Combine(published, "edgeproxy"), Path.Combine(published, "edgeproxy.dbg")]);
        }

        return new SortedDictionary<string, string>(files.ToDictionary(
            file => Path.GetRelativePath(artifacts, file),
            static file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))), StringComparer.Ordinal);
    }

    private static void CopySources(string folder)
    {
        string root = ProxyBinary.RepositoryRoot!;
        IEnumerable<string> files = Directory.EnumerateFiles(root, "*.props")
            .Concat([Path.Combine(root, "global.json"), Path.Combine(root, ".editorconfig")])
            .Concat(Directory.EnumerateFiles(Path.Combine(root, "src"), "*", SearchOption.AllDirectories));
        foreach (string file in files)
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
