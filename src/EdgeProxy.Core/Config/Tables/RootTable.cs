using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Tables;

/// <summary>The top of a configuration: what stands before the first table, and the tables there are.</summary>
internal static class RootTable
{
    private const int PathCharsMax = 4096; // PATH_MAX

    private static readonly PatternListKey Include = new("include",
        "More files to read, relative to the folder of this one, in the order of their names. "
            + "A name may be defined once in all.")
    {
        Default = [],
        ExampleToml = "[\"conf.d/*.toml\"]",
    };

    private static readonly TextKey CredentialsFolder = new("credentials_dir", PathCharsMax,
        "Where ${cred:NAME} looks for a file NAME that $CREDENTIALS_DIRECTORY does not have, "
            + "relative to the folder of this file.")
    {
        ExampleToml = "\"/etc/edgeproxy/credentials\"",
    };

    public static TableDeclaration Declaration { get; } = new("", IsNamed: false,
        "Strings may hold ${env:NAME}, a variable, and ${cred:NAME}, a credential file; $${ is ${ itself.",
        [Include, CredentialsFolder])
    {
        Tables =
        [
            NodeTable.Declaration, LogTable.Declaration, AdminTable.Declaration, TlsTable.Declaration,
            EntryPointTable.Declaration,
            RouterTable.Declaration, MiddlewareTable.Declaration, ServiceTable.Declaration,
            ConsumerTable.Declaration, PlanTable.Declaration, AiTable.Declaration, TelemetryTable.Declaration,
            AccessLogTable.Declaration, AuditTable.Declaration,
        ],
    };

    /// <summary>The patterns and where they stand.</summary>
    public static IReadOnlyList<Placed<string>> ReadInclude(TableScope scope) => Include.Read(scope);

    /// <summary>As written; null if there is none.</summary>
    public static string? ReadCredentialsFolder(TableScope scope) => CredentialsFolder.Read(scope);

    /// <summary>The file that sets credentials_dir, to whose folder it is relative.</summary>
    public static TomlSource? CredentialsFolderSource(TomlTable root) =>
        root.TryFind(CredentialsFolder.Name, out TomlEntry entry) ? entry.Source : null;

    public static string IncludeName => Include.Name;
}
