using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace EdgeProxy.Audit;

/// <summary>
/// The folder of segments as the chain uses it. Failures are IOException or UnauthorizedAccessException; tests have
/// one that fails on request.
/// </summary>
internal interface IAuditFiles
{
    /// <summary>Names of segments, oldest first.</summary>
    IReadOnlyList<string> List();

    Stream OpenRead(string name);

    /// <summary>
    /// Opens a segment to be appended to; it is made if <paramref name="isNew"/>, and must not exist.
    /// </summary>
    IAuditFile OpenAppend(string name, bool isNew);

    void Delete(string name);

    /// <summary>Keeps bytes cut off a segment beside it, to be looked at; best effort.</summary>
    void Keep(string name, Stream bytes);
}

/// <summary>A segment that is appended to.</summary>
internal interface IAuditFile : IDisposable
{
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>To the disk. After a failure nothing is known of what was appended since the last success.</summary>
    void Sync();

    void Truncate(long length);
}

/// <summary>Segments in a folder of the file system.</summary>
internal sealed partial class DiskFiles(string folder) : IAuditFiles
{
    public const string Extension = ".audit";

    public static string NameOf(ulong number) => $"{number:d20}{Extension}";

    public IReadOnlyList<string> List()
    {
        var names = new List<string>();
        foreach (string path in Directory.EnumerateFiles(folder, "*" + Extension))
        {
            names.Add(Path.GetFileName(path));
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public Stream OpenRead(string name) =>
        new FileStream(
            Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    public IAuditFile OpenAppend(string name, bool isNew)
    {
        var stream = new FileStream(Path.Combine(folder, name), new FileStreamOptions
        {
            Mode = isNew ? FileMode.CreateNew : FileMode.Open,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
            UnixCreateMode = isNew ? (UnixFileMode)0b110_100_000 : null,
        });
        stream.Seek(0, SeekOrigin.End);
        if (isNew)
        {
            SyncFolder(folder);
        }

        return new DiskFile(stream);
    }

    public void Delete(string name) => File.Delete(Path.Combine(folder, name));

    public void Keep(string name, Stream bytes)
    {
        try
        {
            using var kept = new FileStream(Path.Combine(folder, name + ".cut"), FileMode.Append, FileAccess.Write);
            bytes.CopyTo(kept);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A full disk is a likely reason for the cut: the chain goes on without them.
        }
    }

    /// <summary>
    /// A file whose name is not on the disk is lost with the power, whatever was synced of its bytes.
    /// </summary>
    public static unsafe void SyncFolder(string folder)
    {
        nint path = Marshal.StringToCoTaskMemUTF8(folder);
        nint open = OpenFolder((byte*)path);
        Marshal.FreeCoTaskMem(path);
        if (open != 0)
        {
            _ = SyncDescriptor(DescriptorOf(open));
            _ = CloseFolder(open);
        }
    }

    [LibraryImport("libc", EntryPoint = "opendir")]
    private static unsafe partial nint OpenFolder(byte* path);

    [LibraryImport("libc", EntryPoint = "dirfd")]
    private static partial int DescriptorOf(nint folder);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "closedir")]
    private static partial int CloseFolder(nint folder);

    private sealed class DiskFile(FileStream stream) : IAuditFile
    {
        // The framework says EFBIG, the limit of a file's size or of the process (setrlimit(2)), by another exception.
        public void Append(ReadOnlySpan<byte> bytes)
        {
            try
            {
                stream.Write(bytes);
            }
            catch (ArgumentOutOfRangeException exception)
            {
                throw new IOException("the file may not grow any more", exception);
            }
        }

        // A file that somebody removed takes bytes as before, and they go with its last descriptor.
        public void Sync()
        {
            stream.Flush(flushToDisk: true);
            if (!File.Exists(stream.Name))
            {
                throw new IOException($"{stream.Name} was removed");
            }
        }

        public void Truncate(long length)
        {
            stream.SetLength(length);
            stream.Seek(length, SeekOrigin.Begin);
        }

        public void Dispose() => stream.Dispose();
    }
}
