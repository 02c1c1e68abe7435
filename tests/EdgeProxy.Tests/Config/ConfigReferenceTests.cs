using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeProxy.Config;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using Xunit;

namespace EdgeProxy.Tests.Config;

public class ConfigReferenceTests
{
    [Fact]
    public void DefaultToml_IsValid() => Assert.Empty(ConfigCorpus.Faults(ConfigReference.DefaultToml()));

    [Fact]
    public void DefaultToml_EveryKey_StandsInItsTable()
    {
        foreach ((TableDeclaration table, string header) in Sections())
        {
            string section = SectionOf(ConfigReference.DefaultToml(), header);
            foreach (Key key in table.Keys)
            {
                Assert.Matches($@"\n(# )?{Regex.Escape(key.Name)} = \S", section);
            }
        }
    }

    [Fact]
    public void DefaultToml_DefaultsWrittenOut_SayWhatIsSoWithoutThem()
    {
        string text = ConfigReference.DefaultToml();
        var keys = Sections().SelectMany(section => section.Table.Keys).Where(key => key.DefaultToml is not null);
        string written = text;
        foreach (Key key in keys)
        {
            written = written.Replace(
                $"\n# {key.Name} = {key.DefaultToml}\n", $"\n{key.Name} = {key.DefaultToml}\n", StringComparison.Ordinal);
        }

        Assert.NotEqual(text, written);
        Assert.Empty(ConfigChange.Describe(ConfigCorpus.Parse(text), ConfigCorpus.Parse(written)));
    }

    [Fact]
    public void DefaultToml_ExamplesWrittenOut_AreValid()
    {
        string written = ConfigReference.DefaultToml();
        foreach (Key key in Sections().SelectMany(section => section.Table.Keys))
        {
            // A text has no folder to look in; what stands in the place of another does not stand beside it.
            if (key.Name != RootTable.IncludeName && !key.IsAlternative)
            {
                written = written.Replace($"\n# {key.Name} = ", $"\n{key.Name} = ", StringComparison.Ordinal);
            }
        }

        Assert.Empty(ConfigCorpus.WithoutFilesOfExamples(ConfigCorpus.Faults(written)));
    }

    [Theory]
    [MemberData(nameof(OptionalTables))]
    public void DefaultToml_OptionalTableWrittenOut_IsValid(string service, string table, string strategy)
    {
        string header = $"\n#[services.{service}.{table}]\n";
        string text = ConfigReference.DefaultToml();
        int start = text.IndexOf(header, StringComparison.Ordinal);
        int next = text.IndexOf("\n#[", start + 1, StringComparison.Ordinal);
        string section = next < 0 ? text[start..] : text[start..next];

        // What decides between keys that exclude each other is left to the corpus: here each stands as it is shown.
        string written = text.Replace(section, Regex.Replace(section, @"\n#(\S)", "\n$1"), StringComparison.Ordinal)
            .Replace("# strategy = \"round_robin\"", $"strategy = \"{strategy}\"", StringComparison.Ordinal);
        if (table == "ai")
        {
            written += "\n[ai.providers.local]\nkind = \"ollama\"\nbase_url = \"http://127.0.0.1:11434\"\n";
        }
        else if (service != "app")
        {
            written += "\n[services.app.health_check]\n[services.spare]\nservers = [{ url = \"http://10.0.0.9\" }]\n";
        }

        Assert.NotEqual(text, written);
        Assert.Empty(ConfigCorpus.WithoutFilesOfExamples(ConfigCorpus.Faults(written)));
    }

    public static TheoryData<string, string, string> OptionalTables()
    {
        var tables = new TheoryData<string, string, string>();
        foreach (TableDeclaration table in ServiceTable.Declaration.Tables)
        {
            string service = table.ExampleName.Length > 0 ? table.ExampleName : "app";
            tables.Add(service, table.Name, table.Name == "hash" ? "hash" : "round_robin");
        }

        return tables;
    }

