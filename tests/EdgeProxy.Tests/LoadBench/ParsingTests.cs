using System;
using System.Linq;
using System.Text;
using EdgeProxy.LoadBench;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Processes;
using EdgeProxy.LoadBench.Report;
using EdgeProxy.LoadBench.Scenarios;
using Xunit;

namespace EdgeProxy.Tests.LoadBench;

/// <summary>What the harness reads: its command line, wrk's result, /proc, events of a stream.</summary>
public sealed class ParsingTests
{
    private const string Result =
        "result requests=50000 bytes=54000000 us=2000123 connect=1 read=2 write=3 status=4 timeout=5 "
        + "p50=900 p99=2100 p999=5100 max=9000 cpu=0.512345";

    [Fact]
    public void WrkResult_IsTheLineOfTheScript() =>
        Assert.Equal(
            new WrkResult(50_000, 54_000_000, 2.000123, 11, 4, 900, 2100, 5100, 0.512345),
            WrkResult.Parse($"Running 2s test\n  64 connections\n{Result}\n"));

    [Fact]
    public void WrkResult_NoLine_IsNone() => Assert.Null(WrkResult.Parse("unable to connect to 127.0.0.1\n"));

    private const string H2LoadOutput = """
        starting benchmark...
        TLS Protocol: TLSv1.3
        Cipher: TLS_AES_128_GCM_SHA256
        Server Temp Key: X25519 253 bits
        Application protocol: h2

        finished in 1.25s, 39998.40 req/s, 40.54MB/s
        requests: 50158 total, 50158 started, 49998 done, 49990 succeeded, 8 failed, 2 errored, 1 timeout
        status codes: 49990 2xx, 1 3xx, 3 4xx, 4 5xx
        traffic: 50.68MB (53138448) total, 98.14KB (100496) headers (space savings 97.30%), 49.61MB (51197952) data
                             min         max         mean         sd        +/- sd
        time for request:      100us     12.00ms      1.20ms       300us    70.00%

        """;

    [Fact]
    public void H2LoadResult_IsItsSummary() =>
        Assert.Equal(
            new H2LoadResult(49_998, 19, 51_197_952, 1.25, "h2", "TLS_AES_128_GCM_SHA256"),
            H2LoadResult.Parse(H2LoadOutput));

    [Fact]
    public void H2LoadResult_NoSummary_IsNone() => Assert.Null(H2LoadResult.Parse("could not connect to host\n"));

    [Fact]
    public void WrkScript_QuotesRequests_AndSendsThemInTurn()
    {
        string lua = WrkScript.Of([ProbeRequest.Get("/a\"b", 1), ProbeRequest.Get("/c", 1)]);

        Assert.Contains("\"GET /a\\034b HTTP/1.1\\013\\010Host: bench.example.com\\013\\010\\013\\010\",\n", lua);
        Assert.Contains("requests[at]", lua);
        Assert.DoesNotContain("requests[at]", WrkScript.Of([ProbeRequest.Get("/a", 1)]));
    }

    [Theory]
    [InlineData("12 (nginx: (a) b) S 7 12 12 0 -1", 7)]
    [InlineData("12 (x) R 1 0 0", 1)]
    public void ProcessTree_Parent_IsBehindTheName(string stat, int parent) =>
        Assert.Equal(parent, ProcessTree.ParentIn(stat));

    [Theory]
    [InlineData("VmRSS", 8712)]
    [InlineData("VmHWM", 9001)]
    [InlineData("VmSwap", 0)]
    public void ProcessTree_Memory_IsInKib(string field, long kib) =>
        Assert.Equal(kib, ProcessTree.KibIn("Name:\tVmRSS x\nVmHWM:\t    9001 kB\nVmRSS:\t    8712 kB\n", field));

    [Fact]
    public void CoreTimes_Busy_IsAllButIdleAndWait()
    {
        const string stat = "cpu  9 9 9 9 9 9 9 9\ncpu0 100 20 30 5000 600 1 2 47 0 0\ncpu1 1 1 1 1 1 1 1 1\n";

        Assert.Equal(2.0, CoreTimes.BusySecondsIn(stat, 0));
        Assert.Equal(0, CoreTimes.BusySecondsIn(stat, 7));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 42", 42)]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length:7\r\nA: b", 7)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", -1)]
    public void Probe_ContentLength_IsFound(string head, int length) =>
        Assert.Equal(length, Probe.ContentLength(Encoding.Latin1.GetBytes(head)));

