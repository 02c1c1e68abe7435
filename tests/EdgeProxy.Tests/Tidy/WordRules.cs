using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeProxy.Tests.Tidy;

/// <summary>Comments and documents: nothing empty, nothing open without a number, nothing that is not there.</summary>
internal static partial class WordRules
{
    /// <summary>Names of others that our documents speak of and our code does not.</summary>
    private static readonly string[] s_foreignNames =
    [
        "SocketsHttpHandler", "HttpClient", "HttpContext", "SslStream", "IHttpApplication", "IConnectionListenerFactory",
        "PackageReference", "ProjectReference", "FrameworkReference", "PublishAot", "SharpFuzz", "BenchmarkDotNet", "ConnectionContext",
        "SocketAsyncEventArgs", "PipeReader", "PipeWriter",
    ];

    private static readonly string[] s_pathEndings =
        [".cs", ".md", ".toml", ".json", ".csproj", ".props", ".targets", ".ps1", ".tsv", ".raw", ".txt", ".sh", ".sln"];

    public static IEnumerable<Finding> Run(SourceTree tree) =>
        tree.Code.SelectMany(CheckComments).Concat(CheckDocuments(tree)).Concat(CheckRejections(tree));

    private static IEnumerable<Finding> CheckComments(SourceFile file)
    {
        foreach (Match summary in EmptySummary().Matches(file.Text))
        {
            yield return new Finding(
                file.Path, file.LineAt(summary.Index), "an empty summary", "use a sentence that says what it is, or none");
        }

        for (int i = 0; i < file.Lines.Length; i++)
        {
            if (OpenEnd().Match(file.Lines[i]) is { Success: true } open && !Numbered().IsMatch(file.Lines[i])
                && !file.CodeLines[i].Contains(open.Value, StringComparison.Ordinal))
            {
                yield return new Finding(file.Path, i + 1, $"{open.Value} without a number", "use #123 or ADR-0001 to say where it is decided");
            }
        }
    }

    private static IEnumerable<Finding> CheckDocuments(SourceTree tree)
    {
        HashSet<string>? words = null;
        foreach (SourceFile file in tree.Files.Where(f => f.IsIn("src") && f.Path.EndsWith(".md", StringComparison.Ordinal)))
        {
            words ??=
            [
                .. tree.Code.SelectMany(f => Identifier().Matches(f.Code).Select(m => m.Value)), .. s_foreignNames,
            ];
            bool isInBlock = false;
            for (int i = 0; i < file.Lines.Length; i++)
            {
                isInBlock ^= file.Lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal);
                foreach (Match quoted in BackTicked().Matches(isInBlock ? "" : file.Lines[i]))
                {
                    if (CheckQuoted(tree, file, words, quoted.Groups[1].Value) is { } what)
                    {
                        yield return new Finding(file.Path, i + 1, what, "use the name it has now");
                    }
                }
            }
        }
    }

    private static string? CheckQuoted(SourceTree tree, SourceFile file, HashSet<string> words, string quoted)
    {
        if (IsPath(quoted))
        {
            return PathExists(tree, file, quoted) ? null : $"path `{quoted}` does not exist";
        }

        if (quoted.Contains('/', StringComparison.Ordinal))
        {
            return null;
        }

        // A name of ours: two capitals at least, perhaps with members or type arguments.
        if (TypeLike().Match(quoted) is not { Success: true } type)
        {
            return null;
        }

        string? missing = type.Value.Split('.', '<', '(')[..1].FirstOrDefault(w => w.Length > 0 && !words.Contains(w));
        return missing is null ? null : $"name `{missing}` does not exist";
    }

    private static bool IsPath(string quoted) =>
        !quoted.StartsWith('/') && !quoted.StartsWith('-') && !quoted.Contains(' ', StringComparison.Ordinal)
        && !quoted.Contains("://", StringComparison.Ordinal) && !quoted.Contains('{', StringComparison.Ordinal)
        && !quoted.Contains('<', StringComparison.Ordinal)
        && (TreePath().IsMatch(quoted) || (quoted.Contains('/', StringComparison.Ordinal)
            && (quoted.EndsWith('/') || s_pathEndings.Any(e => quoted.EndsWith(e, StringComparison.Ordinal)))));

    private static bool PathExists(SourceTree tree, SourceFile file, string quoted)
    {
        string path = quoted.TrimEnd('/');
        int star = path.IndexOf('*', StringComparison.Ordinal);
        path = star < 0 ? path : path[..path.LastIndexOf('/', star)];
        string[] bases =
        [
            tree.Root, Path.Combine(tree.Root, "src"), Path.Combine(tree.Root, "src", "EdgeProxy.Core"),
            Path.Combine(tree.Root, Path.GetDirectoryName(file.Path)!),
        ];
        string[] endings = ["", ".cs"];
        return bases.Any(b => endings.Any(e => Path.Exists(Path.Combine(b, path + e))));
    }

    /// <summary>Each way to refuse a message is named by a test, or expected by a case of the corpus.</summary>
    private static IEnumerable<Finding> CheckRejections(SourceTree tree)
    {
        SourceFile? reasons = tree.Source.FirstOrDefault(f => f.Name == "RejectReason");
        if (reasons is null)
        {
            yield break;
        }

        HashSet<string> proven =
        [
            .. tree.Files.Where(f => f.IsIn("tests") && !f.IsIn("tests/EdgeProxy.Tests/Tidy"))
                .Where(f => f.IsCode || f.Path.EndsWith(".tsv", StringComparison.Ordinal))
                .SelectMany(f => Identifier().Matches(f.Text).Select(m => m.Value)),
        ];
        string code = reasons.Code;
        int body = code.IndexOf('{', Math.Max(0, code.IndexOf("enum RejectReason", StringComparison.Ordinal)));
        int end = code.IndexOf('}', Math.Max(0, body));
        foreach (Match member in EnumMember().Matches(body < 0 ? "" : code[..end], Math.Max(0, body)))
        {
            string name = member.Groups[1].Value;
            if (name != "None" && !proven.Contains(name))
            {
                yield return new Finding(
                    reasons.Path, reasons.LineAt(member.Groups[1].Index), $"no test names {name}", "use a case of the corpus to prove it");
            }
        }
    }

    [GeneratedRegex(@"^ *///\s*<summary>\s*(///\s*)*</summary>", RegexOptions.Multiline)]
    private static partial Regex EmptySummary();

    [GeneratedRegex(@"\b(TOD[O]|FIXM[E]|HAC[K])\b")]
    private static partial Regex OpenEnd();

    [GeneratedRegex(@"#[0-9]+|ADR-[0-9]{4}")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Identifier();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex BackTicked();

    [GeneratedRegex(@"^[A-Z][a-z0-9]+[A-Z]\w*(?=$|[.<(])")]
    private static partial Regex TypeLike();

    [GeneratedRegex(@"^(src|tests|bench|packaging|\.ci)/")]
    private static partial Regex TreePath();

    [GeneratedRegex(@"\G[^A-Za-z]*?(\w+)\s*(?:=[^,}]*)?(?:,|$|\s)|(?<=[,{]\s*)([A-Z]\w*)")]
    private static partial Regex EnumMember();
}
