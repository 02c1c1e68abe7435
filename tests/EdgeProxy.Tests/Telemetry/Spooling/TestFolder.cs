using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeProxy.Telemetry.Spooling;

namespace EdgeProxy.Tests.Telemetry.Spooling;

/// <summary>A folder in memory that outlives its spool, shows its bytes, and fails when told to.</summary>
internal sealed class TestFolder : ISpoolFolder
{
    /// <summary>Name and bytes; tests change them.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    public long FreeBytes { get; set; } = long.MaxValue;

    /// <summary>Bytes that can still be written before the disk is full.</summary>
    public long Room { get; set; } = long.MaxValue;

    public int Syncs { get; private set; }

    public IReadOnlyList<string> List() => [.. Files.Keys.Order(StringComparer.Ordinal)];

    public ISpoolFile Open(string name)
    {
        Files.TryAdd(name, []);
        return new TestFile(this, name);
    }

    public void Delete(string name) => Files.Remove(name);

    public void Dispose()
    {
        // The next spool takes over.
    }

    private sealed class TestFile(TestFolder folder, string name) : ISpoolFile
    {
        public long Length => folder.Files[name].Length;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            int taken = (int)Math.Min(bytes.Length, folder.Room);
            folder.Room -= folder.Room == long.MaxValue ? 0 : taken;
            folder.Files[name] = [.. folder.Files[name], .. bytes[..taken]];
            if (taken < bytes.Length)
            {
                throw new IOException("No space left on device");
            }
        }

        public void Read(long offset, Span<byte> destination)
        {
            if (offset + destination.Length > Length)
            {
                throw new EndOfStreamException();
            }

            folder.Files[name].AsSpan((int)offset, destination.Length).CopyTo(destination);
        }

        public void Truncate(long length) => folder.Files[name] = folder.Files[name][..(int)length];

        public void Sync() => folder.Syncs++;

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
