using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EdgeProxy.Tests.Tidy;

/// <summary>Holds the table of who may name whom by reading the sources. References go down only.</summary>
internal static partial class FloorCheck
{
    /// <summary>A floor may name itself and the floors listed here.</summary>
    private static readonly Dictionary<string, string[]> s_mayName = new()
    {
        ["Primitives"] = [],
        ["Transport"] = ["Primitives"],
        ["Telemetry"] = ["Primitives"],
        ["Audit"] = ["Primitives"],
        ["Routing"] = ["Primitives"],
        ["Services"] = ["Primitives", "Transport", "Telemetry"],
        ["Pipeline"] = ["Primitives", "Transport", "Telemetry", "Audit", "Routing", "Services"],
        ["Middlewares"] = ["Primitives", "Telemetry", "Services", "Pipeline"],
        ["Ai"] = ["Primitives", "Telemetry", "Services", "Pipeline"],
        ["EntryPoints"] = ["Primitives", "Transport", "Telemetry", "Pipeline"],
        ["Config"] =
        [
            "Primitives", "Transport", "Telemetry", "Audit", "Routing", "Services", "Pipeline", "Middlewares", "Ai",
            "EntryPoints",
        ],
        ["Control"] =
        [
            "Primitives", "Transport", "Telemetry", "Audit", "Routing", "Services", "Pipeline", "EntryPoints", "Config",
        ],
        ["Host"] =
        [
            "Primitives", "Transport", "Telemetry", "Audit", "Routing", "Services", "Pipeline", "Middlewares", "Ai",
            "EntryPoints", "Config", "Control",
        ],
    };

    /// <summary>Which floors a project may hold; what it may reference.</summary>
    private static readonly Dictionary<string, (string[] Floors, string[] Projects)> s_projects = new()
    {
        ["EdgeProxy.Primitives"] = (["Primitives"], []),
        ["EdgeProxy.Core"] =
        (
            [
                "Transport", "Telemetry", "Audit", "Routing", "Services", "Pipeline", "Middlewares", "Ai", "EntryPoints",
                "Config",
            ],
            ["EdgeProxy.Primitives"]),
        ["EdgeProxy"] = (["Control", "Host"], ["EdgeProxy.Primitives", "EdgeProxy.Core"]),
    };

    // A sibling can be named without `using`: inside EdgeProxy.Routing, Services.Server compiles.
    private static readonly Regex s_relativeName =
        new($@"(?<![\w.])({string.Join('|', s_mayName.Keys)})\s*\.\s*[A-Z]");

    public static IReadOnlyCollection<string> Floors => s_mayName.Keys;

    public static IEnumerable<Finding> Run(SourceTree tree) =>
        tree.Source.SelectMany(CheckFile).Concat(tree.Files.SelectMany(CheckProject));

    private static IEnumerable<Finding> CheckFile(SourceFile file)
    {
        if (FloorOf(file) is not { } floor)
        {
            yield return new Finding(file.Path, 1, "stands on no floor", "move it into the folder of a floor of its project");
            yield break;
        }

        foreach (Match match in FullName().Matches(file.Code).Concat(s_relativeName.Matches(file.Code)))
        {
            string target = match.Groups[1].Value;
            if (target != floor && s_mayName.ContainsKey(target) && !s_mayName[floor].Contains(target))
            {
                yield return new Finding(
                    file.Path,
                    file.LineAt(match.Index),
                    $"{floor} may not name {target}",
                    $"use a seam declared in {floor} that a higher floor fills");
            }
        }
    }

    private static string? FloorOf(SourceFile file)
    {
        // src / project / floor / ... ; Primitives is a project and a floor at once.
        string[] parts = file.Parts;
        if (parts.Length < 3 || !s_projects.TryGetValue(parts[1], out (string[] Floors, string[] Projects) project))
        {
            return null;
        }

        string floor = parts[1] == "EdgeProxy.Primitives" ? "Primitives" : parts[2];
        return parts.Length > 3 || floor == "Primitives"
            ? project.Floors.FirstOrDefault(f => f == floor)
            : null;
    }

    private static IEnumerable<Finding> CheckProject(SourceFile file)
    {
        if (!file.IsIn("src") || !file.Path.EndsWith(".csproj", System.StringComparison.Ordinal))
        {
            yield break;
        }

        if (!s_projects.TryGetValue(file.Name, out (string[] Floors, string[] Projects) project))
        {
            yield return new Finding(file.Path, 1, "a project the house does not know", "add its row to FloorCheck, and a decision");
            yield break;
        }

        foreach (XElement reference in XDocument.Parse(file.Text).Descendants("ProjectReference"))
        {
            string target = Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!);
            if (!project.Projects.Contains(target))
            {
                yield return new Finding(file.Path, 1, $"{file.Name} may not reference {target}", "use a reference downwards");
            }
        }
    }

    [GeneratedRegex(@"\bEdgeProxy\s*\.\s*([A-Z][A-Za-z]+)")]
    private static partial Regex FullName();
}
