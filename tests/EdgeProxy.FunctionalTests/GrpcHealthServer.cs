using System;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace EdgeProxy.FunctionalTests;

/// <summary>A gRPC server with the health service, as its makers ship it.</summary>
internal sealed class GrpcHealthServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private GrpcHealthServer(WebApplication application, int port)
    {
        _application = application;
        Port = port;
    }

    public int Port { get; }

    private HealthServiceImpl Health => _application.Services.GetRequiredService<HealthServiceImpl>();

    /// <param name="certificate">Null for HTTP/2 with prior knowledge.</param>
    public static async Task<GrpcHealthServer> StartAsync(
        X509Certificate2? certificate = null, HttpProtocols protocols = HttpProtocols.Http2)
    {
        int port = Ports.Next();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = protocols;
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<HealthServiceImpl>();
        WebApplication application = builder.Build();
        application.MapGrpcService<HealthServiceImpl>();
        await application.StartAsync();
        return new GrpcHealthServer(application, port);
    }

    public void Set(string service, bool isServing) =>
        Health.SetStatus(service, isServing ? ServingStatus.Serving : ServingStatus.NotServing);

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();
}
