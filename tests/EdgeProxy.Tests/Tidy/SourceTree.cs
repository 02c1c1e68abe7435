using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace EdgeProxy.Tests.Tidy;

/// <summary>The files of the repository, without what is built or kept aside.</summary>
internal sealed class SourceTree
{
    /// <summary>Not part of the tree: what .gitignore names, and git itself.</summary>
    public static readonly string[] AsideFolders =
        [".git", "artifacts", "bin", "obj", ".vs", ".idea", "TestResults", "BenchmarkDotNet.Artifacts", "node_modules"];

    public SourceTree(string root)
    {
        Root = root;
        Files = [.. Walk(root).Select(path => new SourceFile(root, path)).OrderBy(f => f.Path, StringComparer.Ordinal)];
    }

    public string Root { get; }

    public IReadOnlyList<SourceFile> Files { get; }

    public IEnumerable<SourceFile> Code => Files.Where(f => f.IsCode);

    public IEnumerable<SourceFile> Source => Code.Where(f => f.IsIn("src"));

    /// <summary>The repository these tests were built from.</summary>
    public static SourceTree OfRepository()
    {
        string note = Path.Combine(AppContext.BaseDirectory, "repository-root.txt");
        return new SourceTree(File.ReadAllText(note).Trim());
    }

    private static IEnumerable<string> Walk(string folder) =>
        Directory.EnumerateFiles(folder).Concat(Directory.EnumerateDirectories(folder)
            .Where(d => !AsideFolders.Contains(Path.GetFileName(d)))
            .SelectMany(Walk));
}
