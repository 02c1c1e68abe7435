using System;
using System.Linq;
using System.Net.Http;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>gRPC end to end: the client of .NET, the proxy, the server of ASP.NET Core; all kinds of calls.</summary>
public sealed class GrpcTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_OfEachKind_AreAnswered(bool isSecure)
    {
        await using Setup setup = await Setup.StartAsync(isSecure);
        CallInvoker calls = setup.Calls;

        Assert.Equal("hello you", await calls.AsyncUnaryCall(Echo.Unary, null, default, "you"));

        using AsyncServerStreamingCall<string> down = calls.AsyncServerStreamingCall(Echo.Down, null, default, "500 300");
        int count = 0;
        await foreach (string message in down.ResponseStream.ReadAllAsync(Token))
        {
            Assert.Equal(300, message.Length);
            count++;
        }

        Assert.Equal(500, count);
        Assert.Equal("500 300", down.GetTrailers().GetValue("x-sent"));

        using AsyncClientStreamingCall<string, string> up = calls.AsyncClientStreamingCall(Echo.Up, null, default);
        for (int i = 0; i < 500; i++)
        {
            await up.RequestStream.WriteAsync(new string('y', 1000), Token);
        }

        await up.RequestStream.CompleteAsync();
        Assert.Equal("500 500000", await up.ResponseAsync.Within("the answer"));
    }

    [Fact]
    public async Task Duplex_EachMessage_IsPassedOnAtOnce()
    {
        await using Setup setup = await Setup.StartAsync();
        using AsyncDuplexStreamingCall<string, string> both =
            setup.Calls.AsyncDuplexStreamingCall(Echo.Both, null, default);
        for (int i = 0; i < 100; i++)
        {
            await both.RequestStream.WriteAsync($"message {i}", Token);
            Assert.True(await both.ResponseStream.MoveNext(Token).Within("an answer"));
            Assert.Equal($"message {i}!", both.ResponseStream.Current);
        }

        await both.RequestStream.CompleteAsync();
        Assert.False(await both.ResponseStream.MoveNext(Token).Within("the end"));
        Assert.Equal(StatusCode.OK, both.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Fault_OfTheServer_IsTold_TrailersOnly()
    {
        await using Setup setup = await Setup.StartAsync();

        RpcException fault = await Assert.ThrowsAsync<RpcException>(
            async () => await setup.Calls.AsyncUnaryCall(Echo.Fail, null, default, "no such thing"));

        Assert.Equal((StatusCode.NotFound, "no such thing"), (fault.StatusCode, fault.Status.Detail));
    }

    [Fact]
    public async Task Deadline_EndsTheCall_AtTheServerToo()
    {
        await using Setup setup = await Setup.StartAsync();
        await setup.Calls.AsyncUnaryCall(Echo.Unary, null, default, "you");


        // A call whose time was up on its way is no news to the server: until one came there.
        await Eventually.TrueAsync(
            async () =>
            {
                RpcException fault = await Assert.ThrowsAsync<RpcException>(async () =>
                    await setup.Calls.AsyncUnaryCall(
                        Echo.Wait, null, new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(500)), "never"));
                Assert.Equal(StatusCode.DeadlineExceeded, fault.StatusCode);
                return setup.Server.Waited > 0;
            },
            "a call to wait at the server");
        await Eventually.TrueAsync(
            () => setup.Server.Cancelled == setup.Server.Waited, "the server to hear of the end of each");
    }

    [Fact]
    public async Task Calls_AtOnce_ShareFewConnections()
    {
        await using Setup setup = await Setup.StartAsync();
        for (int round = 0; round < 5; round++)
        {
            string[] answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
                await setup.Calls.AsyncUnaryCall(Echo.Unary, null, default, $"{i}")));
            Assert.Equal("hello 7", answers[7]);
        }

        Assert.InRange((await setup.Proxy.MetricAsync("edgeproxy_upstream_connects_total"))!.Value, 1, 3);
        await setup.Proxy.ExpectMetricAsync(0, "edgeproxy_http2_resets_total");
    }

    [Fact]
    public async Task LongStream_TakesNoMoreMemory()
    {
        // 256 MiB; with EDGEPROXY_LONG=1 4 GiB.
        const int Length = 64 * 1024;
        int messages = Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1" ? 65_536 : 4096;
        await using Setup setup = await Setup.StartAsync();
        using (AsyncServerStreamingCall<string> warm = setup.Calls.AsyncServerStreamingCall(
            Echo.Down, null, default, $"100 {Length}"))
        {
            await foreach (string _ in warm.ResponseStream.ReadAllAsync(Token))
            {
            }
        }

        long before = setup.Proxy.RssKib;
        using AsyncServerStreamingCall<string> down = setup.Calls.AsyncServerStreamingCall(
            Echo.Down, null, default, $"{messages} {Length}");
        int count = 0;
        await foreach (string _ in down.ResponseStream.ReadAllAsync(Token))
        {
            count++;
        }

        Assert.Equal(messages, count);
        Assert.InRange(setup.Proxy.PeakRssKib - before, -100_000, 8 * 1024);
    }

    [Fact]
    public async Task Drain_LetsAStreamEnd()
    {
        await using Setup setup = await Setup.StartAsync();
        using AsyncDuplexStreamingCall<string, string> both =
            setup.Calls.AsyncDuplexStreamingCall(Echo.Both, null, default);
        await both.RequestStream.WriteAsync("one", Token);
        Assert.True(await both.ResponseStream.MoveNext(Token).Within("an answer"));
        setup.Proxy.Terminate();
        await setup.Proxy.WaitForLineAsync("drain");
        await both.RequestStream.WriteAsync("two", Token);
        Assert.True(await both.ResponseStream.MoveNext(Token).Within("an answer"));
        await both.RequestStream.CompleteAsync();
        Assert.False(await both.ResponseStream.MoveNext(Token).Within("the end"));

        Assert.Equal(StatusCode.OK, both.GetStatus().StatusCode);
        Assert.Equal(0, await setup.Proxy.ExitCodeAsync());
    }

    [Fact]
    public async Task DrainTimeout_AStreamThatGoesOn_IsUnavailable()
    {
        await using Setup setup = await Setup.StartAsync(isSecure: true, drainTimeout: "500ms");
        using AsyncDuplexStreamingCall<string, string> both =
            setup.Calls.AsyncDuplexStreamingCall(Echo.Both, null, default);
        await both.RequestStream.WriteAsync("one", Token);
        Assert.True(await both.ResponseStream.MoveNext(Token).Within("an answer"));

        setup.Proxy.Terminate();

        RpcException fault = await Assert.ThrowsAsync<RpcException>(
            () => both.ResponseStream.MoveNext(Token).Within("the end"));
        Assert.Equal(StatusCode.Unavailable, fault.StatusCode);
        await setup.Proxy.ExitCodeAsync();
    }

    /// <summary>Client, proxy and server.</summary>
    private sealed class Setup : IAsyncDisposable
    {
        private readonly TestKeys? _keys;
        private readonly HttpClient _client;
        private readonly GrpcChannel _channel;

        private Setup(TestKeys? keys, ProxyProcess proxy, GrpcServer server)
        {
            _keys = keys;
            Proxy = proxy;
            Server = server;
            _client = Http2Tests.Client(keys);
            _channel = GrpcChannel.ForAddress(
                keys is null ? $"http://127.0.0.1:{proxy.Port}" : $"https://a.test:{proxy.Port}",
                new GrpcChannelOptions { HttpClient = _client, MaxReceiveMessageSize = null });
        }

        public ProxyProcess Proxy { get; }

        public GrpcServer Server { get; }

        public CallInvoker Calls => _channel.CreateCallInvoker();

        public static async Task<Setup> StartAsync(bool isSecure = false, string drainTimeout = "1m")
        {
            TestKeys? keys = isSecure ? new TestKeys() : null;
            keys?.Make("a.test");
            X509Certificate2? certificate = keys?.Make("server", ["127.0.0.1"]);
            GrpcServer server = await GrpcServer.StartAsync(certificate);
            string scheme = isSecure ? "h2" : "h2c";
            ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
            {
                IsBare = true,
                DrainTimeout = drainTimeout,
                EntryPoint = isSecure ? "tls = {}" : "h2c = true",
                More = $$"""
                    {{keys?.Toml("a.test")}}
                    [routers.all]
                    rule = "PathPrefix(`/test.Echo/`)"
                    service = "app"

                    [services.app]
                    servers = [{ url = "{{scheme}}://127.0.0.1:{{server.Port}}" }]
                    {{(isSecure ? $"tls = {{ ca = \"{keys!.AuthorityFile}\" }}" : "")}}
                    """,
            });
            return new Setup(keys, proxy, server);
        }

        public async ValueTask DisposeAsync()
        {
            _channel.Dispose();
            _client.Dispose();
            await Proxy.DisposeAsync();
            await Server.DisposeAsync();
            _keys?.Dispose();
        }
    }
}