    [Theory]
    [InlineData(200, 10, null)]
    [InlineData(503, 10, "status 503")]
    [InlineData(200, 9, "9 bytes of body, not 10")]
    public void Probe_Answer_MustBeTheExpectedOne(int status, int bytes, string? flaw) =>
        Assert.Equal(flaw, ProbeRequest.Get("/", 10).FlawOf(new ProbeAnswer(status, 50, bytes)));

    [Fact]
    public void StreamedEvent_ReadsWhatItWrote()
    {
        byte[] chunk = new byte[StreamedEvent.ChunkBytes];
        StreamedEvent.WriteChunk(chunk, 123_456_789_012);
        ReadOnlySpan<byte> twice = [.. chunk, .. chunk];
        ReadOnlySpan<byte> half = chunk.AsSpan(0, chunk.Length - 10);

        Assert.Equal("1b\r\ndata: 0000000123456789012\n\n\r\n", Encoding.ASCII.GetString(chunk));
        Assert.True(StreamedEvent.TryTake(ref twice, out long first));
        Assert.True(StreamedEvent.TryTake(ref twice, out long second));
        Assert.False(StreamedEvent.TryTake(ref twice, out _));
        Assert.False(StreamedEvent.TryTake(ref half, out _));
        Assert.Equal((123_456_789_012, 123_456_789_012), (first, second));
    }

    [Fact]
    public void Processor_IsModelAndCount() =>
        Assert.Equal("X Y, 2 processors", RunFacts.ProcessorIn("processor : 0\nmodel name\t: X Y\nprocessor : 1\nmodel name\t: X Y\n"));

    [Theory]
    [InlineData("", 5, 1)]
    [InlineData("--quick", 3, 1)]
    [InlineData("--quick --rounds 7 --seconds 3", 7, 3)]
    public void Settings_Quick_IsShort(string args, int rounds, int seconds)
    {
        RunSettings settings = RunSettings.Read(Words(args), out _)!;

        Assert.Equal((rounds, seconds), (settings.Rounds, settings.Seconds));
    }

    [Theory]
    [InlineData("--peers apache", "--peers: apache is none of")]
    [InlineData("--rounds many", "--rounds: many is not a number")]
    [InlineData("--cores 3", "--cores: 3 is not a number from 1 to 2")]
    [InlineData("--nonsense 1", "--nonsense: not an option")]
    [InlineData("--binary", "--binary: not an option, or its value is missing")]
    public void Settings_Unusable_SaysWhy(string args, string fault)
    {
        Assert.Null(RunSettings.Read(Words(args), out string found));
        Assert.StartsWith(fault, found);
    }

    [Fact]
    public void Settings_Lists_AreSplit()
    {
        RunSettings settings = RunSettings.Read(Words("--peers nginx,yarp --scenario get-1k,sse --cores 2"), out _)!;

        Assert.Equal(["nginx", "yarp"], settings.Peers);
        Assert.Equal(["get-1k", "sse"], settings.Scenarios);
        Assert.Equal(2, settings.CoreCount);
        Assert.Empty(RunSettings.Read(Words("--peers none"), out _)!.Peers);
    }

    [Fact]
    public void Order_GoesOnePlaceFurtherEachRound()
    {
        Assert.Equal([0, 1, 2], SideBySide.Order(3, 0));
        Assert.Equal([2, 0, 1], SideBySide.Order(3, 5));
    }

    [Fact]
    public void Scenarios_HaveNamesOfTheirOwn_AndSomeAreQuick()
    {
        Assert.Equal(ScenarioList.All.Count, ScenarioList.All.Select(s => s.Name).Distinct().Count());
        Assert.Contains(ScenarioList.All, s => s.IsQuick && s.Name == "get-1k");
        Assert.All(ScenarioList.All, s => Assert.NotEmpty(s.Metrics));
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
