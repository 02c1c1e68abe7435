using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Keys;

/// <summary>A list of tables of one kind, each with where it stands; those at fault are left out.</summary>
/// <param name="parse">Null after reporting what is missing.</param>
internal sealed class TableListKey<T>(
    string name, TableDeclaration declaration, int countMax, Func<TableScope, T?> parse, string doc)
    : Key<IReadOnlyList<Placed<T>>>(name, doc)
    where T : class
{
    public override string TypeText => "list of tables";

    public override string Accepts => $"write {ExampleToml}";

    public override string Range => $"1 to {countMax} tables";

    public override KeyShape Shape => new ListShape(new TableShape(declaration), NeedsItems: true);

    protected override bool TryParse(
        TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<Placed<T>>? value)
    {
        value = null;
        if (node is not TomlArray array)
        {
            return Refuse(node, scope, "is not a list");
        }

        if (array.Items.Count == 0 || array.Items.Count > countMax)
        {
            scope.Report(node, Name, $"has {array.Items.Count} items; write 1 to {countMax}");
            return false;
        }

        var items = new List<Placed<T>>(array.Items.Count);
        foreach (TomlNode item in array.Items)
        {
            if (item is not TomlTable table)
            {
                Refuse(item, scope, "is not a table");
            }
            else if (parse(scope.Within(table, Name, declaration)) is { } one)
            {
                items.Add(new Placed<T>(one, item));
            }
        }

        value = items;
        return true;
    }
}
