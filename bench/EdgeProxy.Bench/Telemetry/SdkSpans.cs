using System;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EdgeProxy.Bench.Telemetry;

/// <summary>The OpenTelemetry SDK with its OTLP exporter, to a collector that takes everything at once.</summary>
internal sealed class SdkSpans : IDisposable
{
    private const string Name = "edgeproxy";

    private readonly TracerProvider _provider;
    private readonly Swallowing _collector = new();

    /// <param name="batch">Spans of a request to the collector.</param>
    public SdkSpans(int batch) => _provider = Sdk.CreateTracerProviderBuilder()
        .AddSource(Name)
        .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService(Name))
        .SetSampler(new AlwaysOnSampler())
        .AddOtlpExporter(options =>
        {
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
            options.Endpoint = new Uri("http://collector.invalid/v1/traces");
            options.HttpClientFactory = () => new HttpClient(_collector);
            options.BatchExportProcessorOptions = new BatchExportActivityProcessorOptions
            {
                MaxQueueSize = 2 * batch,
                MaxExportBatchSize = batch,
                ScheduledDelayMilliseconds = int.MaxValue,
            };
        })
        .Build();

    public ActivitySource Source { get; } = new(Name);

    /// <summary>Encodes and sends what there is; the bytes of all requests so far.</summary>
    public long Flush()
    {
        _provider.ForceFlush();
        return _collector.Bytes;
    }

    public void Dispose()
    {
        Source.Dispose();
        _provider.Dispose();
        _collector.Dispose();
    }

    private sealed class Swallowing : HttpMessageHandler
    {
        private long _bytes;

        public long Bytes => Interlocked.Read(ref _bytes);

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Content!.CopyTo(Stream.Null, null, cancellationToken);
            Interlocked.Add(ref _bytes, request.Content.Headers.ContentLength ?? 0);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([]) };
        }

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Send(request, cancellationToken));
    }
}
