using System.Linq;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Report;
using EdgeProxy.LoadBench.Results;
using Xunit;

namespace EdgeProxy.Tests.LoadBench;

/// <summary>When a cell counts, and how it is shown.</summary>
public sealed class CellTests
{
    private static readonly ProbeAnswer Answer = new(200, HeadBytes: 100, BodyBytes: 900);

    [Theory]
    [InlineData(1000, 1_000_000, 0, 0)]
    [InlineData(1000, 1_064_000, 0, 0)]
    [InlineData(1000, 999_999, 0, 0, "999999 bytes, expected 1000000 to 1064000")]
    [InlineData(1000, 1_064_001, 0, 0, "1064001 bytes, expected 1000000 to 1064000")]
    [InlineData(1000, 1_000_000, 1, 0, "1 socket errors")]
    [InlineData(1000, 1_000_000, 0, 2, "2 bad statuses")]
    [InlineData(0, 0, 0, 0, "no request was answered")]
    public void Wrk_Run_IsVoid(long requests, long bytes, long errors, long bad, params string[] flaws)
    {
        var result = new WrkResult(requests, bytes, 1, errors, bad, 1, 2, 3, 0.5);

        Assert.Equal(flaws, LoadRules.FlawsOf(result, Answer, connections: 64));
    }

    [Fact]
    public void Wrk_HeadsThatVary_HaveTheirSlackOnly()
    {
        Assert.Empty(LoadRules.FlawsOf(Ran(bytes: 1000 * 990), Answer, 1, slackBytes: 10));
        Assert.Single(LoadRules.FlawsOf(Ran(bytes: 1000 * 989), Answer, 1, slackBytes: 10));
    }

    [Theory]
    [InlineData(10, 10_000, 0, 0)]
    [InlineData(10, 9_999, 0, 0, "9999 bytes, expected 10000")]
    [InlineData(10, 10_000, 2, 0, "2 handshakes full that should be resumed, or resumed that should be full")]
    [InlineData(10, 10_000, 0, 1, "1 errors, the first: no")]
    [InlineData(0, 0, 0, 0, "nothing was answered")]
    public void Handshakes_Run_IsVoid(long answered, long bytes, long unlike, long errors, params string[] flaws) =>
        Assert.Equal(
            flaws,
            LoadRules.FlawsOf(
                new HandshakeResult(answered, bytes, unlike, errors, 1, new Histogram(), "no"), Answer));

    [Theory]
    [InlineData(10, 0, 9_000, "h2")]
    [InlineData(10, 0, 10_800, "h2")]
    [InlineData(10, 0, 8_999, "h2", "8999 bytes, expected 9000 to 10800")]
    [InlineData(10, 0, 10_801, "h2", "10801 bytes, expected 9000 to 10800")]
    [InlineData(10, 1, 9_000, "h2", "1 bad answers")]
    [InlineData(10, 0, 9_000, "http/1.1", "the protocol was \"http/1.1\", not h2")]
    [InlineData(0, 0, 0, "h2", "nothing was answered")]
    public void H2Load_Run_IsVoid(long done, long bad, long bytes, string protocol, params string[] flaws) =>
        Assert.Equal(
            flaws,
            LoadRules.FlawsOf(new H2LoadResult(done, bad, bytes, 1, protocol, "any"), bodyBytes: 900, streams: 2));

    [Fact]
    public void Histogram_TakesAnother()
    {
        var one = new Histogram();
        var other = new Histogram();
        one.Add(100);
        other.Add(50);
        other.Add(1_000);

        one.Add(other);

        Assert.Equal((3, 1_000, 100), (one.Count, one.MaxNs, one.Quantile(0.5)));
    }

    [Theory]
    [InlineData(100, 0, 0)]
    [InlineData(100, 1, 0, "1 errors")]
    [InlineData(100, 0, 3, "3 unanswered")]
    [InlineData(0, 0, 0, "nothing was answered")]
    public void OpenLoop_Run_IsVoid(long answered, long errors, long unanswered, params string[] flaws) =>
        Assert.Equal(
            flaws,
            LoadRules.FlawsOf(new OpenLoopResult(new Histogram(), answered, errors, unanswered, 1, answered)));

    [Theory]
    [InlineData(1900, true)]
    [InlineData(1899, false)]
    [InlineData(2101, false)]
    public void Streams_EventsMissingOrTwice_AreVoid(long events, bool isGood)
    {
        var result = new OpenLoopResult(new Histogram(), events, Errors: 0, Unanswered: 0, Seconds: 2, Seen: events);

        Assert.Equal(isGood, !LoadRules.FlawsOfStreams(result, eventsPerSecond: 1000).Any());
    }

    [Fact]
    public void Cell_OneFlawInOneRound_VoidsAll()
    {
        Cell cell = Of("x", 10, 11, 12);
        cell.Rounds[1].Flaws.Add("3 bad statuses");

        Assert.Equal("3 bad statuses", cell.VoidReason(Metric.CpuUs));
        Assert.Equal("void", MarkdownReport.Figure(cell, Metric.CpuUs));
    }

    [Fact]
    public void Cell_BusyGenerator_VoidsTimesButNotCpu()
    {
        Cell cell = Of("x", 10, 11, 12);
        cell.Rounds[0].With(Metric.GeneratorBusy, 0.5).With(Metric.P99, 7);
        cell.Rounds[1].With(Metric.GeneratorBusy, 0.81).With(Metric.P99, 7);
        cell.Rounds[2].With(Metric.GeneratorBusy, 0.99).With(Metric.P99, 7);

        Assert.Null(cell.VoidReason(Metric.CpuUs));
        Assert.Equal("generator 81 % busy", cell.VoidReason(Metric.P99));
        Assert.Equal("void", MarkdownReport.Figure(cell, Metric.P99));
    }

    [Fact]
    public void Cell_GeneratorAtItsLimit_Counts()
    {
        Cell cell = Of("x", 10);
        cell.Rounds[0].With(Metric.GeneratorBusy, Cell.GeneratorBusyMax).With(Metric.Rate, 1000);

        Assert.Null(cell.VoidReason(Metric.Rate));
    }

    [Fact]
    public void Cell_ThatNeverRan_SaysWhy()
    {
        Assert.Equal("no round", new Cell("x").VoidReason(Metric.CpuUs));
        Assert.Equal("cannot", new Cell("x") { Absence = "cannot" }.VoidReason(Metric.CpuUs));
    }

    [Fact]
    public void Ratio_IsOfPairs_AndOfGoodCellsOnly()
    {
        Cell ours = Of("edgeproxy", 8, 80, 10);
        Cell theirs = Of("nginx", 20, 100, 12.5);

        Assert.Equal(0.8, ours.RatioTo(theirs, Metric.CpuUs)!.Value, 6);
        theirs.Rounds[0].Flaws.Add("x");
        Assert.Null(ours.RatioTo(theirs, Metric.CpuUs));
    }

    [Fact]
    public void Figure_HasMedianAndSpread() =>
        Assert.Equal("11.0 (10.0-19.5)", MarkdownReport.Figure(Of("x", 19.5, 10, 11), Metric.CpuUs));

    private static WrkResult Ran(long bytes) => new(1000, bytes, 1, 0, 0, 1, 2, 3, 0.5);

    private static Cell Of(string peer, params double[] cpu)
    {
        var cell = new Cell(peer);
        cell.Rounds.AddRange(cpu.Select(v => new Measurement().With(Metric.CpuUs, v)));
        return cell;
    }
}
