using System;
using System.IO;
using System.Linq;
using EdgeProxy.Config;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using Xunit;

namespace EdgeProxy.Tests.Config;

/// <summary>
/// tests/corpus/config: each NAME.toml has NAME.faults, every fault it must report, line by line; a good one has none.
/// UPDATE_GOLDEN=1 writes them, to be read before they are committed.
/// </summary>
public class GoldenConfigTests
{
    public static TheoryData<string> Cases()
    {
        var cases = new TheoryData<string>();
        foreach (string path in Directory.EnumerateFiles(ConfigCorpus.Folder, "*.toml").Order(StringComparer.Ordinal))
        {
            cases.Add(Path.GetFileNameWithoutExtension(path));
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Load_CorpusFile_ReportsExactlyItsFaults(string name)
    {
        string golden = Path.Combine(ConfigCorpus.Folder, name + ".faults");

        ProxySettings? settings = ConfigFile.Load(
            Path.Combine(ConfigCorpus.Folder, name + ".toml"), ConfigCorpus.Environment, out var faults);

        string text = string.Concat(faults.Select(fault => $"{fault}\n"))
            .Replace(ConfigCorpus.Folder + "/", "", StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.Delete(golden);
            if (text.Length > 0)
            {
                File.WriteAllText(golden, text);
            }
        }

        string expected = File.Exists(golden) ? File.ReadAllText(golden) : "";
        Assert.Equal(expected, text);
        Assert.Equal(faults.Count == 0, settings is not null);
        Assert.Equal(name.StartsWith("valid-", StringComparison.Ordinal), settings is not null);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Corpus_EveryDeclaredKey_IsWrongOnce()
    {
        string all = string.Concat(
            Directory.EnumerateFiles(ConfigCorpus.Folder, "*.faults").Select(File.ReadAllText));

        foreach (TableDeclaration table in RootTable.Declaration.Tables.Append(RootTable.Declaration))
        {
            foreach (Key key in table.Keys)
            {
                string start = table.Name.Length == 0 ? ": " : table.IsNamed ? "." : $": {table.Name}.";
                Assert.Contains($"{start}{key.Name}: ", all, StringComparison.Ordinal);
            }

            foreach (TableDeclaration kind in table.Tables.Where(_ => table.IsNamed))
            {
                Assert.All(kind.Keys, key =>
                    Assert.Contains($".{kind.Name}.{key.Name}: ", all, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void Corpus_EveryLaterKey_IsRefused()
    {
        foreach (TableDeclaration table in RootTable.Declaration.Tables.Append(RootTable.Declaration))
        {
            foreach (string later in table.Later)
            {
                string header = table.Name.Length == 0 ? ""
                    : table.IsNamed ? $"[{table.Name}.x]\n" : $"[{table.Name}]\n";
                string path = table.Name.Length == 0 ? later
                    : table.IsNamed ? $"{table.Name}.x.{later}" : $"{table.Name}.{later}";

                Assert.Contains(
                    ConfigCorpus.Faults($"{header}{later} = {{}}\n"),
                    fault => fault.EndsWith($": {path}: is not supported in this version", StringComparison.Ordinal));
            }
        }
    }
}
