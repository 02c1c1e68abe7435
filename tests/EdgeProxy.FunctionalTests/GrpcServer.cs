using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.FunctionalTests;

/// <summary>The methods of a service that says what it heard; messages are texts.</summary>
internal static class Echo
{
    public static readonly Method<string, string> Unary = Of(MethodType.Unary, "Unary");
    public static readonly Method<string, string> Fail = Of(MethodType.Unary, "Fail");
    public static readonly Method<string, string> Wait = Of(MethodType.Unary, "Wait");

    /// <summary>As many messages as the request says, each as long as it says: "COUNT LENGTH".</summary>
    public static readonly Method<string, string> Down = Of(MethodType.ServerStreaming, "Down");

    /// <summary>Answers with how many messages came, and their length.</summary>
    public static readonly Method<string, string> Up = Of(MethodType.ClientStreaming, "Up");

    public static readonly Method<string, string> Both = Of(MethodType.DuplexStreaming, "Both");

    private static Method<string, string> Of(MethodType type, string name) =>
        new(type, "test.Echo", name, Marshallers.StringMarshaller, Marshallers.StringMarshaller);
}

/// <summary>A gRPC server of ASP.NET Core, in clear text or over TLS.</summary>
internal sealed class GrpcServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GrpcServer(WebApplication app)
    {
        _app = app;
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!
            .Addresses.Single();
        Port = address.Contains("unix:", StringComparison.Ordinal) ? 0 : new Uri(address).Port;
    }

    public int Port { get; }

    /// <summary>What <see cref="Echo.Unary"/> is answered with; null: with a greeting.</summary>
    public StatusCode? Fails
    {
        set => _app.Services.GetRequiredService<EchoService>().Fails = value;
    }

    /// <summary>Calls that were asked of <see cref="Echo.Unary"/>.</summary>
    public int Asked => Volatile.Read(ref _app.Services.GetRequiredService<EchoService>().AskedCount);

    /// <summary>Calls of <see cref="Echo.Wait"/> that came.</summary>
    public int Waited => Volatile.Read(ref _app.Services.GetRequiredService<EchoService>().WaitedCount);

    /// <summary>Calls that were cancelled while they waited.</summary>
    public int Cancelled => Volatile.Read(ref _app.Services.GetRequiredService<EchoService>().CancelledCount);

    /// <param name="path">Of a Unix socket to listen on; null for a port of this machine.</param>
    public static async Task<GrpcServer> StartAsync(X509Certificate2? certificate = null, string? path = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options =>
        {
            void Configure(ListenOptions listen)
            {
                listen.Protocols = HttpProtocols.Http2;
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            }

            if (path is null)
            {
                options.Listen(IPAddress.Loopback, 0, Configure);
            }
            else
            {
                options.ListenUnixSocket(path, Configure);
            }
        });
        builder.Services.AddGrpc(static options => options.MaxReceiveMessageSize = null);
        builder.Services.AddSingleton<EchoService>();
        builder.Services.AddSingleton<IServiceMethodProvider<EchoService>, EchoMethods>();
        WebApplication app = builder.Build();
        app.MapGrpcService<EchoService>();
        await app.StartAsync();
        return new GrpcServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class EchoService
    {
        public int CancelledCount;
        public int AskedCount;
        public int WaitedCount;

        public StatusCode? Fails { get; set; }

        public Task<string> GreetAsync(string request)
        {
            Interlocked.Increment(ref AskedCount);
            return Fails is { } code
                ? throw new RpcException(new Status(code, "on purpose"))
                : Task.FromResult("hello " + request);
        }

        public async Task<string> WaitAsync(string request, ServerCallContext context)
        {
            Interlocked.Increment(ref WaitedCount);
            try
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref CancelledCount);
            }

            return request;
        }

        public static async Task DownAsync(
            string request, IServerStreamWriter<string> answers, ServerCallContext context)
        {
            int[] numbers = [.. request.Split(' ').Select(static word => int.Parse(word, null))];
            string message = new('x', numbers[1]);
            for (int i = 0; i < numbers[0]; i++)
            {
                await answers.WriteAsync(message);
            }

            context.ResponseTrailers.Add("x-sent", request);
        }

        public static async Task<string> UpAsync(IAsyncStreamReader<string> requests, ServerCallContext context)
        {
            int count = 0;
            long length = 0;
            await foreach (string message in requests.ReadAllAsync(context.CancellationToken))
            {
                count++;
                length += message.Length;
            }

            return $"{count} {length}";
        }

        public static async Task BothAsync(
            IAsyncStreamReader<string> requests, IServerStreamWriter<string> answers, ServerCallContext context)
        {
            int count = 0;
            await foreach (string message in requests.ReadAllAsync(context.CancellationToken))
            {
                await answers.WriteAsync(message + "!");
                count++;
            }

            context.ResponseTrailers.Add("x-count", $"{count}");
        }
    }

    private sealed class EchoMethods : IServiceMethodProvider<EchoService>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<EchoService> context)
        {
            List<object> none = [];
            context.AddUnaryMethod(Echo.Unary, none, static (service, request, _) =>
                service.GreetAsync(request));
            context.AddUnaryMethod(Echo.Fail, none, static (_, request, _) =>
                throw new RpcException(new Status(StatusCode.NotFound, request)));
            context.AddUnaryMethod(Echo.Wait, none, static (service, request, call) =>
                service.WaitAsync(request, call));
            context.AddServerStreamingMethod(Echo.Down, none, static (_, request, answers, call) =>
                EchoService.DownAsync(request, answers, call));
            context.AddClientStreamingMethod(Echo.Up, none, static (_, requests, call) =>
                EchoService.UpAsync(requests, call));
            context.AddDuplexStreamingMethod(Echo.Both, none, static (_, requests, answers, call) =>
                EchoService.BothAsync(requests, answers, call));
        }
    }
}
