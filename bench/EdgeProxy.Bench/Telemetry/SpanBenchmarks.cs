using System;
using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Tracing;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Bench.Telemetry;

/// <summary>
/// From the facts of a request to an Export request ready to be sent: a span of kind server and one of kind client with
/// the same attributes, in batches of as many spans. Ours goes through its loop's ring, the SDK's through activities,
/// its batch processor and its OTLP exporter, whose HTTP handler answers at once.
/// </summary>
[MemoryDiagnoser]
public class SpanBenchmarks : IDisposable
{
    private const int Requests = 512;
    private const string Router = "orders";

    private readonly RequestRing _ring = new(1024, 256 * 1024);
    private readonly BatchHandover _handover = new(TimeProvider.System, TimeSpan.FromMinutes(5));
    private readonly byte[] _texts = [.. "GET"u8, .. "shop.test"u8, .. "/orders/4711"u8, .. "id-4711"u8];
    private SpanBatches _batches = null!;
    private RequestRecord _record;
    private SdkSpans? _sdk;

    [GlobalSetup]
    public void Setup()
    {
        _batches = new SpanBatches(new OtlpResource(("service.name", "edgeproxy")), _handover);
        _record = new RequestRecord
        {
            Uses = RecordUse.Trace,
            Method = Method.Get,
            MinorVersion = 1,
            Status = 200,
            TryCount = 1,
            EntryPoint = "web",
            Router = Router,
            Service = "app",
            ConfigHash = "0123456789abcdef",
            StartedUs = 1_000,
            DurationUs = 12_345,
            BytesReceived = 100,
            BytesSent = 200,
            Client = IpAddress.FromV4(0xC000_0207),
            ClientPort = 4000,
            Trace = new TraceParent(1, 2, 3, true),
            ParentSpan = 9,
            IsTraced = true,
            Texts = new TextLengths { Method = 3, Host = 9, Path = 12, RequestId = 7 },
        };
        _record.Tries[0] = new TryRecord
        {
            Server = "127.0.0.1:9000",
            Span = 4,
            StartedUs = 2_000,
            AnsweredUs = 9_000,
            EndedUs = 12_000,
            Status = 200,
            IsReused = true,
        };
        _sdk = new SdkSpans(2 * Requests);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _sdk?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests)]
    public int Ours() => Encode(isCompressed: false);

    /// <summary>As it is sent; the SDK's exporter does not compress unless told.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public int OursCompressed() => Encode(isCompressed: true);

    [Benchmark(OperationsPerInvoke = Requests)]
    public long OpenTelemetrySdk()
    {
        for (int i = 0; i < Requests; i++)
        {
            using Activity? server = _sdk!.Source.StartActivity("GET " + Router, ActivityKind.Server);
            using (Activity? client = _sdk!.Source.StartActivity("GET", ActivityKind.Client))
            {
                TagTry(client!);
            }

            TagRequest(server!);
        }

        return _sdk!.Flush();
    }

    private static void TagTry(Activity client)
    {
        client.SetTag("http.request.method", "GET");
        client.SetTag("server.address", "127.0.0.1");
        client.SetTag("server.port", 9000);
        client.SetTag("edgeproxy.service", "app");
        client.SetTag("edgeproxy.connection_reused", true);
        client.SetTag("http.response.status_code", 200);
        client.SetTag("edgeproxy.answer_ms", 7.0);
    }

    private static void TagRequest(Activity server)
    {
        server.SetTag("http.request.method", "GET");
        server.SetTag("url.scheme", "http");
        server.SetTag("url.path", "/orders/4711");
        server.SetTag("server.address", "shop.test");
        server.SetTag("client.address", "192.0.2.7");
        server.SetTag("client.port", 4000);
        server.SetTag("network.protocol.version", "1.1");
        server.SetTag("http.response.status_code", 200);
        server.SetTag("http.route", Router);
        server.SetTag("edgeproxy.entrypoint", "web");
        server.SetTag("edgeproxy.service", "app");
        server.SetTag("edgeproxy.config.hash", "0123456789abcdef");
        server.SetTag("edgeproxy.request_id", "id-4711");
        server.SetTag("http.request.size", 100L);
        server.SetTag("http.response.size", 200L);
        server.SetTag("edgeproxy.overhead_ms", 2.345);
        server.SetTag("edgeproxy.tries", 1);
    }

    private int Encode(bool isCompressed)
    {
        for (int i = 0; i < Requests; i++)
        {
            _ring.TryWrite(_record, _texts);
        }

        while (_ring.TryRead(out RecordView view))
        {
            _batches.Take(view, 1_788_264_000_000_250);
            _ring.Release();
        }

        _batches.HandOver();
        int bytes = 0;
        while (_handover.TryTake(out BatchHandover.Batch batch))
        {
            ReadOnlySpan<byte> request = batch.Bytes.AsSpan(0, batch.Length);
            bytes += isCompressed ? BatchStore.Compress(request).Length : request.Length;
            _handover.Return(batch);
        }

        return bytes;
    }
}
