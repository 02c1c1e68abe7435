using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Report;

/// <summary>Horizontal bars, a group per scenario, each on a scale of its own: its longest bar is its worst.</summary>
internal static class SvgChart
{
    private const int LabelWidth = 130;
    private const int NameWidth = 80;
    private const int BarWidth = 380;
    private const int ValueWidth = 90;
    private const int BarHeight = 15;
    private const int GroupGap = 14;
    private const int Top = 46;
    private const string OwnColour = "#1769aa";
    private const string PeerColour = "#b8c4ce";

    /// <summary>A chart of one metric; null when no scenario has it.</summary>
    public static string? Of(string title, IReadOnlyList<ScenarioResult> results, Metric metric)
    {
        List<ScenarioResult> shown =
            [.. results.Where(r => r.Scenario.Metrics.Contains(metric) && r.Cells.Any(c => Value(c, metric) > 0))];
        if (shown.Count == 0)
        {
            return null;
        }

        const int width = LabelWidth + NameWidth + BarWidth + ValueWidth;
        int height = Top + shown.Sum(r => (r.Cells.Count * BarHeight) + GroupGap);
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" """);
        svg.Append(CultureInfo.InvariantCulture, $"""viewBox="0 0 {width} {height}" """);
        svg.Append("""font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>""");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"""<text x="8" y="22" font-size="15" font-weight="bold">{Escaped(title)}</text>""").Append('\n');
        int y = Top;
        foreach (ScenarioResult result in shown)
        {
            y = WriteGroup(svg, result, metric, y) + GroupGap;
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static int WriteGroup(StringBuilder svg, ScenarioResult result, Metric metric, int y)
    {
        double most = result.Cells.Max(c => Value(c, metric));
        svg.Append(
            CultureInfo.InvariantCulture,
            $"""<text x="8" y="{y + 11}" font-weight="bold">{Escaped(result.Scenario.Name)}</text>""");
        foreach (Cell cell in result.Cells)
        {
            double value = Value(cell, metric);
            int length = value > 0 ? Math.Max(1, (int)Math.Round(BarWidth * value / most)) : 0;
            string colour = cell == result.Ours ? OwnColour : PeerColour;
            string text = value > 0 ? MarkdownReport.Number(value, metric) : "void";
            const int bars = LabelWidth + NameWidth;
            svg.Append(
                CultureInfo.InvariantCulture, $"""<text x="{LabelWidth}" y="{y + 11}">{Escaped(cell.Peer)}</text>""");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"""<rect x="{bars}" y="{y + 2}" width="{length}" height="{BarHeight - 4}" fill="{colour}"/>""");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"""<text x="{bars + length + 5}" y="{y + 11}">{Escaped(text)}</text>""").Append('\n');
            y += BarHeight;
        }

        return y;
    }

    private static double Value(Cell cell, Metric metric) =>
        cell.VoidReason(metric) is null ? cell.MedianOf(metric) ?? 0 : 0;

    private static string Escaped(string text) => WebUtility.HtmlEncode(text);
}
