using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EdgeProxy.LoadBench.Deployment;

/// <summary>The share of 5xx over time, and a line where a version was deployed, as an SVG picture.</summary>
internal static class DeploymentChart
{
    private const int Width = 720;
    private const int Height = 260;
    private const int Left = 50;
    private const int Right = 20;
    private const int Top = 60;
    private const int Bottom = 36;
    private const double ShareMost = 0.3;
    private const int ShareSteps = 3;
    private const int SecondsStep = 10;

    // What came within so long makes one point: two looks are too few requests for a smooth line.
    private const double WindowSeconds = 2;

    public static string Of(IReadOnlyList<DeploymentSample> samples, IReadOnlyList<DeploymentMark> marks)
    {
        double begin = samples[0].Time;
        double seconds = samples[^1].Time - begin;
        var svg = new StringBuilder();
        Add(svg, $"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{Height}" """);
        Add(svg, $"""viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="11">""");
        Add(svg, $"""<rect width="100%" height="100%" fill="white"/><text x="8" y="22" font-size="15" """);
        Add(svg, $"""font-weight="bold">Share of 5xx, and the versions the proxy saw in answers</text>""");
        svg.Append('\n');
        for (int i = 0; i <= ShareSteps; i++)
        {
            double share = ShareMost * i / ShareSteps;
            Add(svg, $"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(share):0.0}" y2="{Y(share):0.0}" """);
            Add(svg, $"""stroke="#dde3e8"/><text x="{Left - 6}" y="{Y(share) + 4:0.0}" text-anchor="end">""");
            Add(svg, $"{100 * share:0} %</text>");
        }

        for (int at = 0; at <= seconds; at += SecondsStep)
        {
            Add(svg, $"""<text x="{X(at, seconds):0.0}" y="{Height - 14}" text-anchor="middle">{at} s</text>""");
        }

        svg.Append('\n').Append("""<polyline fill="none" stroke="#1769aa" stroke-width="1.5" points=" """);
        foreach ((double time, double share) in Shares(samples))
        {
            Add(svg, $"{X(time - begin, seconds):0.0},{Y(Math.Min(share, ShareMost)):0.0} ");
        }

        svg.Append("\"/>\n");
        foreach (DeploymentMark mark in marks)
        {
            double x = X(mark.Time - begin, seconds);
            Add(svg, $"""<line x1="{x:0.0}" x2="{x:0.0}" y1="{Top - 14}" y2="{Height - Bottom}" """);
            Add(svg, $"""stroke="#c0392b" stroke-dasharray="4 3"/><text x="{x:0.0}" y="{Top - 18}" """);
            Add(svg, $"""text-anchor="middle" fill="#c0392b">{mark.Version} deployed</text>""");
            svg.Append('\n');
        }

        return svg.Append("</svg>\n").ToString();
    }

    // Of what came within the window before each look.
    private static IEnumerable<(double Time, double Share)> Shares(IReadOnlyList<DeploymentSample> samples)
    {
        int from = 0;
        for (int i = 1; i < samples.Count; i++)
        {
            while (samples[i].Time - samples[from].Time > WindowSeconds)
            {
                from++;
            }

            double requests = samples[i].Requests - samples[from].Requests;
            double errors = samples[i].Errors - samples[from].Errors;
            yield return (samples[i].Time, requests > 0 ? errors / requests : 0);
        }
    }

    private static double X(double at, double seconds) => Left + ((Width - Left - Right) * at / seconds);

    private static double Y(double share) => Height - Bottom - ((Height - Top - Bottom) * share / ShareMost);

    private static void Add(StringBuilder svg, FormattableString text) =>
        svg.Append(text.ToString(CultureInfo.InvariantCulture));
}
