using System.IO;
using EdgeProxy.Audit;

namespace EdgeProxy.Config.History;

/// <summary>Writes a whole file that others cannot read: after a crash there is the old one or the new one.</summary>
internal static class StateFile
{
    private const string NextSuffix = ".new";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Throws what the file system answers, with nothing of the new file left.</summary>
    public static void Write(string path, byte[] bytes)
    {
        string next = path + NextSuffix;
        try
        {
            // What lies there is of a write that was cut, or a link to what is not ours to write over.
            File.Delete(next);
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly,
                BufferSize = 0,
            };
            using (var file = new FileStream(next, options))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(next, path, overwrite: true);
            DiskFiles.SyncFolder(Path.GetDirectoryName(path)!);
        }
        catch
        {
            Remove(next);
            throw;
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (System.Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
        {
            // What is left is removed the next time.
        }
    }
}
