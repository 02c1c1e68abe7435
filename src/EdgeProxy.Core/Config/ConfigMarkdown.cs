using System.Collections.Generic;
using System.Text;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;

namespace EdgeProxy.Config;

/// <summary>The reference for people: a section per table, a row per key, an example of each table.</summary>
internal static class ConfigMarkdown
{
    private const string Head =
        """
        # Configuration reference

        What stands in square brackets is a table of the file, NAME a name of your own. Durations: `"500ms"` `"10s"`
        `"5m"` `"1h"` `"1m30s"`. Sizes: `"512"` `"64KiB"` `"1MiB"`. An example is part of a file; names in it that it
        does not explain are those of the default file, `edgeproxy config default`.

        """;

    public static string Write()
    {
        var text = new StringBuilder(Head.Replace("\r", ""));
        AddSection(text, RootTable.Declaration, "Top level", RootTable.Declaration.Doc);
        AddExample(text, RootTable.Declaration, "", "");
        foreach (TableDeclaration table in RootTable.Declaration.Tables)
        {
            string title = table.IsNamed ? $"{table.Name}.NAME" : table.Name;
            AddTable(text, table, title, table.IsNamed ? $"{table.Name}.{table.ExampleName}" : table.Name, "");
        }

        return text.ToString();
    }

    /// <param name="above">What an example must have of the tables above it.</param>
    private static void AddTable(StringBuilder text, TableDeclaration table, string title, string name, string above)
    {
        AddSection(text, table, $"[{title}]", table.Doc);
        AddExample(text, table, name, above);
        foreach (Key key in table.Keys)
        {
            if (key.Inner is { } inner)
            {
                AddSection(text, inner, $"{key.Name} in [{title}]", $"{inner.Doc} {key.Doc}");
                AddBlock(text, above + (ExampleOf(table) ?? $"[{name}]\n{Lines(table, only: key)}"));
            }
        }

        string around = ExampleOf(table) is { } example ? $"{above}{example}\n" : above;
        foreach (TableDeclaration below in table.Tables)
        {
            // One that cannot stand in the example of the table above has a name of its own beside it.
            if (below.IsNamed)
            {
                AddTable(text, below, $"{title}.{below.Name}.NAME", $"{name}.{below.Name}.{below.ExampleName}", around);
                continue;
            }

            int dot = name.IndexOf('.', System.StringComparison.Ordinal);
            string parent = below.ExampleName.Length > 0 ? $"{name[..dot]}.{below.ExampleName}" : name;
            AddTable(text, below, $"{title}.{below.Name}", $"{parent}.{below.Name}", around);
        }
    }

    private static void AddSection(StringBuilder text, TableDeclaration table, string title, string doc)
    {
        text.Append("\n## ").Append(title).Append("\n\n").Append(doc).Append('\n');
        if (table.Keys.Count > 0)
        {
            text.Append("\n| key | type | default | accepted | what it is |\n|---|---|---|---|---|\n");
        }

        foreach (Key key in table.Keys)
        {
            string standard = key.IsRequired ? "required" : key.DefaultToml is null ? "-" : $"`{key.DefaultToml}`";
            var cells = new List<string>
            {
                $"`{key.Name}`", key.TypeText, Cell(standard), Cell(key.Range), Cell(key.Doc),
            };
            text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
        }

        if (table.Later.Count > 0)
        {
            text.Append("\nNot supported in this version: ").AppendJoin(", ", table.Later).Append(".\n");
        }
    }

    // Tables that are all kinds have their examples there.
    private static void AddExample(StringBuilder text, TableDeclaration table, string name, string above)
    {
        if (table.Keys.Count > 0)
        {
            string header = name.Length == 0 ? "" : $"[{name}]\n";
            AddBlock(text, above + (ExampleOf(table) ?? header + Lines(table, only: null)));
        }
    }

    private static string? ExampleOf(TableDeclaration table) =>
        table.ExampleToml is { } example ? example.Replace("\r", "") + "\n" : null;

    private static void AddBlock(StringBuilder text, string toml) =>
        text.Append("\n```toml\n").Append(toml).Append("```\n");

    // What must be there, and what has a value worth showing, but not in the place of another; only defaults if there
    // is nothing else.
    private static string Lines(TableDeclaration table, Key? only)
    {
        var lines = new StringBuilder();
        foreach (Key key in table.Keys)
        {
            bool isShown = only is null ? key.ExampleToml is not null && !key.IsAlternative : key == only;
            if (key.IsRequired || key.IsChosen || isShown)
            {
                AddLine(lines, key, key.ExampleToml ?? key.DefaultToml);
            }
        }

        foreach (Key key in lines.Length == 0 ? table.Keys : [])
        {
            AddLine(lines, key, key.DefaultToml);
        }

        return lines.ToString();
    }

    private static void AddLine(StringBuilder lines, Key key, string? value) =>
        lines.Append(key.Name).Append(" = ").Append(value).Append('\n');

    private static string Cell(string text) => text.Replace("|", "\\|");
}
