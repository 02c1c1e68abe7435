using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Tests.Primitives.Http;

/// <summary>One row of tests/corpus/http/requests.tsv or responses.tsv and its bytes.</summary>
/// <param name="Expect">The steps that must be seen, in order, e.g. "forward", "reject 400".</param>
/// <param name="Paths">Canonical path per forwarded message; "@long" is not written out.</param>
internal sealed record CorpusCase(
    string Name, string Method, string[] Expect, RejectReason Reason, string[] Paths, byte[] Bytes)
{
    public override string ToString() => Name;
}

/// <summary>Loads the attack corpus; README.md beside it says what the columns mean.</summary>
internal static class Corpus
{
    public static string Root { get; } = Path.Combine(RepositoryRoot(), "tests", "corpus", "http");

    public static IReadOnlyList<CorpusCase> Requests { get; } = Load("requests");

    public static IReadOnlyList<CorpusCase> Responses { get; } = Load("responses");

    public static CorpusCase Request(string name) => Requests.Single(item => item.Name == name);

    public static CorpusCase Response(string name) => Responses.Single(item => item.Name == name);

    /// <summary>
    /// Artifacts may be built outside the tree; then the tests have to be started within it. The runner changes the
    /// working directory, but not what the shell called it.
    /// </summary>
    public static string RepositoryRoot() =>
        FindAbove(AppContext.BaseDirectory)
        ?? FindAbove(Environment.GetEnvironmentVariable("PWD"))
        ?? throw new DirectoryNotFoundException("EdgeProxy.sln is in no folder above this one");

    private static string? FindAbove(string? start)
    {
        string? folder = start;
        while (folder is not null && !File.Exists(Path.Combine(folder, "EdgeProxy.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder;
    }

    private static List<CorpusCase> Load(string kind)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Root, kind + ".tsv"));
        string[] columns = lines[0].Split('\t');
        var cases = new List<CorpusCase>();
        foreach (string line in lines.Skip(1))
        {
            Dictionary<string, string> row = columns.Zip(line.Split('\t')).ToDictionary(p => p.First, p => p.Second);
            string path = row.GetValueOrDefault("path", "-");
            cases.Add(new CorpusCase(
                row["name"],
                row.GetValueOrDefault("method", "-"),
                row["expect"].Split(';'),
                row["reason"] == "-" ? RejectReason.None : Enum.Parse<RejectReason>(row["reason"]),
                path == "-" ? [] : path.Split(' '),
                File.ReadAllBytes(Path.Combine(Root, kind, row["name"] + ".raw"))));
        }

        return cases;
    }
}
