using System;
using System.IO;
using System.Linq;
using System.Reflection;

namespace EdgeProxy.Packaging;

/// <summary>What is packed: one binary, its version and time, and the folder with everything around it.</summary>
/// <param name="Root">The repository.</param>
/// <param name="Platform">The processor the binary is for.</param>
/// <param name="Binary">The published file.</param>
/// <param name="Time">
/// Of the commit, else <c>SOURCE_DATE_EPOCH</c> (reproducible-builds.org): the only time in a package.
/// </param>
internal sealed record Release(string Root, Platform Platform, byte[] Binary, DateTimeOffset Time)
{
    public const string Maintainer = "EdgeProxy maintainers <maintainers@edgeproxy.invalid>";

    /// <summary>Of all projects, from Directory.Build.props.</summary>
    public string Version { get; init; } = Metadata("PackageVersion");

    /// <summary>A file of the folder "packaging".</summary>
    public byte[] Read(string path) => File.ReadAllBytes(Path.Combine(Root, "packaging", path));

    /// <summary>What the build wrote into this program: RepositoryRoot, PackageVersion.</summary>
    public static string Metadata(string key) => typeof(Release).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(a => a.Key == key).Value!;
}
