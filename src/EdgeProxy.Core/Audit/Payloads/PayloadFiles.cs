using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace EdgeProxy.Audit.Payloads;

/// <summary>Where an entry lies: the file's number, the first byte, how many.</summary>
internal readonly record struct EntryPlace(ulong Segment, long Offset, int Length);

/// <summary>Length in bytes, and ticks of the last write in UTC: another says that a file was written to.</summary>
internal readonly record struct FileStamp(long Length, long WrittenAt);

/// <summary>
/// The folder of payload files. A file's number is the time it was begun at, in milliseconds since 1970, or one more
/// than the one before. Members throw what the file system answers.
/// </summary>
internal sealed class PayloadFiles(string folder)
{
    /// <summary>Within the chain's folder.</summary>
    public const string FolderName = "payloads";

    private const string Extension = ".payload";

    public string Folder => folder;

    /// <summary>Of the chain in that folder.</summary>
    public static PayloadFiles Of(string auditFolder) => new(Path.Combine(auditFolder, FolderName));

    public void Make()
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, (UnixFileMode)0b111_000_000);
            DiskFiles.SyncFolder(Path.GetDirectoryName(folder)!);
        }
    }

    public string PathOf(ulong number) => Path.Combine(folder, $"{number:d20}{Extension}");

    /// <summary>Length -1 if it is not there.</summary>
    public FileStamp StampOf(ulong number)
    {
        var file = new FileInfo(PathOf(number));
        return new FileStamp(file.Exists ? file.Length : -1, file.LastWriteTimeUtc.Ticks);
    }

    /// <summary>Numbers, oldest first; none if there is no folder.</summary>
    public List<ulong> List()
    {
        var numbers = new List<ulong>();
        foreach (string path in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*" + Extension) : [])
        {
            if (ulong.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None,
                CultureInfo.InvariantCulture, out ulong number))
            {
                numbers.Add(number);
            }
        }

        numbers.Sort();
        return numbers;
    }

    public FileStream OpenWrite(ulong number, bool isNew)
    {
        var file = new FileStream(PathOf(number), new FileStreamOptions
        {
            Mode = isNew ? FileMode.CreateNew : FileMode.Open,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = isNew ? UnixFileMode.UserRead | UnixFileMode.UserWrite : null,
        });
        if (isNew)
        {
            DiskFiles.SyncFolder(folder);
        }

        return file;
    }

    /// <summary>Null if the file is not there, or ends before the entry does.</summary>
    public byte[]? ReadEntry(EntryPlace place)
    {
        string path = PathOf(place.Segment);
        if (!File.Exists(path) || place.Length < EntryHead.Bytes || place.Offset < 0
            || place.Length > PayloadLimits.EntryBytesMax + EntryHead.Bytes + byte.MaxValue)
        {
            return null;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length - place.Offset < place.Length)
        {
            return null;
        }

        byte[] entry = new byte[place.Length];
        file.Seek(place.Offset, SeekOrigin.Begin);
        file.ReadExactly(entry);
        return entry;
    }

    public void Delete(IReadOnlyList<ulong> numbers)
    {
        foreach (ulong number in numbers)
        {
            File.Delete(PathOf(number));
        }

        DiskFiles.SyncFolder(folder);
    }

    /// <summary>
    /// The entry at or behind an offset of a file's bytes; null at the end. What is damaged is passed over, so that it
    /// hides nothing behind it: <paramref name="offset"/> is then not the one asked for.
    /// </summary>
    public static EntryHead? Next(ReadOnlySpan<byte> file, ref int offset)
    {
        while (offset < file.Length)
        {
            if (EntryHead.Read(file[offset..]) is { } head && head.Length <= file.Length - offset)
            {
                return head;
            }

            int next = file[(offset + 1)..].IndexOf("EPAY"u8);
            offset = next < 0 ? file.Length : offset + 1 + next;
        }

        return null;
    }

    public static string ConsumerOf(ReadOnlySpan<byte> entry, in EntryHead head) =>
        Encoding.UTF8.GetString(entry.Slice(EntryHead.Bytes, head.ConsumerBytes));
}
