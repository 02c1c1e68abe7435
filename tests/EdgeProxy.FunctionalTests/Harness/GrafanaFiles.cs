using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>An expression and where it stands.</summary>
internal sealed record GrafanaExpression(string Place, string Expression);

/// <summary>What packaging/grafana asks of Prometheus.</summary>
internal static class GrafanaFiles
{
    private const string AlertsFile = "alerts.rules.yml";

    public static string Folder
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "EdgeProxy.sln")))
            {
                folder = folder.Parent;
            }

            return Path.Combine(folder.FullName, "packaging", "grafana");
        }
    }

    public static int AlertCount => Alerts().Count();

    /// <summary>Of panels, annotations, variables and alerts; variables stand for all they may have.</summary>
    public static IEnumerable<GrafanaExpression> Expressions() =>
        Directory.GetFiles(Folder, "*.json").SelectMany(OfDashboard).Concat(Alerts());

    private static IEnumerable<GrafanaExpression> OfDashboard(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement root = document.RootElement;
        var found = new List<GrafanaExpression>();
        foreach (JsonElement panel in root.GetProperty("panels").EnumerateArray())
        {
            string title = panel.GetProperty("title").GetString()!;
            found.AddRange(panel.GetProperty("targets").EnumerateArray()
                .Select(target => Of($"{name}, {title}", target, "expr")));
        }

        found.AddRange(root.GetProperty("annotations").GetProperty("list").EnumerateArray()
            .Where(static a => a.TryGetProperty("expr", out _)).Select(a => Of($"{name}, annotation", a, "expr")));
        found.AddRange(root.GetProperty("templating").GetProperty("list").EnumerateArray()
            .Where(static v => v.GetProperty("type").GetString() == "query")
            .Select(v => Of($"{name}, variable", v, "query")));
        return found;
    }

    private static GrafanaExpression Of(string place, JsonElement element, string property) => new(
        place,
        element.GetProperty(property).GetString()!.Replace("$router", ".*", StringComparison.Ordinal)
            .Replace("$service", ".*", StringComparison.Ordinal));

    // The rules are laid out so: "- alert: NAME", then "expr: EXPRESSION", on one line or folded over the next.
    private static IEnumerable<GrafanaExpression> Alerts()
    {
        string name = "";
        string[] lines = File.ReadAllLines(Path.Combine(Folder, AlertsFile));
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.StartsWith("- alert: ", StringComparison.Ordinal))
            {
                name = line["- alert: ".Length..];
            }
            else if (line == "expr: >-")
            {
                int indent = lines[i].Length - lines[i].TrimStart().Length;
                IEnumerable<string> folded = lines.Skip(i + 1)
                    .TakeWhile(l => l.Length - l.TrimStart().Length > indent).Select(static l => l.Trim());
                yield return new GrafanaExpression(name, string.Join(' ', folded));
            }
            else if (line.StartsWith("expr: ", StringComparison.Ordinal))
            {
                yield return new GrafanaExpression(name, line["expr: ".Length..]);
            }
        }
    }
}
