using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeProxy.Config;
using Xunit;

namespace EdgeProxy.Tests.Config;

public sealed partial class ConfigMarkdownTests
{
    private static readonly string Text = ConfigMarkdown.Write();

    public static TheoryData<string> Examples => [.. Example().Matches(Text).Select(match => match.Groups[1].Value)];

    [Fact]
    public void Write_EveryTable_HasItsTextItsRowsAndAnExample()
    {
        Dictionary<string, string> sections = Sections();
        foreach (DeclaredTable declared in DeclaredTable.All)
        {
            string section = sections[TitleOf(declared)];

            Assert.StartsWith($"\n\n{declared.Table.Doc}", section, StringComparison.Ordinal);
            Assert.Equal(
                declared.Table.Keys.Select(key => $"| `{key.Name}` | {key.TypeText} |"),
                Row().Matches(section).Select(match => match.Value));
            Assert.Equal(declared.Table.Keys.Count > 0 ? 1 : 0, Example().Count(section));
        }

        Assert.Equal(DeclaredTable.All.Count, sections.Count);
    }

    [Fact]
    public void Write_EveryRow_HasFiveCells() =>
        Assert.All(
            Text.Split('\n').Where(line => line.StartsWith('|')),
            row => Assert.Equal(6, Regex.Count(row, @"(?<!\\)\|")));

    [Theory]
    [MemberData(nameof(Examples))]
    public void Write_Example_IsValid(string example)
    {
        string folder = Directory.CreateTempSubdirectory("edgeproxy-example-").FullName;
        try
        {
            string path = Path.Combine(folder, "edgeproxy.toml");
            File.WriteAllText(path, Completed(example));

            ProxySettings? settings = ConfigFile.Load(path, ConfigCorpus.Environment, out var faults);

            string[] left = ConfigCorpus.WithoutFilesOfExamples([.. faults.Select(fault => fault.ToString())]);
            Assert.Empty(left);
            Assert.Equal(faults.Count == 0, settings is not null);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // An example is part of a file; the rest is the default file's.
    private static string Completed(string example)
    {
        HashSet<string> own = [.. Header().Matches(example).Select(match => match.Value)];
        IEnumerable<string> others = Regex.Split(ConfigReference.DefaultToml(), @"(?m)^(?=\[)").Skip(1)
            .Where(section => !own.Contains(Header().Match(section).Value));
        return example + string.Concat(others);
    }

    private static Dictionary<string, string> Sections() =>
        Text.Split("\n## ").Skip(1).ToDictionary(
            section => section[..section.IndexOf('\n', StringComparison.Ordinal)],
            section => section[section.IndexOf('\n', StringComparison.Ordinal)..]);

    private static string TitleOf(DeclaredTable declared)
    {
        int dot = declared.Path.LastIndexOf('.');
        return declared.Path.Length == 0 ? "Top level"
            : declared.IsValue ? $"{declared.Path[(dot + 1)..]} in [{declared.Path[..dot]}]"
            : $"[{declared.Path}]";
    }

    [GeneratedRegex(@"```toml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"^\| `[^`]*` \| [^|]* \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\[.*\]$", RegexOptions.Multiline)]
    private static partial Regex Header();
}
