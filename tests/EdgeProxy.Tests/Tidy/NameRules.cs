using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeProxy.Tests.Tidy;

/// <summary>Names say what a thing is; namespaces say where it stands; event ids are given once.</summary>
internal static partial class NameRules
{
    /// <summary>Words that say nothing, as a whole word of a type's or file's name.</summary>
    private static readonly string[] s_emptyWords =
    [
        "Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Common", "Base", "Impl", "Info", "Data",
        "Misc", "Infrastructure", "Processor",
    ];

    /// <summary>Words of ours that hold one of those: the data path is a thing.</summary>
    private static readonly string[] s_ownWords = ["DataPath"];

    public static IEnumerable<Finding> Run(SourceTree tree) =>
        tree.Code.SelectMany(CheckFile).Concat(CheckEventIds(tree));

    private static IEnumerable<Finding> CheckFile(SourceFile file)
    {
        if (EmptyWordIn(file.Name.Split('.')[0]) is { } word)
        {
            yield return new Finding(file.Path, 1, $"a file named {word}", "use the name of the thing it is about");
        }

        foreach (Match type in TypeName().Matches(file.Code))
        {
            if (EmptyWordIn(type.Groups[1].Value) is { } empty)
            {
                yield return new Finding(
                    file.Path, file.LineAt(type.Index), $"type {type.Groups[1].Value} has the word {empty}", "use the name of the thing");
            }
        }

        string expected = NamespaceOf(file);
        Match found = Namespace().Match(file.Code);
        if (found.Success && found.Groups[1].Value != expected)
        {
            yield return new Finding(
                file.Path, file.LineAt(found.Index), $"namespace {found.Groups[1].Value}", $"use {expected}, as its folder");
        }
    }

    private static IEnumerable<Finding> CheckEventIds(SourceTree tree)
    {
        var given = new Dictionary<int, string>();
        foreach (SourceFile file in tree.Source)
        {
            foreach (Match id in EventIdLiteral().Matches(file.Code))
            {
                yield return new Finding(file.Path, file.LineAt(id.Index), "an event id as a number", "use a constant of EventIds");
            }

            foreach (Match message in GeneratedMessage().Matches(file.Code))
            {
                yield return new Finding(file.Path, file.LineAt(message.Index),
                    "[LoggerMessage]: its generator orders classes anew in each build, and no two builds would be alike",
                    "use LoggerMessage.Define");
            }

            if (file.Name != "EventIds")
            {
                continue;
            }

            foreach (Match constant in Constant().Matches(file.Code))
            {
                int id = int.Parse(constant.Groups[2].Value.Replace("_", ""), CultureInfo.InvariantCulture);
                if (!given.TryAdd(id, constant.Groups[1].Value))
                {
                    yield return new Finding(
                        file.Path,
                        file.LineAt(constant.Index),
                        $"{constant.Groups[1].Value} has the id {id} of {given[id]}",
                        "use the next free id of its floor");
                }
            }
        }
    }

    /// <summary>
    /// src: below EdgeProxy, the project's name only if it is a floor. Elsewhere: the project, then its folders.
    /// </summary>
    private static string NamespaceOf(SourceFile file)
    {
        string[] parts = file.Parts;
        string project = parts.Length > 1 ? parts[1] : "";
        string[] folders = parts.Length > 3 ? parts[2..^1] : [];
        string root = file.IsIn("src") && project != "EdgeProxy.Primitives" ? "EdgeProxy" : project;
        return string.Join('.', [root, .. folders]);
    }

    private static string? EmptyWordIn(string name)
    {
        string rest = s_ownWords.Aggregate(name, (left, own) => left.Replace(own, "", StringComparison.Ordinal));
        return Words().Matches(rest).Select(m => m.Value)
            .FirstOrDefault(w => s_emptyWords.Contains(w, StringComparer.Ordinal));
    }

    [GeneratedRegex(@"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")]
    private static partial Regex Words();

    [GeneratedRegex(@"\b(?:class|struct|interface|record|enum|delegate\s+\S+)\s+(?!struct\b|class\b)(\w+)")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"^namespace\s+([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"const int (\w+)\s*=\s*([0-9_]+)")]
    private static partial Regex Constant();

    [GeneratedRegex(@"\[LoggerMessage\b")]
    private static partial Regex GeneratedMessage();

    [GeneratedRegex(@"\bLoggerMessage\.Define[^(]*\(\s*LogLevel\.\w+,\s*[0-9]|new EventId\(\s*[0-9]")]
    private static partial Regex EventIdLiteral();
}
