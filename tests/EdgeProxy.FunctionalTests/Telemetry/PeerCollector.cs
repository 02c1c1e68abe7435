using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>A request a <see cref="PeerCollector"/> took, uncompressed.</summary>
/// <param name="Path">Without the host: "/v1/traces", or the method of gRPC.</param>
/// <param name="Fields">Of the request.</param>
/// <param name="Client">Subject of the client's certificate; empty if it showed none.</param>
internal sealed record PeerRequest(
    string Path, byte[] Body, IReadOnlyDictionary<string, string> Fields, string Client);

/// <summary>
/// A collector made of ASP.NET Core and its gRPC: another's HTTP/2, framing, decompression and TLS hear the proxy.
/// </summary>
internal sealed class PeerCollector : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PeerCollector(WebApplication app)
    {
        _app = app;
        Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!
            .Addresses.Single()).Port;
    }

    public int Port { get; }

    public IReadOnlyList<PeerRequest> Requests => [.. _app.Services.GetRequiredService<Taken>().All];

    public IReadOnlyList<OtlpSpan> Spans => [.. BodiesOf("trace").SelectMany(OtlpDecoder.Spans)];

    public IReadOnlyList<OtlpLog> Logs => [.. BodiesOf("logs").SelectMany(OtlpDecoder.Logs)];

    public IReadOnlyList<OtlpMetric> Metrics => [.. BodiesOf("metrics").SelectMany(OtlpDecoder.Metrics)];

    /// <summary>Calls of gRPC that fail with this before any is taken.</summary>
    public void Fail(StatusCode status, int calls)
    {
        Taken taken = _app.Services.GetRequiredService<Taken>();
        taken.Failure = status;
        taken.FailuresLeft = calls;
    }

    /// <param name="certificate">Over TLS; null: in clear text.</param>
    /// <param name="clients">Clients have to show a certificate that these keys signed.</param>
    public static async Task<PeerCollector> StartAsync(
        bool isGrpc, X509Certificate2? certificate = null, TestKeys? clients = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1;
            if (certificate is not null)
            {
                listen.UseHttps(certificate, https => Ask(https, clients));
            }
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<Taken>();
        builder.Services.AddSingleton<IServiceMethodProvider<Taken>, ExportMethods>();
        WebApplication app = builder.Build();
        if (isGrpc)
        {
            app.MapGrpcService<Taken>();
        }
        else
        {
            app.MapPost("/v1/{signal}", app.Services.GetRequiredService<Taken>().TakeAsync);
        }

        await app.StartAsync();
        return new PeerCollector(app);
    }

    public Task WaitAsync(Func<PeerCollector, bool> isGood, string what) =>
        Eventually.TrueAsync(() => isGood(this), what);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void Ask(HttpsConnectionAdapterOptions https, TestKeys? clients)
    {
        if (clients is not null)
        {
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (shown, _, _) =>
            {
                using var chain = new X509Chain { ChainPolicy = clients.Trust() };
                return chain.Build(shown);
            };
        }
    }

    private IEnumerable<byte[]> BodiesOf(string signal) =>
        Requests.Where(request => request.Path.Contains(signal, StringComparison.Ordinal)).Select(r => r.Body);

    private sealed class Taken
    {
        private readonly ConcurrentQueue<PeerRequest> _all = new();

        public IEnumerable<PeerRequest> All => _all;

        public StatusCode Failure { get; set; }

        public int FailuresLeft { get; set; }

        public async Task TakeAsync(HttpContext context)
        {
            using var gzip = new GZipStream(context.Request.Body, CompressionMode.Decompress);
            using var body = new MemoryStream();
            await gzip.CopyToAsync(body);
            Add(context, body.ToArray());
        }

        // A client sends one request after the other: nobody else counts down meanwhile.
        public byte[] Export(byte[] request, ServerCallContext call)
        {
            if (FailuresLeft > 0)
            {
                FailuresLeft--;
                throw new RpcException(new Status(Failure, "as the test wants it"));
            }

            Add(call.GetHttpContext(), request);
            return [];
        }

        private void Add(HttpContext context, byte[] body) => _all.Enqueue(new PeerRequest(
            context.Request.Path, body,
            context.Request.Headers.ToDictionary(
                static field => field.Key, static field => field.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            context.Connection.ClientCertificate?.Subject ?? ""));
    }

    private sealed class ExportMethods : IServiceMethodProvider<Taken>
    {
        private static readonly Marshaller<byte[]> s_bytes = new(static bytes => bytes, static bytes => bytes);

        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Taken> context)
        {
            string[] services = ["trace.v1.TraceService", "logs.v1.LogsService", "metrics.v1.MetricsService"];
            foreach (string service in services)
            {
                var method = new Method<byte[], byte[]>(
                    MethodType.Unary, "opentelemetry.proto.collector." + service, "Export", s_bytes, s_bytes);
                context.AddUnaryMethod(method, [], static (taken, request, call) =>
                    Task.FromResult(taken.Export(request, call)));
            }
        }
    }
}
