using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Config.Tables;

/// <summary>A member as read: its name is not looked up yet.</summary>
internal readonly record struct PlacedMember(Placed<string> Name, int Weight);

/// <summary>A composed service as read.</summary>
/// <param name="Path">Where the names stand, for faults.</param>
/// <param name="Members">Those that could be read.</param>
/// <param name="Others">All but its members.</param>
internal sealed record ComposedDocument(
    string Path, IReadOnlyList<PlacedMember> Members, ComposedSettings Others)
{
    public string Name => Others.Name;

    public ComposedKind Kind => Others.Kind;

    public ComposedSettings Settings
    {
        get
        {
            var members = new List<MemberSettings>(Members.Count);
            foreach (PlacedMember member in Members)
            {
                members.Add(new MemberSettings(member.Name.Value, member.Weight));
            }

            return Others with { Members = new Sequence<MemberSettings>(members) };
        }
    }
}

/// <summary>A service that has no servers but other services: [services.NAME.KIND].</summary>
internal static class ComposedTable
{
    public static IReadOnlyList<TableDeclaration> Declarations { get; } =
        [WeightedTable.Declaration, FailoverTable.Declaration, MirrorTable.Declaration];

    /// <summary>A service of such a kind has no other key.</summary>
    public static void ReportOthers(TableScope scope, TableDeclaration kind)
    {
        foreach (TomlEntry entry in scope.Table.Entries)
        {
            if (entry.Key != kind.Name && ServiceTable.Declaration.Knows(entry.Key))
            {
                scope.Report(entry.Value, entry.Line, entry.Column, entry.Key,
                    $"cannot stand beside {kind.Name}: the services named there have their own");
            }
        }
    }

    /// <summary>Null if the service is not composed; one that is has no other key.</summary>
    public static ComposedDocument? Parse(string name, TableScope scope)
    {
        TableDeclaration? kind = null;
        foreach (TableDeclaration declaration in Declarations)
        {
            kind ??= scope.TryFind(declaration.Name, out _) ? declaration : null;
        }

        if (kind is null)
        {
            return null;
        }

        ReportOthers(scope, kind);
        string path = $"{scope.Path}.{kind.Name}";
        if (scope.Below(kind) is not { } below)
        {
            return new ComposedDocument(path, [], new ComposedSettings { Name = name });
        }

        return ReferenceEquals(kind, FailoverTable.Declaration) ? FailoverTable.Parse(name, path, below)
            : ReferenceEquals(kind, MirrorTable.Declaration) ? MirrorTable.Parse(name, path, below)
            : WeightedTable.Parse(name, path, below);
    }
}
