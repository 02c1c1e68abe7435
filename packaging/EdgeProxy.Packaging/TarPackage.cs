using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace EdgeProxy.Packaging;

/// <summary>
/// For systems without dpkg or rpm: the files as they will lie, a script that puts them there without a network, one
/// that takes them away, and the checksums the first one verifies.
/// </summary>
internal static class TarPackage
{
    private const string Checksums = "SHA256SUMS";

    public static string NameOf(Release release) => FolderOf(release) + ".tar.gz";

    public static byte[] Build(Release release)
    {
        List<PackageFile> files =
        [
            .. InstalledFiles.Of(release).Select(f => f with { Path = "files/" + f.Path }),
            new("install.sh", release.Read("tar/install.sh"), PackageFile.Program),
            new("uninstall.sh", release.Read("tar/uninstall.sh"), PackageFile.Program),
            new("LICENSE", File.ReadAllBytes(Path.Combine(release.Root, "LICENSE")), PackageFile.Data),
        ];
        string sums = SumsOf(files.Select(f => (f.Path, f.Content)));
        files.Add(new PackageFile(Checksums, Encoding.UTF8.GetBytes(sums), PackageFile.Data));
        return TarBytes.Gzip(TarBytes.Pack(
            files.Select(f => f with { Path = $"{FolderOf(release)}/{f.Path}" }), prefix: "", release.Time));
    }

    /// <summary>As <c>sha256sum</c> writes and checks them, in the order of the names.</summary>
    public static string SumsOf(IEnumerable<(string Name, byte[] Content)> files) => string.Concat(files
        .OrderBy(f => f.Name, StringComparer.Ordinal)
        .Select(f => $"{Convert.ToHexStringLower(SHA256.HashData(f.Content))}  {f.Name}\n"));

    private static string FolderOf(Release release) => $"edgeproxy-{release.Version}-{release.Platform.Runtime}";
}
