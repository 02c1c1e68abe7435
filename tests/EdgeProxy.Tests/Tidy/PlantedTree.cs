using System;
using System.IO;

namespace EdgeProxy.Tests.Tidy;

/// <summary>A small tree in a temporary folder, to plant a violation in and see it found.</summary>
internal sealed class PlantedTree : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("edgeproxy-tidy-");

    public PlantedTree(params (string Path, string Text)[] files)
    {
        foreach ((string path, string text) in files)
        {
            string full = Path.Combine(_root.FullName, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text);
        }
    }

    public SourceTree Tree => new(_root.FullName);

    public void Dispose() => _root.Delete(recursive: true);
}
