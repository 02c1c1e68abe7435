using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>[telemetry.spool] of a real process: killed under load, on a disk that is really full.</summary>
public sealed class SpoolTests : IDisposable
{
    private const int ServerKind = 2;
    private const int Kill = 9;

    // A request that was tried once has a span of its own and one of its try.
    private const int SpansPerRequest = 2;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-spool-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task KilledUnderLoad_WhatWasStoredIsSent_InItsOrder_Once()
    {
        const int enough = 200;
        int port = Ports.Next();
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = Config(server, port, Path.Combine(_folder.FullName, "spool"));
        double stored = 0;
        int asked = 0;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            using var end = new System.Threading.CancellationTokenSource();
            Task load = LoadAsync();
            stored = await Eventually.GetAsync(
                async () => await StoredAsync(proxy), items => items >= enough, "spans in the spool", Limit);
            proxy.Signal(Kill);
            await end.CancelAsync();
            await IgnoreAsync(load);

            async Task LoadAsync()
            {
                while (!end.IsCancellationRequested)
                {
                    await RawClient.GetAsync(proxy.Port, $"/{asked}");
                    asked++;
                }
            }
        }

        await using OtlpCollector collector = OtlpCollector.Start(port);
        await using ProxyProcess again = await ProxyProcess.StartAsync(config);
        await RawClient.GetAsync(again.Port, "/last");
        IReadOnlyList<OtlpSpan> spans = await Eventually.GetAsync(
            () => Task.FromResult(collector.Spans), all => Paths(all).Contains("/last"), "the last span", Limit);

