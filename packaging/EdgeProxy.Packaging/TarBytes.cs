using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;

namespace EdgeProxy.Packaging;

/// <summary>
/// Tar and gzip that come out the same each time: entries in the order of their paths, root as the owner, one time for
/// everything, none in the gzip header.
/// </summary>
internal static class TarBytes
{
    /// <summary>The files with the folders above them, packed.</summary>
    /// <param name="prefix">Before each path: "./" in a Debian package.</param>
    public static byte[] Pack(IEnumerable<PackageFile> files, string prefix, DateTimeOffset time)
    {
        using var packed = new MemoryStream();
        using (var writer = new TarWriter(packed, TarEntryFormat.Ustar, leaveOpen: true))
        {
            var folders = new HashSet<string>(StringComparer.Ordinal);
            foreach (PackageFile file in files.OrderBy(f => f.Path, StringComparer.Ordinal))
            {
                WriteFolders(writer, folders, prefix, file.Path, time);
                using var content = new MemoryStream(file.Content, writable: false);
                UstarTarEntry entry = Entry(TarEntryType.RegularFile, prefix + file.Path, file.Mode, time);
                entry.DataStream = content;
                writer.WriteEntry(entry);
            }
        }

        return packed.ToArray();
    }

    /// <summary>Compressed as small as it gets, without a name or a time.</summary>
    public static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(plain);
        }

        return packed.ToArray();
    }

    private static void WriteFolders(
        TarWriter writer, HashSet<string> written, string prefix, string path, DateTimeOffset time)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            string folder = path[..(slash + 1)];
            if (written.Add(folder))
            {
                writer.WriteEntry(Entry(TarEntryType.Directory, prefix + folder, PackageFile.Program, time));
            }
        }
    }

    private static UstarTarEntry Entry(TarEntryType type, string name, UnixFileMode mode, DateTimeOffset time) =>
        new(type, name)
        {
            Mode = mode,
            Uid = 0,
            Gid = 0,
            UserName = "root",
            GroupName = "root",
            ModificationTime = time,
        };
}
