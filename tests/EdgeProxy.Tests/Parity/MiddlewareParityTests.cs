using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Tests.Config;
using Xunit;

namespace EdgeProxy.Tests.Parity;

/// <summary>What the README says of us beside Traefik is what the configuration accepts.</summary>
public class MiddlewareParityTests
{
    private const string Title = "## Middlewares beside Traefik's\n";

    private static readonly HashSet<string> Kinds = [.. MiddlewareTable.Declaration.Names()];

    [Fact]
    public void Kinds_ThatAreAccepted_AreInTheFile() =>
        Assert.Empty(Kinds.Except(ParityRow.All.Where(row => row.IsAccepted).SelectMany(row => row.Ours)));

    [Fact]
    public void Rows_SayWhatIsSo()
    {
        foreach (ParityRow row in ParityRow.All)
        {
            string about = $"{row.Traefik}: {string.Join(", ", row.Ours)}";
            Assert.Contains(row.State, new[] { "yes", "differs", "no" });
            Assert.True(row.Traefik.Length > 0 || row.Ours.Count > 0, about);
            Assert.True(row.IsAccepted ? row.Ours.Count > 0 : row.Ours.Count <= 1, about);
            Assert.True(row.State != "differs" || row.How is { Length: > 0 }, about);
            Assert.All(row.Ours, name => Assert.True(IsAccepted(name) == row.IsAccepted, $"{about} is {row.State}"));
        }
    }

    [Fact]
    public void Rows_StandOnceEach()
    {
        Assert.Distinct(ParityRow.All.SelectMany(row => row.Ours));
        Assert.Distinct(ParityRow.All.Select(row => row.Traefik).Where(name => name.Length > 0));
    }

    [Fact]
    public void Readme_HasTheTable()
    {
        string path = Path.Combine(ConfigCorpus.Root, "README.md");
        string text = File.ReadAllText(path);
        int start = text.IndexOf(Title, StringComparison.Ordinal);
        Assert.True(start >= 0, Title);
        start = text.IndexOf("\n| ", start, StringComparison.Ordinal) + 1;
        int end = text.IndexOf("\n\n", start, StringComparison.Ordinal) + 1;
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, text[..start] + ParityRow.Markdown() + text[end..]);
            return;
        }

        Assert.Equal(ParityRow.Markdown(), text[start..end]);
    }

    // A kind of middleware, or a table or key by its path.
    private static bool IsAccepted(string name)
    {
        if (!name.Contains('.', StringComparison.Ordinal))
        {
            return Kinds.Contains(name);
        }

        int dot = name.LastIndexOf('.');
        return DeclaredTable.All.Any(declared =>
            declared.Path == name || (declared.Path == name[..dot] && HasKey(declared.Table, name[(dot + 1)..])));
    }

    private static bool HasKey(TableDeclaration table, string name) => table.Keys.Any(key => key.Name == name);
}
