using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace EdgeProxy.Packaging;

/// <summary>
/// A Debian package (deb(5)): an ar archive of a version, a tar of control files and a tar of what is installed.
/// </summary>
internal static class DebPackage
{
    private static readonly string[] Scripts = ["postinst", "prerm", "postrm"];

    public static string NameOf(Release release) => $"edgeproxy_{release.Version}-1_{release.Platform.Debian}.deb";

    public static byte[] Build(Release release)
    {
        List<PackageFile> files = [.. InstalledFiles.Of(release), .. Documents(release)];
        using var package = new MemoryStream();
        package.Write("!<arch>\n"u8);
        WriteMember(package, "debian-binary", "2.0\n"u8.ToArray(), release.Time);
        WriteMember(package, "control.tar.gz", TarBytes.Gzip(Control(release, files)), release.Time);
        WriteMember(package, "data.tar.gz", TarBytes.Gzip(TarBytes.Pack(files, "./", release.Time)), release.Time);
        return package.ToArray();
    }

    private static IEnumerable<PackageFile> Documents(Release release)
    {
        const string documents = "usr/share/doc/edgeproxy/";
        string change = string.Create(CultureInfo.InvariantCulture, $"""
            edgeproxy ({release.Version}-1) stable; urgency=medium

              * Release {release.Version}.

             -- {Release.Maintainer}  {release.Time:ddd, dd MMM yyyy HH:mm:ss} +0000

            """);
        yield return new PackageFile(
            documents + "changelog.Debian.gz", TarBytes.Gzip(Encoding.UTF8.GetBytes(change)), PackageFile.Data);
        yield return new PackageFile(documents + "copyright", release.Read("deb/copyright"), PackageFile.Data);
        yield return new PackageFile(
            "usr/share/lintian/overrides/edgeproxy", release.Read("deb/lintian-overrides"), PackageFile.Data);
    }

    private static byte[] Control(Release release, List<PackageFile> files)
    {
        long kibibytes = files.Sum(f => (f.Content.LongLength + 1023) / 1024);
        string control = Encoding.UTF8.GetString(release.Read("deb/control"))
            .Replace("@VERSION@", release.Version + "-1", StringComparison.Ordinal)
            .Replace("@ARCHITECTURE@", release.Platform.Debian, StringComparison.Ordinal)
            .Replace("@MAINTAINER@", Release.Maintainer, StringComparison.Ordinal)
            .Replace("@INSTALLED_SIZE@", kibibytes.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        string kept = string.Concat(files.Where(f => f.IsConfiguration).Select(f => $"/{f.Path}\n"));
        string digests = string.Concat(files.Where(f => !f.IsConfiguration)
            .OrderBy(f => f.Path, StringComparer.Ordinal)
            .Select(f => $"{Md5(f.Content)}  {f.Path}\n"));
        List<PackageFile> parts =
        [
            new("control", Encoding.UTF8.GetBytes(control), PackageFile.Data),
            new("conffiles", Encoding.UTF8.GetBytes(kept), PackageFile.Data),
            new("md5sums", Encoding.UTF8.GetBytes(digests), PackageFile.Data),
            .. Scripts.Select(s => new PackageFile(s, release.Read($"deb/{s}"), PackageFile.Program)),
        ];
        return TarBytes.Pack(parts, "./", release.Time);
    }

    // What "dpkg --verify" compares with; it proves nothing against an attacker, which SHA256SUMS is for.
#pragma warning disable CA5351
    private static string Md5(byte[] content) => Convert.ToHexStringLower(MD5.HashData(content));
#pragma warning restore CA5351

    private static void WriteMember(Stream archive, string name, byte[] content, DateTimeOffset time)
    {
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-16}{time.ToUnixTimeSeconds(),-12}{0,-6}{0,-6}{"100644",-8}{content.Length,-10}`\n");
        archive.Write(Encoding.ASCII.GetBytes(head));
        archive.Write(content);
        if (content.Length % 2 != 0)
        {
            archive.WriteByte((byte)'\n');
        }
    }
}
