using System.Collections.Generic;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Effective;

/// <summary>
/// Every value of a configuration, written or default, in the order of the reference. Read from what was written, when
/// somebody asks: nothing of it is kept.
/// </summary>
internal sealed class EffectiveConfig
{
    private readonly List<EffectiveValue> _values = [];

    private EffectiveConfig()
    {
    }

    /// <param name="written">Without faults: what is not declared is left out.</param>
    public static IReadOnlyList<EffectiveValue> Of(WrittenFiles written, ConfigEnvironment environment)
    {
        if (written.Files.Count == 0)
        {
            return [];
        }

        var files = new ConfigFiles(environment, written, new ConfigFaults());
        var config = new EffectiveConfig();
        if (files.ReadAll(written.Files[0].Path) is { } root)
        {
            config.AddKeys(root, RootTable.Declaration, "configuration", "");
            foreach (TableDeclaration table in RootTable.Declaration.Tables)
            {
                config.AddTable(root, table, "", "", isTop: true);
            }
        }

        return config._values;
    }

    private void AddTable(TomlTable above, TableDeclaration declaration, string unit, string path, bool isTop)
    {
        TomlTable? table = above.TryFind(declaration.Name, out TomlEntry entry) ? entry.Value as TomlTable : null;
        if (declaration.IsNamed)
        {
            foreach (TomlEntry named in table?.Entries ?? [])
            {
                if (named.Value is TomlTable own)
                {
                    // "routers" are units "router NAME".
                    AddAll(own, declaration, $"{declaration.Name[..^1]} {named.Key}", "");
                }
            }
        }
        else if (table is not null)
        {
            AddAll(table, declaration, isTop ? declaration.Name : unit, isTop ? "" : $"{path}{declaration.Name}.");
        }
        else if (isTop && !declaration.IsOptional)
        {
            AddKeys(null, declaration, declaration.Name, "");
        }
    }

    private void AddAll(TomlTable table, TableDeclaration declaration, string unit, string path)
    {
        AddKeys(table, declaration, unit, path);
        foreach (TableDeclaration below in declaration.Tables)
        {
            AddTable(table, below, unit, path, isTop: false);
        }
    }

    private void AddKeys(TomlTable? table, TableDeclaration declaration, string unit, string path)
    {
        foreach (Key key in declaration.Keys)
        {
            if (table is not null && table.TryFind(key.Name, out TomlEntry entry))
            {
                string origin = string.Create(
                    CultureInfo.InvariantCulture, $"{entry.Source.Name}:{entry.Line}:{entry.Column}");
                _values.Add(new EffectiveValue(
                    unit, path + key.Name, ValueText.Of(entry.Value, key, isMasked: true), origin)
                {
                    Written = ValueText.Of(entry.Value, key, isMasked: false),
                });
            }
            else if (key.DefaultToml is { } value)
            {
                _values.Add(new EffectiveValue(unit, path + key.Name, value, EffectiveValue.Default)
                {
                    Written = value,
                });
            }
        }
    }
}
