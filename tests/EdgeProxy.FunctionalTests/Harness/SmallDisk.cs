using System;
using System.IO;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A file system of a few MiB that can be filled. Needs the right to mount.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-disk-");

    private SmallDisk()
    {
    }

    public string Folder => _folder.FullName;

    private string Filler => Path.Combine(Folder, "filler");

    /// <summary>Null where nothing may be mounted.</summary>
    public static async Task<SmallDisk?> MountAsync(string size)
    {
        var disk = new SmallDisk();
        CommandResult mounted = await CommandResult.RunAsync(
            "mount", ["-t", "tmpfs", "-o", $"size={size}", "tmpfs", disk.Folder]);
        if (mounted.ExitCode != 0)
        {
            disk._folder.Delete();
            return null;
        }

        return disk;
    }

    /// <summary>Takes every byte that is left.</summary>
    public void Fill()
    {
        byte[] page = new byte[4096];
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException)
        {
            // No space left on device.
        }
    }

    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        await CommandResult.RunAsync("umount", [Folder]);
        _folder.Delete();
    }
}
