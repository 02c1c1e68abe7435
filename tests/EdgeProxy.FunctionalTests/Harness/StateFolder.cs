using System;
using System.IO;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A state_dir that outlives the proxies of a test: made before them, it goes after them.</summary>
internal sealed class StateFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-state-");

    public string FullName => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
