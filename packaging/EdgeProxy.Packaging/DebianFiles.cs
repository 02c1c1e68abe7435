using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using System.Text;

namespace EdgeProxy.Packaging;

/// <summary>
/// What the binary needs at run time, out of Debian's own packages for its processor: the C library, OpenSSL, and the
/// certificates of the world's authorities in one file.
/// </summary>
internal static class DebianFiles
{
    private static readonly string[] Packages = ["libc6", "libssl3", "ca-certificates"];

    // Nobody reads them in a container without a shell; licenses stay.
    private static readonly string[] LeftOut =
        ["usr/share/man/", "usr/share/locale/", "usr/share/lintian/", "usr/lib/x86_64-linux-gnu/gconv/",
            "usr/lib/aarch64-linux-gnu/gconv/", "usr/sbin/", "usr/share/ca-certificates/", "etc/"];

    /// <summary>Empty, and why, without apt or a mirror.</summary>
    public static IReadOnlyList<PackageFile> Download(Platform platform, out string problem)
    {
        DirectoryInfo work = Directory.CreateTempSubdirectory("edgeproxy-debs-");
        try
        {
            string[] own =
            [
                "-o", $"Dir::State::lists={work.FullName}/lists", "-o", $"Dir::Cache={work.FullName}/cache",
                "-o", $"APT::Architecture={platform.Debian}", "-o", $"APT::Architectures={platform.Debian}",
                "-o", "Dir::State::status=/dev/null", "-o", "APT::Sandbox::User=root", "-qq",
            ];
            Directory.CreateDirectory(Path.Combine(work.FullName, "lists", "partial"));
            Directory.CreateDirectory(Path.Combine(work.FullName, "cache", "archives", "partial"));
            problem = Run(work.FullName, "apt-get", [.. own, "update"], out _)
                ?? Run(work.FullName, "apt-get", [.. own, "download", .. Packages], out _) ?? "";
            return problem.Length > 0 ? [] : Unpack(work.FullName, out problem);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static List<PackageFile> Unpack(string folder, out string problem)
    {
        var files = new List<PackageFile>();
        var authorities = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        problem = "";
        foreach (string package in Directory.GetFiles(folder, "*.deb").Order(StringComparer.Ordinal))
        {
            problem = Run(folder, "dpkg-deb", ["--fsys-tarfile", package], out byte[] tar) ?? "";
            if (problem.Length > 0)
            {
                return [];
            }

            using var reader = new TarReader(new MemoryStream(tar));
            while (reader.GetNextEntry() is { } entry)
            {
                Take(entry, files, authorities);
            }
        }

        byte[] bundle = [.. authorities.SelectMany(a => a.Value)];
        files.Add(new PackageFile("etc/ssl/certs/ca-certificates.crt", bundle, PackageFile.Data));
        return files;
    }

    private static void Take(TarEntry entry, List<PackageFile> files, SortedDictionary<string, byte[]> authorities)
    {
        string path = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
        byte[] content = ContentOf(entry);
        if (path.StartsWith("usr/share/ca-certificates/", StringComparison.Ordinal) && path.EndsWith(".crt"))
        {
            authorities[path] = content;
        }

        bool isWanted = !Array.Exists(LeftOut, l => path.StartsWith(l, StringComparison.Ordinal));
        if (isWanted && entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
        {
            files.Add(new PackageFile(path, content, entry.Mode));
        }
        else if (isWanted && entry.EntryType is TarEntryType.SymbolicLink)
        {
            files.Add(new PackageFile(path, [], entry.Mode) { LinkTarget = entry.LinkName });
        }
    }

    private static byte[] ContentOf(TarEntry entry)
    {
        using var content = new MemoryStream();
        entry.DataStream?.CopyTo(content);
        return content.ToArray();
    }

    // Null if it went well, else what it said.
    private static string? Run(string folder, string program, string[] arguments, out byte[] output)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        output = [];
        try
        {
            using Process process = Process.Start(start)!;
            var said = new StringBuilder();
            process.ErrorDataReceived += (_, line) => said.AppendLine(line.Data);
            process.BeginErrorReadLine();
            using var bytes = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(bytes);
            process.WaitForExit();
            output = bytes.ToArray();
            return process.ExitCode == 0 ? null : $"{program} ended with {process.ExitCode}:\n{said}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"{program} is not there: the image is made of Debian's packages, on Debian";
        }
    }
}
