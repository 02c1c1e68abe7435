using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Config;

/// <summary>A file of TOML as it was read.</summary>
/// <param name="Path">Absolute.</param>
internal sealed record WrittenFile(string Path, byte[] Bytes);

/// <summary>
/// The TOML of one configuration, the first file first, as it was read: enough to read it again. Files that keys name
/// are not among it.
/// </summary>
internal sealed class WrittenFiles(IReadOnlyList<WrittenFile> files) : IFilePlace
{
    private string? _digest;

    public static WrittenFiles None { get; } = new([]);

    public IReadOnlyList<WrittenFile> Files => files;

    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (WrittenFile file in files)
            {
                bytes += file.Bytes.Length;
            }

            return bytes;
        }
    }

    /// <summary>64 hex digits of a SHA-256 over paths and bytes: the same files say the same.</summary>
    public string Digest => _digest ??= Compute();

    public static WrittenFiles OfText(string text, string name) =>
        new([new WrittenFile(Path.GetFullPath(name), Encoding.UTF8.GetBytes(text))]);

    public FileOutcome Read(string path, int bytesMax, out byte[] bytes, out FileStamp stamp)
    {
        bytes = [];
        stamp = FileStamp.Missing(path);
        foreach (WrittenFile file in files)
        {
            if (string.Equals(file.Path, path, StringComparison.Ordinal))
            {
                bytes = file.Bytes;
                return bytes.Length > bytesMax ? FileOutcome.TooLarge : FileOutcome.Read;
            }
        }

        return FileOutcome.Absent;
    }

    public IReadOnlyList<string> Matching(IncludePattern pattern)
    {
        if (!pattern.HasWildcard)
        {
            return pattern.Files();
        }

        var found = new List<string>();
        foreach (WrittenFile file in files)
        {
            if (Path.GetDirectoryName(file.Path) == pattern.Folder && pattern.Matches(Path.GetFileName(file.Path)))
            {
                found.Add(file.Path);
            }
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    private string Compute()
    {
        var hash = new Sha256();
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (WrittenFile file in files)
        {
            foreach (byte[] part in (ReadOnlySpan<byte[]>)[Encoding.UTF8.GetBytes(file.Path), file.Bytes])
            {
                BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
                hash.Append(length);
                hash.Append(part);
            }
        }

        return Convert.ToHexStringLower(hash.End());
    }
}
