using System;
using System.IO;
using System.Net;
using System.Text;

namespace EdgeProxy.Transport;

/// <summary>
/// A Unix socket, in the place of an address and port (ADR-0074): its path is what tells it from others. Who comes by
/// one is on this machine and counts as 127.0.0.1.
/// </summary>
internal sealed class UnixEndPoint : IPEndPoint
{
    /// <summary>What its text begins with.</summary>
    public const string Prefix = "unix:";

    /// <summary>What a server behind one is called, in Host and by its certificate, where nobody says another
    /// name.</summary>
    public const string HostName = "localhost";

    /// <summary>sockaddr_un has 108 bytes, the last of them zero.</summary>
    public const int PathBytesMax = 107;

    public const UnixFileMode ModeDefault = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite;

    // An address that is nobody's, for who does not know of paths.
    public UnixEndPoint(string path)
        : base(IPAddress.None, 0) => Path = path;

    public string Path { get; }

    /// <summary>Who may connect, given when it is made for listening.</summary>
    public UnixFileMode Mode { get; init; } = ModeDefault;

    /// <summary>User and group, each "" for that of the process.</summary>
    public (string User, string Group) Owner { get; init; } = ("", "");

    /// <summary>The text means a Unix socket, whether or not its path will do.</summary>
    public static bool Is(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Null, or why a path cannot be one.</summary>
    public static string? Refusal(ReadOnlySpan<char> path) =>
        !path.StartsWith("/") || path.EndsWith("/") ? "is not an absolute path of a socket"
        : Encoding.UTF8.GetByteCount(path) > PathBytesMax ? $"has more than {PathBytesMax} bytes of path"
        : path.IndexOfAnyInRange('\0', '\x1f') >= 0 ? "has control characters in its path"
        : null;

    public override bool Equals(object? comparand) =>
        comparand is UnixEndPoint other && string.Equals(Path, other.Path, StringComparison.Ordinal);

    public override int GetHashCode() => Path.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Prefix + Path;
}
