using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeProxy.Tests.Tidy;

/// <summary>
/// What code may reach for: no hidden usings, no LINQ on the data path, ASP.NET at its edge, no blocking waits.
/// </summary>
internal static partial class ReachRules
{
    private const string Connections = "Microsoft.AspNetCore.Connections";

    public static IEnumerable<Finding> Run(SourceTree tree) => tree.Code.SelectMany(CheckFile);

    private static IEnumerable<Finding> CheckFile(SourceFile file)
    {
        bool isSource = file.IsIn("src");
        for (int i = 0; i < file.CodeLines.Length; i++)
        {
            string line = file.CodeLines[i];
            Finding? finding = CheckEverywhere(file, i + 1, line) ?? (isSource ? CheckSource(file, i + 1, line) : null);
            if (finding is not null)
            {
                yield return finding;
            }
        }
    }

    private static Finding? CheckEverywhere(SourceFile file, int line, string code) =>
        code.Contains("global using", StringComparison.Ordinal)
            ? new Finding(file.Path, line, "a global using", "use a using in each file, so that reach is seen")
            : code.Contains("Thread.Sleep", StringComparison.Ordinal)
                ? new Finding(file.Path, line, "Thread.Sleep", "use a condition: a gate, a signal, Eventually")
                : null;

    private static Finding? CheckSource(SourceFile file, int line, string code)
    {
        if (Linq().IsMatch(code) && !file.IsIn("src/EdgeProxy.Core/Config"))
        {
            return new Finding(file.Path, line, "LINQ outside Config", "use a loop");
        }

        if (code.Contains("Microsoft.AspNetCore", StringComparison.Ordinal) && !MayNameAspNet(file, code))
        {
            return new Finding(
                file.Path, line, "ASP.NET outside EntryPoints and Host", $"use Exchange (Transport: {Connections} only)");
        }

        return Blocking().Match(code) is { Success: true } blocking
            ? new Finding(file.Path, line, $"{blocking.Value} blocks", "use await")
            : null;
    }

    private static bool MayNameAspNet(SourceFile file, string code) =>
        file.IsIn("src/EdgeProxy.Core/EntryPoints") || file.IsIn("src/EdgeProxy/Host")
        || (file.IsIn("src/EdgeProxy.Core/Transport")
            && !code.Replace(Connections, "").Contains("Microsoft.AspNetCore", StringComparison.Ordinal));

    [GeneratedRegex(@"\busing\s+(static\s+)?System\.Linq\b|\bSystem\.Linq\.")]
    private static partial Regex Linq();

    [GeneratedRegex(@"\.Result\b|\.Wait\(|\.GetAwaiter\(\)\.GetResult\(")]
    private static partial Regex Blocking();
}
