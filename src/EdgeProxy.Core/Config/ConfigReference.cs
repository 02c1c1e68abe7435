using System.Text;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;

namespace EdgeProxy.Config;

/// <summary>The configuration in words, written from the declarations it is read with.</summary>
internal static class ConfigReference
{
    private const int CommentCharsMax = 100;

    private const string Head =
        """
        # EdgeProxy: the configuration, complete. Every key stands here with its default; those behind # have it.
        # "edgeproxy validate" reports every fault at once; a running proxy takes a changed file without a restart, and
        # keeps the one it has if the new one has a fault.
        # A table whose header stands behind # may be left out; what is in it is written without a space.
        # Durations: "500ms" "10s" "5m" "1h" "1m30s". Sizes: "512" "64KiB" "1MiB".
        """;

    /// <summary>
    /// A valid file that has every key: required ones set, the others commented out with their default or an example.
    /// </summary>
    public static string DefaultToml()
    {
        var text = new StringBuilder(Head.Replace("\r", "")).Append('\n');
        AddComment(text, RootTable.Declaration.Doc);
        AddKeys(text, RootTable.Declaration);
        foreach (TableDeclaration table in RootTable.Declaration.Tables)
        {
            text.Append('\n');
            AddComment(text, table.Doc);
            if (table.Tables.Count > 0 && table.Keys.Count == 0)
            {
                AddExamples(text, table);
                continue;
            }

            if (table.IsOptional)
            {
                text.Append("#[").Append(table.Name).Append("]\n");
                AddOptionalKeys(text, table);
                continue;
            }

            text.Append('[').Append(table.Name);
            if (table.IsNamed)
            {
                text.Append('.').Append(table.ExampleName);
            }

            text.Append("]\n");
            AddKeys(text, table);
            foreach (TableDeclaration below in table.Tables)
            {
                AddOptionalTable(text, table, below);
            }
        }

        return text.ToString();
    }

    /// <summary>"A duration: 100ms to 24h."</summary>
    public static string Describe(Key key)
    {
        string article = "aeiou".Contains(key.TypeText[0]) ? "An" : "A";
        return $"{article} {key.TypeText}: {key.Range}.{(key.IsRequired ? " Required." : "")}";
    }

    // A table with kinds below it: one example of each.
    private static void AddExamples(StringBuilder text, TableDeclaration table)
    {
        foreach (TableDeclaration kind in table.Tables)
        {
            text.Append('\n');
            AddComment(text, kind.Doc);
            text.Append('[').Append(table.Name).Append('.').Append(kind.ExampleName).Append('.').Append(kind.Name)
                .Append("]\n");
            AddKeys(text, kind);
        }
    }

    private static void AddKeys(StringBuilder text, TableDeclaration table)
    {
        foreach (Key key in table.Keys)
        {
            text.Append('\n');
            AddComment(text, $"{key.Doc} {Describe(key)}");
            text.Append(key.IsRequired || key.IsChosen ? "" : "# ").Append(key.Name).Append(" = ")
                .Append(key.DefaultToml ?? key.ExampleToml).Append('\n');
        }
    }

    // Behind #, header and all: only whole does it mean something.
    private static void AddOptionalTable(StringBuilder text, TableDeclaration parent, TableDeclaration table)
    {
        text.Append('\n');
        AddComment(text, table.Doc);
        string name = table.IsNamed
            ? $"{table.Name}.{table.ExampleName}"
            : table.Name;
        string between = table.IsNamed ? "" : table.ExampleName.Length > 0 ? table.ExampleName : parent.ExampleName;
        if (between.Length > 0)
        {
            name = $"{between}.{name}";
        }

        text.Append("#[").Append(parent.Name).Append('.').Append(name).Append("]\n");
        AddOptionalKeys(text, table);
    }

    private static void AddOptionalKeys(StringBuilder text, TableDeclaration table)
    {
        foreach (Key key in table.Keys)
        {
            text.Append('\n');
            AddComment(text, $"{key.Doc} {Describe(key)}");
            text.Append('#').Append(key.Name).Append(" = ").Append(key.DefaultToml ?? key.ExampleToml).Append('\n');
        }
    }

    private static void AddComment(StringBuilder text, string comment)
    {
        int column = 0;
        foreach (string word in comment.Split(' '))
        {
            if (column == 0 || column + 1 + word.Length > CommentCharsMax)
            {
                text.Append(column == 0 ? "# " : "\n# ");
                column = 1;
            }
            else
            {
                text.Append(' ');
            }

            text.Append(word);
            column += word.Length + 1;
        }

        text.Append('\n');
    }
}