    [Fact]
    public void DefaultToml_OptionalTables_HaveTheirKeys()
    {
        foreach (TableDeclaration table in ServiceTable.Declaration.Tables)
        {
            string text = ConfigReference.DefaultToml();
            string service = table.ExampleName.Length > 0 ? table.ExampleName : "app";
            string section = text[text.IndexOf($"\n#[services.{service}.{table.Name}]\n", StringComparison.Ordinal)..];
            Assert.All(table.Keys, key => Assert.Contains($"\n#{key.Name} = ", section, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void DefaultToml_OptionalTablesOfTheTop_AreOffAndValidWrittenOut()
    {
        string text = ConfigReference.DefaultToml();
        foreach (TableDeclaration table in RootTable.Declaration.Tables.Where(table => table.IsOptional))
        {
            int start = text.IndexOf($"\n#[{table.Name}]\n", StringComparison.Ordinal);
            string section = text[start..];
            Assert.All(table.Keys, key => Assert.Contains($"\n#{key.Name} = ", section, StringComparison.Ordinal));
            string written = text[..start] + Regex.Replace(section, @"\n#(\S)", "\n$1");
            Assert.Empty(ConfigCorpus.Faults(written));
        }

        Assert.Null(ConfigCorpus.Parse(text).Audit);
    }

    [Fact]
    public void DefaultToml_TablesWithinValues_HaveTheirKeysNamed()
    {
        foreach (DeclaredTable declared in DeclaredTable.All)
        {
            foreach (IGrouping<TableDeclaration, Key> keys in declared.Table.Keys.Where(key => key.Inner is not null)
                .GroupBy(key => key.Inner!))
            {
                string shown = string.Concat(keys.Select(key => $"{key.Doc} {key.DefaultToml ?? key.ExampleToml} "));
                Assert.All(keys.Key.Keys, key => Assert.Matches($@"[ (]{key.Name}\b", shown));
            }
        }
    }

    [Fact]
    public void Declarations_EveryTableAndKey_SaysWhatItIs()
    {
        foreach (TableDeclaration table in DeclaredTable.All.Select(declared => declared.Table))
        {
            Assert.EndsWith(".", table.Doc, StringComparison.Ordinal);
            foreach (Key key in table.Keys)
            {
                Assert.EndsWith(".", key.Doc, StringComparison.Ordinal);
                Assert.NotEmpty(key.Range);
                Assert.NotEmpty(key.TypeText);
                Assert.True(key.DefaultToml is not null || key.ExampleToml is not null, key.Name);
                Assert.Matches("^[a-z][a-z0-9_]*$", key.Name);
            }
        }
    }

    [Fact]
    public void PackagedFile_IsTheDefaultFile()
    {
        string path = Path.Combine(ConfigCorpus.Root, "packaging", "edgeproxy.toml");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, ConfigReference.DefaultToml());
        }

        Assert.Equal(ConfigReference.DefaultToml(), File.ReadAllText(path));
    }

    private static IEnumerable<(TableDeclaration Table, string Header)> Sections()
    {
        yield return (RootTable.Declaration, "");
        foreach (TableDeclaration table in RootTable.Declaration.Tables)
        {
            // A table without keys of its own is all kinds; in others those below may be left out and stand behind #.
            foreach (TableDeclaration kind in table.Keys.Count == 0 ? table.Tables : [])
            {
                yield return (kind, $"\n[{table.Name}.{kind.ExampleName}.{kind.Name}]\n");
            }

            if (table.Keys.Count > 0 && !table.IsOptional)
            {
                yield return (table, table.IsNamed ? $"\n[{table.Name}.{table.ExampleName}]\n" : $"\n[{table.Name}]\n");
            }
        }
    }

    private static string SectionOf(string text, string header)
    {
        int start = text.IndexOf(header, StringComparison.Ordinal) + header.Length;
        int end = text.IndexOf("\n[", start, StringComparison.Ordinal);
        return "\n" + (end < 0 ? text[start..] : text[start..end]);
    }
}