        string[] paths = Paths(spans);
        Assert.Equal([.. Enumerable.Range(0, paths.Length - 1).Select(static i => $"/{i}"), "/last"], paths);
        Assert.InRange(paths.Length - 1, stored / SpansPerRequest, asked + 1);
        await again.ExpectMetricAsync(0, "edgeproxy_telemetry_lost_items_total");
        await again.ExpectMetricAsync(0, "edgeproxy_spool_recovered_lost_bytes_total");
    }

    [Fact]
    public async Task DiskFull_RequestsGoOn_DropsAreCountedExactly_AndItRecovers()
    {
        const int requests = 20;
        await using SmallDisk? disk = await SmallDisk.MountAsync("4m");
        if (disk is null)
        {
            return;
        }

        int port = Ports.Next();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy =
            await ProxyProcess.StartAsync(Config(server, port, Path.Combine(disk.Folder, "spool")));
        await AskAsync(proxy, "before", requests);
        await WaitForAsync(proxy, stored: requests, lost: 0);
        disk.Fill();
        await AskAsync(proxy, "full", requests);
        await WaitForAsync(proxy, stored: requests, lost: requests);
        disk.Free();
        await AskAsync(proxy, "after", requests);
        await WaitForAsync(proxy, stored: 2 * requests, lost: requests);

        await using OtlpCollector collector = OtlpCollector.Start(port);
        IReadOnlyList<OtlpSpan> spans = await Eventually.GetAsync(
            () => Task.FromResult(collector.Spans), all => all.Count >= 2 * requests * SpansPerRequest, "spans", Limit);

        Assert.Equal(
            [
                .. Enumerable.Range(0, requests).Select(static i => $"/before/{i}"),
                .. Enumerable.Range(0, requests).Select(static i => $"/after/{i}"),
            ],
            Paths(spans));
        await Eventually.TrueAsync(async () => await StoredAsync(proxy) == 0, "an empty spool");
        Assert.Equal(requests * SpansPerRequest, await LostAsync(proxy, "disk"));
        Assert.Equal(requests * SpansPerRequest, await LostAsync(proxy, ""));
    }

    [Fact]
    public async Task SpoolFull_TheOldestGo_AndEverySpanIsAccountedFor_WithinBoundsOfDiskAndMemory()
    {
        const int requests = 4_000;
        const long bytesMax = 1024 * 1024;
        int port = Ports.Next();
        string spool = Path.Combine(_folder.FullName, "spool");
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(server, port, spool, "bytes_max = \"1MiB\"\ndrain_bytes_per_second = 0"));
        await AskWithLongPathsAsync(proxy, requests / 4);
        long before = proxy.PeakRssKib;
        await AskWithLongPathsAsync(proxy, 3 * requests / 4);
        await Eventually.TrueAsync(
            async () => await StoredAsync(proxy) + await GoneAsync(proxy) == requests * SpansPerRequest,
            "each span to be stored or counted as lost",
            Limit);

        Assert.True(await LostAsync(proxy, "full") > 0);
        Assert.InRange(await proxy.MetricAsync("edgeproxy_spool_bytes") ?? 0, bytesMax / 2, bytesMax);
        long onDisk = new DirectoryInfo(spool).GetFiles().Sum(static file => file.Length);
        Assert.InRange(onDisk, bytesMax / 2, bytesMax + 4096);
        Assert.InRange(proxy.PeakRssKib - before, 0, 64 * 1024);

        await using OtlpCollector collector = OtlpCollector.Start(port);
        await Eventually.TrueAsync(async () => await StoredAsync(proxy) == 0, "an empty spool", Limit);
        Assert.Equal(requests * SpansPerRequest, collector.Spans.Count + await GoneAsync(proxy));
        Assert.Equal(collector.Spans.Count, collector.Spans.Select(static span => span.SpanId).Distinct().Count());
    }

    // What compresses badly: the spool is full soon.
    private static async Task AskWithLongPathsAsync(ProxyProcess proxy, int requests)
    {
        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < requests; i++)
        {
            string path = Convert.ToHexString(RandomNumberGenerator.GetBytes(500));
            RawResponse answer = await client.RequestAsync($"GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal(200, answer.Status);
        }
    }

    // Lost after they were recorded, or before.
    private static async Task<double> GoneAsync(ProxyProcess proxy) => await LostAsync(proxy, "")
        + (SpansPerRequest * (await proxy.MetricAsync("edgeproxy_request_records_dropped_total") ?? 0));

    // A collector that was away for a while is asked after a back-off.
    private static TimeSpan Limit => TimeSpan.FromMinutes(2);

    private static ProxyConfig Config(RawServer server, int collectorPort, string spool, string more = "") =>
        new(server)
        {
            More = $"""
                [telemetry.otlp]
                endpoint = "http://127.0.0.1:{collectorPort}"
                signals = ["traces"]
                batch_interval = "100ms"
                [telemetry.traces]
                ratio = 1
                [telemetry.spool]
                directory = "{spool}"
                free_disk_min = 0
                {more}

                """,
        };

    private static async Task AskAsync(ProxyProcess proxy, string name, int requests)
    {
        for (int i = 0; i < requests; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, $"/{name}/{i}")).Status);
        }
    }

    private static Task WaitForAsync(ProxyProcess proxy, int stored, int lost) => Eventually.TrueAsync(
        async () => await StoredAsync(proxy) == stored * SpansPerRequest
            && await LostAsync(proxy, "disk") == lost * SpansPerRequest,
        $"spans of {stored} requests in the spool, of {lost} lost");

    private static async Task<double> StoredAsync(ProxyProcess proxy) =>
        await proxy.MetricAsync("edgeproxy_spool_items", "traces") ?? 0;

    private static async Task<double> LostAsync(ProxyProcess proxy, string reason) =>
        await proxy.MetricAsync("edgeproxy_telemetry_lost_items_total", $"kind=\"traces\",reason=\"{reason}") ?? 0;

    private static string[] Paths(IReadOnlyList<OtlpSpan> spans) =>
        [.. spans.Where(static s => s.Kind == ServerKind).Select(static s => (string)s.Attributes["url.path"])];

    // Whoever asked when the proxy was killed has no answer.
    private static async Task IgnoreAsync(Task load)
    {
        try
        {
            await load.Within("the load to end");
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or InvalidDataException)
        {
            // As expected.
        }
    }
}
