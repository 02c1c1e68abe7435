using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>One row of the attack corpus and its bytes; the columns are told in tests/corpus/http/README.md.</summary>
internal sealed record CorpusCase(string Name, string Method, string[] Expect, string[] Paths, byte[] Bytes)
{
    public static IEnumerable<string> Names(string kind) => Rows(kind).Select(row => row["name"]);

    public static CorpusCase Load(string kind, string name)
    {
        Dictionary<string, string> row = Rows(kind).Single(r => r["name"] == name);
        string paths = row.GetValueOrDefault("path", "-");
        return new CorpusCase(
            name,
            row.GetValueOrDefault("method", "-"),
            row["expect"].Split(';'),
            paths == "-" ? [] : paths.Split(' '),
            File.ReadAllBytes(Path.Combine(Folder, kind, $"{name}.raw")));
    }

    private static string Folder => Path.Combine(
        ProxyBinary.RepositoryRoot ?? throw new DirectoryNotFoundException("the tree these tests were built from"),
        "tests", "corpus", "http");

    private static IEnumerable<Dictionary<string, string>> Rows(string kind)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Folder, $"{kind}.tsv"));
        string[] columns = lines[0].Split('\t');
        return lines.Skip(1).Select(line => columns.Zip(line.Split('\t')).ToDictionary(p => p.First, p => p.Second));
    }
}
