using System.Reflection;

namespace EdgeProxy.Host;

/// <summary>Which build this is: the version and commit the compiler was given.</summary>
internal static class BuildStamp
{
    private const int CommitLengthShort = 12;

    // "0.1.0+<commit>": the SDK appends SourceRevisionId.
    private static readonly string Informational =
        typeof(BuildStamp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";

    public static string Version => Part(0);

    /// <summary>First 12 digits, "unknown" for a build outside a repository.</summary>
    public static string Commit => Part(1) is { Length: > CommitLengthShort } commit
        ? commit[..CommitLengthShort]
        : Part(1);

    private static string Part(int index)
    {
        string[] parts = Informational.Split('+', 2);
        return index < parts.Length ? parts[index] : "unknown";
    }
}
