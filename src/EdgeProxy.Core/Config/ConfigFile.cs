using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Config;

/// <summary>Reads a configuration: the file, what it includes, its values, all of its faults.</summary>
internal static class ConfigFile
{
    /// <summary>Of the name of a configuration.</summary>
    public const int HashChars = 2 * HashBytes;

    private const int HashBytes = 8;

    /// <summary>
    /// Settings if there is no fault, else null and every fault found. A file that cannot be read is a fault too.
    /// </summary>
    public static ProxySettings? Load(
        string path, ConfigEnvironment environment, out IReadOnlyList<ConfigFault> faults) =>
        Load(path, environment, DiskPlace.Instance, out faults, out _);

    /// <summary>As the other, from <paramref name="place"/>; what was read is known of a faulty one, too.</summary>
    public static ProxySettings? Load(
        string path,
        ConfigEnvironment environment,
        IFilePlace place,
        out IReadOnlyList<ConfigFault> faults,
        out SeenFiles seen)
    {
        // (1) Read the files and merge their tables.
        var found = new ConfigFaults();
        var files = new ConfigFiles(environment, place, found);
        TomlTable? root = files.ReadAll(path);

        // (2) Read every table into settings, (3) check what they say of each other.
        ProxySettings? settings = root is null
            ? null
            : ConfigBuilder.Build(root, environment, files.CredentialsFolder(root), files.Beside, found);
        files.TakeBeside();

        // (4) One fault anywhere, and nothing is used.
        faults = found.ToSortedList();
        seen = new SeenFiles(files.Paths, files.Stamps, files.Patterns, files.Written)
        {
            Admin = IsAdminAtFault(faults) ? null : settings?.Admin,
            StateFolder = settings?.Node.StateFolder,
        };
        return settings is null || faults.Count > 0 ? null : seen.In(settings with { Hash = files.Hash() });
    }

    /// <summary>
    /// As Load, from text; <paramref name="name"/> stands for the file in faults. include is a fault.
    /// </summary>
    public static ProxySettings? Parse(
        string text, string name, ConfigEnvironment environment, out IReadOnlyList<ConfigFault> faults)
    {
        var found = new ConfigFaults();
        var files = new ConfigFiles(environment, WrittenFiles.None, found);
        TomlTable? root = files.ReadText(text, name);
        ProxySettings? settings = root is null
            ? null
            : ConfigBuilder.Build(root, environment, files.CredentialsFolder(root), files.Beside, found);
        faults = found.ToSortedList();
        return settings is null || faults.Count > 0 ? null : settings with
        {
            Hash = HashOf(Sha256.Of(Encoding.UTF8.GetBytes(text))),
            Written = WrittenFiles.OfText(text, name),
        };
    }

    private static bool IsAdminAtFault(IReadOnlyList<ConfigFault> faults)
    {
        foreach (ConfigFault fault in faults)
        {
            if (fault.Key == AdminTable.Declaration.Name
                || fault.Key.StartsWith(AdminTable.Declaration.Name + ".", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The first 16 hex digits of a SHA-256.</summary>
    public static string HashOf(ReadOnlySpan<byte> sha256) => Convert.ToHexStringLower(sha256[..HashBytes]);
}

/// <summary>The files a reading looked at, and how they looked.</summary>
internal sealed record SeenFiles(
    IReadOnlyList<string> Files,
    IReadOnlyList<FileStamp> Stamps,
    IReadOnlyList<IncludePattern> IncludePatterns,
    WrittenFiles Written)
{
    /// <summary>
    /// Where a proxy with these files is to be asked, though something else in them is at fault; null if that is.
    /// </summary>
    public AdminSettings? Admin { get; init; }

    /// <summary>Where a proxy with these files keeps its state; null if no table of them could be read.</summary>
    public string? StateFolder { get; init; }

    public ProxySettings In(ProxySettings settings) => settings with
    {
        Files = Files,
        Stamps = Stamps,
        IncludePatterns = IncludePatterns,
        Written = Written,
    };
}

/// <summary>Where ${env:} and ${cred:} look, handed in so that tests need no process environment.</summary>
internal sealed record ConfigEnvironment(
    Func<string, string?> Variable, string HostName)
{
    private const string MachineIdPath = "/etc/machine-id";
    private const int MachineIdChars = 32;

    public static ConfigEnvironment OfProcess { get; } =
        new(Environment.GetEnvironmentVariable, Environment.MachineName) { MachineId = ReadMachineId };

    /// <summary>
    /// The machine's id, which nobody else is to know (machine-id(5)): it is hashed before it is used. Null if there is
    /// none.
    /// </summary>
    public Func<string?> MachineId { get; init; } = static () => null;

    private static string? ReadMachineId()
    {
        try
        {
            string text = File.ReadAllText(MachineIdPath).Trim();
            bool isId = text.Length == MachineIdChars && text.AsSpan().IndexOfAnyExcept('0') >= 0;
            foreach (char character in text)
            {
                isId &= char.IsAsciiHexDigit(character);
            }

            return isId ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
