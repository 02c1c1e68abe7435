using System;
using System.IO;
using System.Net.Http;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// One connection that floods: it is told to calm down and ended, at little cost, while others are served. What counts
/// is counted in frames by the unit tests; here it is the program's processor time and memory.
/// </summary>
public sealed class Http2FloodTests(ITestOutputHelper output)
{
    // As many frames as an attacker may get rid of: many times the limits.
    private const int FramesSent = 50_000;

    // nginx ends each with at most 30 ms; a clock tick is 10 ms, and a program built to be debugged is slower.
    private const int CpuMsMax = 100;
    private const int DebuggedCpuMsMax = 200;

    private const long GrowthKibMax = 4 * 1024;

    public static TheoryData<string> Floods =>
    [
        "rapid-reset", "made-you-reset", "settings", "ping", "priority", "unknown", "empty-data", "empty-continuation",
        "small-continuation", "window-update", "hpack-bomb",
    ];

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task Flood_IsEnded_AndABystanderIsServed(string kind)
    {
        await using RawServer server = RawServer.Ok();
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "h2c = true" });
        using HttpClient bystander = Http2Tests.Client();
        string url = $"http://127.0.0.1:{proxy.Port}/";
        using (Http2Wire warm = await Http2Wire.ConnectAsync(proxy.Port))
        {
            await FloodAsync(warm, kind); // code is compiled, blocks are there
            await warm.GoAwayAsync();
        }

        Assert.Equal("ok", await bystander.GetStringAsync(url, TestContext.Current.CancellationToken));
        long cpuBefore = CpuMs(proxy.Id);
        long memoryBefore = proxy.RssKib;
        int requestsBefore = server.Requests.Count;

        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        Task flooding = FloodAsync(client, kind);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("ok", await bystander.GetStringAsync(url, TestContext.Current.CancellationToken));
        }

        Assert.Equal(Http2Error.EnhanceYourCalm, await client.GoAwayAsync());
        await flooding.Within("the flood to end");
        Assert.Null(await client.ReadUntilAsync(static _ => false, "the end of the connection"));

        long cpuMs = CpuMs(proxy.Id) - cpuBefore;
        output.WriteLine($"{kind}: {cpuMs} ms of processor time");
        bool isPublished = ProxyBinary.Find().Arguments.Length == 0;
        Assert.InRange(cpuMs, 0, isPublished ? CpuMsMax : DebuggedCpuMsMax);
        Assert.InRange(proxy.RssKib - memoryBefore, -100_000, GrowthKibMax);
        Assert.InRange(server.Requests.Count - requestsBefore, 5, 5 + 250);
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_http2_connections_ended_total", "flood") == 2,
            "both floods to be counted");
        Assert.Equal("ok", await bystander.GetStringAsync(url, TestContext.Current.CancellationToken));
    }

    private static async Task FloodAsync(Http2Wire client, string kind)
    {
        FrameWriter write = client.Write;
        byte[] part = FrameWriter.Section([":method: GET", ":scheme: http", ":path: /", ":authority: a.test"]);
        switch (kind)
        {
            case "empty-data" or "window-update":
                write.Request(1, isEnd: false, method: "POST");
                break;
            case "empty-continuation" or "small-continuation":
                write.Frame(FrameType.Headers, 0, 1, part);
                break;
            case "hpack-bomb":
                // An entry of 4,000 bytes, kept once and named 16,000 times.
                byte[] kept = [0x40, 1, (byte)'b', 0x7F, 0xA1, 0x1E, .. new byte[4000].AsSpan()];
                kept.AsSpan(6).Fill((byte)'z');
                byte[] names = new byte[11_000];
                names.AsSpan().Fill(0xBE);
                write.Frame(
                    FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, 1, [.. part, .. kept, .. names]);
                break;
        }

        for (int sent = 0; sent < FramesSent && kind != "hpack-bomb"; sent++)
        {
            Add(write, kind, 1 + (2 * sent));
            if (sent % 1000 == 999)
            {
                await client.SendAsync();
            }
        }

        await client.SendAsync();
    }

    private static void Add(FrameWriter write, string kind, int id) => _ = kind switch
    {
        "rapid-reset" => write.Request(id).Reset(id),
        "made-you-reset" => write.Request(id).Window(id, int.MaxValue),
        "settings" => write.Frame(FrameType.Settings, 0, 0),
        "ping" => write.Frame(FrameType.Ping, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8),
        "priority" => write.Frame(FrameType.Priority, 0, 1, 0, 0, 0, 0, 16),
        "unknown" => write.Frame((FrameType)0x42, 0, 0, 1),
        "empty-data" => write.Data(1, ""),
        "empty-continuation" => write.Frame(FrameType.Continuation, 0, 1),
        "small-continuation" => write.Frame(FrameType.Continuation, 0, 1, 0x82),
        "window-update" => write.Window(1, 1),
        _ => throw new ArgumentException(kind),
    };

    // Fields 14 and 15 of proc(5), in ticks of 10 ms.
    private static long CpuMs(int id)
    {
        string stat = File.ReadAllText($"/proc/{id}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], null) + long.Parse(fields[12], null)) * 10;
    }
}
