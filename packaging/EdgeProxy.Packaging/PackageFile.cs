using System.IO;

namespace EdgeProxy.Packaging;

/// <summary>One file of a package. Everything belongs to root; the folders above it are made with mode 0755.</summary>
/// <param name="Path">Where it goes, from the root and without a leading slash: <c>usr/bin/edgeproxy</c>.</param>
/// <param name="Content">All of it.</param>
/// <param name="Mode">Permission bits.</param>
internal sealed record PackageFile(string Path, byte[] Content, UnixFileMode Mode)
{
    public const UnixFileMode Program = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public const UnixFileMode Data = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Kept as its owner changed it, over upgrades.</summary>
    public bool IsConfiguration { get; init; }
}
