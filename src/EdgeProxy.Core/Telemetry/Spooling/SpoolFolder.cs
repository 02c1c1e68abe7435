using System;
using System.Collections.Generic;
using System.IO;

namespace EdgeProxy.Telemetry.Spooling;

/// <summary>
/// Where a spool's segments are. Failures are IOException or UnauthorizedAccessException; tests have one that fails on
/// request.
/// </summary>
internal interface ISpoolFolder : IDisposable
{
    /// <summary>What others may still write to.</summary>
    long FreeBytes { get; }

    IReadOnlyList<string> List();

    /// <summary>Opens a file, which is made if it is not there.</summary>
    ISpoolFile Open(string name);

    void Delete(string name);
}

/// <summary>A file of a spool.</summary>
internal interface ISpoolFile : IDisposable
{
    long Length { get; }

    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Reads as many bytes as there is room for; fewer are a failure.</summary>
    void Read(long offset, Span<byte> destination);

    void Truncate(long length);

    /// <summary>To the disk.</summary>
    void Sync();
}

/// <summary>A folder of the file system, this process's alone.</summary>
internal sealed class DiskFolder : ISpoolFolder
{
    private const string LockName = "lock";

    private readonly string _folder;
    private readonly FileStream _lock;
    private readonly DriveInfo _drive;

    /// <summary>Made if it is not there. Fails if another process has it.</summary>
    public DiskFolder(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(
            folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _lock = new FileStream(
            Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        _drive = new DriveInfo(folder);
    }

    public long FreeBytes => _drive.AvailableFreeSpace;

    public IReadOnlyList<string> List()
    {
        var names = new List<string>();
        foreach (string path in Directory.EnumerateFiles(_folder))
        {
            names.Add(Path.GetFileName(path));
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public ISpoolFile Open(string name) => new DiskFile(Path.Combine(_folder, name));

    public void Delete(string name) => File.Delete(Path.Combine(_folder, name));

    public void Dispose() => _lock.Dispose();

    private sealed class DiskFile(string path) : ISpoolFile
    {
        private readonly FileStream _stream = new(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

        public long Length => _stream.Length;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            _stream.Seek(0, SeekOrigin.End);
            _stream.Write(bytes);
        }

        public void Read(long offset, Span<byte> destination)
        {
            _stream.Seek(offset, SeekOrigin.Begin);
            _stream.ReadExactly(destination);
        }

        public void Truncate(long length) => _stream.SetLength(length);

        public void Sync() => _stream.Flush(flushToDisk: true);

        public void Dispose() => _stream.Dispose();
    }
}

/// <summary>Segments in memory, where no directory is configured: they end with the process.</summary>
internal sealed class MemoryFolder : ISpoolFolder
{
    private readonly Dictionary<string, MemoryFile> _files = [];

    public long FreeBytes => long.MaxValue;

    public IReadOnlyList<string> List()
    {
        var names = new List<string>(_files.Keys);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public ISpoolFile Open(string name)
    {
        if (!_files.TryGetValue(name, out MemoryFile? file))
        {
            file = new MemoryFile();
            _files.Add(name, file);
        }

        return file;
    }

    public void Delete(string name) => _files.Remove(name);

    public void Dispose() => _files.Clear();

    private sealed class MemoryFile : ISpoolFile
    {
        private readonly MemoryStream _bytes = new();

        public long Length => _bytes.Length;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            _bytes.Seek(0, SeekOrigin.End);
            _bytes.Write(bytes);
        }

        public void Read(long offset, Span<byte> destination)
        {
            _bytes.Seek(offset, SeekOrigin.Begin);
            _bytes.ReadExactly(destination);
        }

        public void Truncate(long length) => _bytes.SetLength(length);

        public void Sync()
        {
            // There is no disk.
        }

        public void Dispose()
        {
            // The folder keeps it.
        }
    }
}
