using System.Collections.Generic;

namespace EdgeProxy.Config;

/// <summary>Where the files of a configuration are: the disk, or what was kept of one.</summary>
internal interface IFilePlace
{
    FileOutcome Read(string path, int bytesMax, out byte[] bytes, out FileStamp stamp);

    /// <summary>As <see cref="IncludePattern.Files"/>.</summary>
    IReadOnlyList<string> Matching(IncludePattern pattern);
}

/// <summary>The disk.</summary>
internal sealed class DiskPlace : IFilePlace
{
    public static DiskPlace Instance { get; } = new();

    public FileOutcome Read(string path, int bytesMax, out byte[] bytes, out FileStamp stamp) =>
        FileBytes.Read(path, bytesMax, out bytes, out stamp);

    public IReadOnlyList<string> Matching(IncludePattern pattern) => pattern.Files();
}
