using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A collector for OTLP over HTTP that keeps what it got, and answers as the test wants.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly RawServer _server;

    private OtlpCollector(int port) => _server = RawServer.Start(
        async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync(Answer);
            }
        },
        port);

    public int Port => _server.Port;

    /// <summary>What each request is answered with.</summary>
    public string Answer { get; set; } = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    public IReadOnlyList<RawRequest> Requests => _server.WholeRequests;

    public IReadOnlyList<OtlpSpan> Spans => [.. Bodies("/v1/traces").SelectMany(OtlpDecoder.Spans)];

    public IReadOnlyList<OtlpLog> Logs => [.. Bodies("/v1/logs").SelectMany(OtlpDecoder.Logs)];

    /// <summary>Of the latest request.</summary>
    public IReadOnlyList<OtlpMetric> Metrics =>
        Bodies("/v1/metrics") is [.., var body] ? OtlpDecoder.Metrics(body) : [];

    public static OtlpCollector Start(int port = 0) => new(port);

    /// <summary>Requests of a kind, uncompressed.</summary>
    public IReadOnlyList<byte[]> Bodies(string path) =>
        [.. _server.WholeRequests.Where(r => r.Target == path).Select(r => Unzip(r.Body))];

    public Task<IReadOnlyList<OtlpSpan>> WaitForSpansAsync(int count) => Eventually.GetAsync(
        () => Task.FromResult(Spans), spans => spans.Count >= count, $"{count} spans");

    public Task<IReadOnlyList<OtlpLog>> WaitForLogsAsync(int count) => Eventually.GetAsync(
        () => Task.FromResult(Logs), logs => logs.Count >= count, $"{count} log records");

    public Task<IReadOnlyList<OtlpMetric>> WaitForMetricsAsync(Func<IReadOnlyList<OtlpMetric>, bool> isGood) =>
        Eventually.GetAsync(() => Task.FromResult(Metrics), isGood, "metrics");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static byte[] Unzip(byte[] body)
    {
        using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        using var all = new MemoryStream();
        gzip.CopyTo(all);
        return all.ToArray();
    }
}
