using System;
using System.IO;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>A folder for the files of one run, removed at its end.</summary>
internal sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-load-");

    public string Path => _folder.FullName;

    public string Sub(string name) => _folder.CreateSubdirectory(name).FullName;

    public void Dispose()
    {
        if (_folder.Exists)
        {
            _folder.Delete(recursive: true);
        }
    }
}
