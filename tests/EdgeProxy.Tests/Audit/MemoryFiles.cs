using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeProxy.Audit;

namespace EdgeProxy.Tests.Audit;

/// <summary>
/// Segments in memory that fail as disks do: full after so many bytes (a short write first), an error of a sync after
/// which the pages are gone, a power cut that keeps what was synced. Used by one thread at a time, but for the
/// failures.
/// </summary>
internal sealed class MemoryFiles : IAuditFiles
{
    private readonly Dictionary<string, FileBytes> _files = [];

    /// <summary>Bytes all files together may have.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Syncs that fail from now on, each of which loses what it should have kept.</summary>
    public int FailingSyncs { get; set; }

    /// <summary>Appends that fail from now on with an input/output error.</summary>
    public int FailingAppends { get; set; }

    public Dictionary<string, byte[]> Kept { get; } = [];

    public long Bytes => _files.Values.Sum(static file => (long)file.All.Count);

    public byte[] this[string name]
    {
        get => [.. _files[name].All];
        set => _files[name] = new FileBytes { All = [.. value], Synced = value.Length };
    }

    public IReadOnlyList<string> List()
    {
        lock (_files)
        {
            return [.. _files.Keys.Order(StringComparer.Ordinal)];
        }
    }

    public Stream OpenRead(string name)
    {
        lock (_files)
        {
            return new MemoryStream([.. _files[name].All]);
        }
    }

    public IAuditFile OpenAppend(string name, bool isNew)
    {
        lock (_files)
        {
            if (isNew)
            {
                if (_files.ContainsKey(name))
                {
                    throw new IOException($"{name} exists");
                }

                _files[name] = new FileBytes();
            }

            return new Appender(this, _files[name]);
        }
    }

    public void Delete(string name)
    {
        lock (_files)
        {
            _files.Remove(name);
        }
    }

    public void Keep(string name, Stream bytes)
    {
        using var kept = new MemoryStream();
        bytes.CopyTo(kept);
        Kept[name] = kept.ToArray();
    }

    /// <summary>The power goes: what was not synced is gone.</summary>
    public void CutPower()
    {
        foreach (FileBytes file in _files.Values)
        {
            file.All.RemoveRange(file.Synced, file.All.Count - file.Synced);
        }
    }

    private sealed class FileBytes
    {
        public List<byte> All { get; init; } = [];

        public int Synced { get; set; }
    }

    private sealed class Appender(MemoryFiles files, FileBytes file) : IAuditFile
    {
        public void Append(ReadOnlySpan<byte> bytes)
        {
            lock (files._files)
            {
                if (files.FailingAppends > 0)
                {
                    files.FailingAppends--;
                    throw new IOException("input/output error");
                }

                long room = Math.Max(0, files.Capacity - files.Bytes);
                file.All.AddRange(bytes[..(int)Math.Min(room, bytes.Length)]);
                if (room < bytes.Length)
                {
                    throw new IOException("no space left on device");
                }
            }
        }

        public void Sync()
        {
            lock (files._files)
            {
                if (files.FailingSyncs > 0)
                {
                    files.FailingSyncs--;
                    for (int i = file.Synced; i < file.All.Count; i++)
                    {
                        file.All[i] = 0; // and the next sync says all is well
                    }

                    throw new IOException("input/output error");
                }

                file.Synced = file.All.Count;
            }
        }

        public void Truncate(long length)
        {
            lock (files._files)
            {
                file.All.RemoveRange((int)length, file.All.Count - (int)length);
                file.Synced = Math.Min(file.Synced, (int)length);
            }
        }

        public void Dispose()
        {
        }
    }
}
