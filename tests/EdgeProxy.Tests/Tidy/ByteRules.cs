using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeProxy.Tests.Tidy;

/// <summary>The bytes of files, where files may lie, and which words stay where they belong.</summary>
internal static partial class ByteRules
{
    private static readonly string[] s_topFolders = [".ci", "bench", "packaging", "src", "tests"];

    private static readonly string[] s_topFiles =
    [
        ".editorconfig", ".gitattributes", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "Directory.Build.props",
        "Directory.Build.targets", "Directory.Packages.props", "EdgeProxy.sln", "LICENSE", "NOTICE", "README.md", "SECURITY.md",
        "build.ps1", "global.json", "nuget.config", ".git",
    ];

    private static readonly string[] s_textEndings =
        [".cs", ".md", ".csproj", ".props", ".targets", ".json", ".toml", ".txt", ".tsv", ".ps1", ".sln", ".service", "run"];

    public static IEnumerable<Finding> Run(SourceTree tree) => tree.Files.SelectMany(CheckFile);

    private static IEnumerable<Finding> CheckFile(SourceFile file)
    {
        if (!s_topFolders.Contains(file.Parts[0]) && !(file.Parts.Length == 1 && s_topFiles.Contains(file.Path)))
        {
            yield return new Finding(file.Path, 1, "not a place of the house", $"use one of {string.Join(", ", s_topFolders)}");
        }

        if (file.IsCode)
        {
            foreach (Finding finding in CheckBytes(file))
            {
                yield return finding;
            }
        }

        if (s_textEndings.Any(e => file.Path.EndsWith(e, StringComparison.Ordinal)))
        {
            for (int i = 0; i < file.Lines.Length; i++)
            {
                if (Workplace().Match(file.Lines[i]) is { Success: true } word)
                {
                    yield return new Finding(
                        file.Path, i + 1, $"'{word.Value}' is of somebody's workplace", "use words and paths of the repository");
                }
            }
        }
    }

    private static IEnumerable<Finding> CheckBytes(SourceFile file)
    {
        byte[] bytes = file.Bytes;
        if (bytes.AsSpan().StartsWith((byte[])[0xEF, 0xBB, 0xBF]))
        {
            yield return new Finding(file.Path, 1, "a byte order mark", "use plain UTF-8");
        }

        int line = 1;
        int reported = 0;
        foreach (byte b in bytes)
        {
            line += b == '\n' ? 1 : 0;
            string? what = b switch
            {
                (byte)'\t' => "a tab",
                (byte)'\r' => "a carriage return",
                > 126 when file.IsIn("src") => "a byte that is not ASCII",
                _ => null,
            };
            if (what is not null && reported != line)
            {
                reported = line;
                yield return new Finding(file.Path, line, what, "use spaces, LF and ASCII (write \"section\", \"->\")");
            }
        }
    }

    // The brackets keep the pattern from finding itself.
    [GeneratedRegex(
        @"/wor[k]/|/tm[p]/art|/hom[e]/\w+/|/roo[t]/|[w]orktree|\b[s]ub-?agents?\b|[c]laude code|\b[a]s an AI\b|"
        + @"\bAI [a]ssistant|[s]hared/reference|\b(house|reliability|performance|ecosystem|traefik|ai-gateway|design)[.]m[d]\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Workplace();
}
