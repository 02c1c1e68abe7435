using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Tailing;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Telemetry.Tailing;

/// <summary>Who looks gets what its filter lets pass, within a bound, and is forgotten when it leaves.</summary>
public sealed class TailFeedTests
{
    private readonly ManualTime _time = new();
    private readonly List<bool> _watched = [];
    private readonly TailFeed _feed;

    public TailFeedTests() => _feed = new TailFeed(_time) { OnWatched = _watched.Add };

    [Fact]
    public void Viewer_GetsWhatCameSinceItAskedLast_Once()
    {
        Assert.Equal(("", 0), Read("a"));
        Take("/one");
        Take("/two");

        (string lines, long dropped) = Read("a");

        Assert.Equal(0, dropped);
        string[] all = lines.TrimEnd('\n').Split('\n');
        Assert.Equal(2, all.Length);
        Assert.Contains("\"path\":\"/one\"", all[0]);
        Assert.Contains("\"path\":\"/two\"", all[1]);
        Assert.DoesNotContain("headers", lines);
        Assert.Equal(("", 0), Read("a"));
    }

    [Theory]
    [InlineData("viewer=a", true)]
    [InlineData("viewer=a&router=orders&service=app&status=200&min_duration_ms=12", true)]
    [InlineData("viewer=a&router=other", false)]
    [InlineData("viewer=a&service=other", false)]
    [InlineData("viewer=a&consumer=acme", false)]
    [InlineData("viewer=a&status=404,500-599", false)]
    [InlineData("viewer=a&status=404,200-299", true)]
    [InlineData("viewer=a&min_duration_ms=13", false)]
    public void Filter_LetsPassWhatAllOfItWants(string query, bool isTold)
    {
        TailFilter filter = TailFilter.Parse(query, out string viewer, out _)!;
        Assert.Equal("a", viewer);
        _feed.Read(viewer, filter);
        Take("/");

        Assert.Equal(isTold, _feed.Read(viewer, filter)!.Value.Lines.Length > 0);
    }

    [Theory]
    [InlineData("", "viewer is a name of 1 to 64 characters")]
    [InlineData("viewer=", "viewer is a name of 1 to 64 characters")]
    [InlineData("viewer=a&status=2xx", "status is 404, 500-599 or several of those with commas, not '2xx'")]
    [InlineData("viewer=a&min_duration_ms=1s", "min_duration_ms is a number up to 3600000, not '1s'")]
    [InlineData("viewer=a&min_duration_ms=3600001", "min_duration_ms is a number up to 3600000, not '3600001'")]
    [InlineData("viewer=a&path=/x", "'path' is none of viewer, router, service, consumer, status, min_duration_ms")]
    public void Query_ThatIsNone_SaysWhatIsAccepted(string query, string expected)
    {
        Assert.Null(TailFilter.Parse(query, out _, out string why));
        Assert.Equal(expected, why);
    }

    [Fact]
    public void SlowViewer_LosesLines_CountedExactly_OthersDoNot()
    {
        Read("slow");
        Read("quick");
        int taken = 0;
        long kept = 0;
        while (kept < TailLimits.WaitingBytesMax)
        {
            Take("/");
            taken++;
            kept += Read("quick").Lines.Length;
        }

        for (int i = 0; i < 7; i++)
        {
            Take("/late");
        }

        (string lines, long dropped) = Read("slow");
        Assert.Equal((taken, 7), (lines.Split('\n').Length - 1, dropped));
        Assert.Equal(7, Read("quick").Lines.Split('\n').Length - 1);
        Take("/again");
        Assert.Contains("/again", Read("slow").Lines);
    }

    [Fact]
    public void Viewers_AreBounded_AndThoseWhoLeaveAreForgotten()
    {
        for (int i = 0; i < TailLimits.ViewersMax; i++)
        {
            Read($"v{i}");
        }

        Assert.Null(_feed.Read("more", new TailFilter()));
        Assert.Equal([true], _watched);

        _time.Advance(TailLimits.IdleTime);
        Read("v0");
        _time.Advance(TimeSpan.FromSeconds(1));
        _feed.Flush();
        Assert.NotNull(_feed.Read("more", new TailFilter()));
        Assert.Equal([true], _watched);

        _time.Advance(TailLimits.IdleTime + TimeSpan.FromSeconds(1));
        _feed.Flush();
        Assert.Equal([true, false], _watched);
    }

    private void Take(string path)
    {
        var record = new SampleRecord(path: path);
        record.Record.Uses = RecordUse.Tail;
        _feed.Take(record.View, SampleRecord.StartedUnixUs);
    }

    private (string Lines, long Dropped) Read(string viewer)
    {
        (byte[] lines, long dropped) = _feed.Read(viewer, new TailFilter())!.Value;
        return (Encoding.UTF8.GetString(lines), dropped);
    }
}
