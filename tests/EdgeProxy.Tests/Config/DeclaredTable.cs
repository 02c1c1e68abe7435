using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;

namespace EdgeProxy.Tests.Config;

/// <summary>A declared table and where it stands.</summary>
/// <param name="Path">As in a file, NAME for a name of the author's: "services.NAME.retry".</param>
/// <param name="IsValue">It is the value of a key, or an element of it.</param>
internal sealed record DeclaredTable(TableDeclaration Table, string Path, bool IsValue = false)
{
    /// <summary>The root, everything below it, and what stands in the values of keys.</summary>
    public static IReadOnlyList<DeclaredTable> All { get; } = [.. Below(new DeclaredTable(RootTable.Declaration, ""))];

    private static IEnumerable<DeclaredTable> Below(DeclaredTable at)
    {
        yield return at;
        foreach (Key key in at.Table.Keys.Where(key => key.Inner is not null))
        {
            yield return new DeclaredTable(key.Inner!, $"{at.Path}.{key.Name}", IsValue: true);
        }

        foreach (TableDeclaration table in at.Table.Tables)
        {
            string path = at.Path.Length == 0 ? table.Name : $"{at.Path}.{table.Name}";
            foreach (DeclaredTable inner in Below(new DeclaredTable(table, table.IsNamed ? $"{path}.NAME" : path)))
            {
                yield return inner;
            }
        }
    }
}
