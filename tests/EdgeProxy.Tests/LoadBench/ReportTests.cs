using System;
using System.Linq;
using System.Text.Json;
using System.Xml.Linq;
using EdgeProxy.LoadBench.Report;
using EdgeProxy.LoadBench.Results;
using EdgeProxy.LoadBench.Scenarios;
using Xunit;

namespace EdgeProxy.Tests.LoadBench;

/// <summary>The three forms of a result say the same.</summary>
public sealed class ReportTests
{
    private static readonly RunFacts Facts = new()
    {
        When = new DateTimeOffset(2026, 9, 1, 12, 0, 0, TimeSpan.Zero),
        Commit = "abc123",
        Kernel = "6.1",
        Processor = "P, 2 processors",
        Command = "dotnet run",
        Cores = 1,
        Rounds = 2,
        Seconds = 1,
        LoadBefore = "0 0 0",
        Versions = [("nginx", "1.30")],
    };

    [Fact]
    public void Markdown_HasFiguresRatiosAndReasons()
    {
        string text = MarkdownReport.Of(Facts, [Result()], ["left out: caddy, not installed"]);

        Assert.Contains("| get-1k | CPU us/request | 15.0 | 20.0 (0.75x) | void |", text);
        Assert.Contains("- left out: caddy, not installed", text);
        Assert.Contains("Void, yarp, all: it ended", text);
        Assert.Contains("commit abc123", text);
        Assert.Contains("- nginx: 1.30", text);
    }

    [Fact]
    public void Markdown_WhoTakesNoPartInAScenario_KeepsItsColumn()
    {
        var ours = new ScenarioResult(
            ScenarioList.All.First(s => s.Name == "middlewares"), [Cell("edgeproxy", 15), Cell("edgeproxy+chain", 20)]);

        string text = MarkdownReport.Of(Facts, [Result(), ours], []);

        Assert.Contains("| scenario | figure | edgeproxy | nginx | yarp | edgeproxy+chain |", text);
        Assert.Contains("| 15.0 | 20.0 (0.75x) | void | - |", text);
        Assert.Contains("| middlewares | CPU us/request | 15.0 | - | - | 20.0 (0.75x) |", text);
    }

    [Fact]
    public void Json_HasEachRound_AndSaysWhatIsVoid()
    {
        using JsonDocument json = JsonDocument.Parse(JsonReport.Of(Facts, [Result()]));
        JsonElement cells = json.RootElement.GetProperty("scenarios")[0].GetProperty("cells");

        JsonElement nginx = cells[1].GetProperty("metrics").GetProperty("cpu_us_per_request");
        Assert.Equal(20, nginx.GetProperty("median").GetDouble());
        Assert.Equal(0.75, nginx.GetProperty("ours_to_this").GetDouble());
        Assert.Equal(2, cells[0].GetProperty("rounds").GetArrayLength());
        Assert.Equal("it ended", cells[2].GetProperty("absent").GetString());
    }

    [Fact]
    public void Svg_IsXml_WithABarPerProxy()
    {
        XDocument svg = XDocument.Parse(SvgChart.Of("CPU <us>", [Result()], Metric.CpuUs)!);
        XNamespace ns = "http://www.w3.org/2000/svg";
        int[] bars = [.. svg.Descendants(ns + "rect").Skip(1).Select(r => (int)r.Attribute("width")!)];

        Assert.Equal([285, 380, 0], bars);
        Assert.Contains(svg.Descendants(ns + "text"), t => t.Value == "CPU <us>");
        Assert.Contains(svg.Descendants(ns + "text"), t => t.Value == "void");
    }

    [Fact]
    public void Svg_NothingToShow_IsNoChart() => Assert.Null(SvgChart.Of("x", [Result()], Metric.Start));

    private static ScenarioResult Result() => new(
        ScenarioList.All.First(s => s.Name == "get-1k"),
        [Cell("edgeproxy", 15, 15), Cell("nginx", 20, 20), new Cell("yarp") { Absence = "it ended" }]);

    private static Cell Cell(string peer, params double[] cpu)
    {
        var cell = new Cell(peer);
        cell.Rounds.AddRange(cpu.Select(v => new Measurement().With(Metric.CpuUs, v)));
        return cell;
    }
}
