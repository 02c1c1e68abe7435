using System;
using System.Collections.Generic;
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

/// <summary>
/// Everything that happens to a proxy in service, under load of both protocols over TLS: another certificate, another
/// configuration, and its end. Whatever it took on is answered.
/// </summary>
public sealed class TlsLoadTests
{
    private const int Clients = 3;
    private const int Streams = 8;
    private const int Reloads = 5;
    private const int Asked = 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Swap_Reload_Term_FailNoRequest_AndAGrpcStreamEndsWell()
    {
        using var keys = new TestKeys();
        keys.Make("a.test").Dispose();
        var answers = new LoadAnswers();
        await using RawServer a = RawServer.Start(answers.AnswerAsync);
        await using RawServer b = RawServer.Start(answers.AnswerAsync);
        await using GrpcServer grpc = await GrpcServer.StartAsync(keys.Make("server", ["127.0.0.1"]));
        var config = new ProxyConfig
        {
            IsBare = true,
            Loops = 2,
            WatchInterval = "100ms",
            DrainTimeout = "5m",
            EntryPoint = "tls = {}",
            More = Toml(keys, [a.Port, b.Port], grpc.Port, 0),
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using HttpClient client = Http2Tests.Client(keys);
        using GrpcChannel channel = GrpcChannel.ForAddress(
            $"https://a.test:{proxy.Port}", new GrpcChannelOptions { HttpClient = client });
        using AsyncDuplexStreamingCall<string, string> stream =
            channel.CreateCallInvoker().AsyncDuplexStreamingCall(Echo.Both, null, default);
        await EchoAsync(stream, "at first");
        Load load = Load.Start(proxy.Port, keys);
        await load.UntilAsync(static tally => tally.Answered >= Asked, "each client to be served");

        await SwapAsync(proxy, keys, load);
        await EchoAsync(stream, "after another certificate");
        for (int i = 1; i <= Reloads; i++)
        {
            config.More = Toml(keys, i % 2 == 0 ? [a.Port, b.Port] : [b.Port], grpc.Port, i);
            proxy.WriteConfig(config.ToToml()); // its hash is that of the certificate, too
            proxy.Hangup();
            await load.UntilAsync(tally => tally.Config == $"{i}", $"each client to be served by configuration {i}");
        }

        await EchoAsync(stream, "after other configurations");

        // By router: the probe that waits for a proxy to be ready is answered 503, and counts elsewhere.
        Assert.Null(await proxy.MetricAsync("http_server_request_duration_seconds_count", "5xx"));
        Assert.Null(await proxy.MetricAsync("http_server_request_duration_seconds_count", "error_type"));
        await proxy.ExpectMetricAsync(0, "edgeproxy_http2_resets_total");
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
        Held held = Held.Start(proxy.Port, keys);
        await load.UntilAsync(_ => answers.HeldCount == Held.Requests, "requests to wait at the servers");

        load.LetEnd();
        held.LetEnd();
        proxy.Terminate();
        await load.EndAsync();
        await Eventually.TrueAsync(() => RawClient.IsRefusedAsync(proxy.Port), "the entrypoint to be closed");
        await EchoAsync(stream, "after TERM");
        await held.ToldAsync();
        Assert.False(proxy.HasExited);
        answers.Release.Open();
        await held.EndAsync();
        await EndAsync(stream);

        Assert.Equal(0, await proxy.ExitCodeAsync());
        HashSet<string> taken = [.. a.Requests.Concat(b.Requests).Select(static request => request.Target)];
        Assert.All(
            load.Tallies.SelectMany(static tally => tally.Unanswered), target => Assert.DoesNotContain(target, taken));
    }

    // New handshakes show the new certificate; those who are connected go on.
    private static async Task SwapAsync(ProxyProcess proxy, TestKeys keys, Load load)
    {
        using X509Certificate2 next = keys.Make("a.test");
        await Eventually.TrueAsync(
            async () =>
            {
                using RawClient client = await RawClient.ConnectTlsAsync(
                    proxy.Port, keys, static ask => ask.AllowTlsResume = false);
                return client.Wire.Secure!.RemoteCertificate!.GetSerialNumberString() == next.SerialNumber;
            },
            "the new certificate to be shown");
        int[] before = [.. load.Tallies.Select(static tally => tally.Answered)];
        await load.UntilAsync(
            tally => tally.Answered > before[load.Tallies.IndexOf(tally)], "each client to be served after that");
    }

    private static async Task EchoAsync(AsyncDuplexStreamingCall<string, string> stream, string message)
    {
        await stream.RequestStream.WriteAsync(message, Token).Within("a message to be taken");
        Assert.True(await stream.ResponseStream.MoveNext(Token).Within("an answer"));
        Assert.Equal($"{message}!", stream.ResponseStream.Current);
    }

    private static async Task EndAsync(AsyncDuplexStreamingCall<string, string> stream)
    {
        await stream.RequestStream.CompleteAsync().Within("the end to be taken");
        Assert.False(await stream.ResponseStream.MoveNext(Token).Within("the end"));
        Assert.Equal(StatusCode.OK, stream.GetStatus().StatusCode);
        Assert.Equal("4", stream.GetTrailers().GetValue("x-count"));
    }

    private static string Toml(TestKeys keys, int[] servers, int grpc, int number) => $$"""
        {{keys.Toml("a.test")}}
        [routers.all]
        rule = "PathPrefix(`/`)"
        service = "app"
        middlewares = ["tell"]
        [routers.calls]
        rule = "PathPrefix(`/test.Echo/`)"
        service = "calls"
        [middlewares.tell.headers.response]
        set = { X-Config = "{{number}}" }
        [services.app]
        {{ProxyConfig.ServerList(servers)}}
        [services.calls]
        servers = [{ url = "h2://127.0.0.1:{{grpc}}" }]
        tls = { ca = "{{keys.AuthorityFile}}" }
        """;

    /// <summary>Clients that ask until the proxy goes.</summary>
    private sealed class Load
    {
        private readonly Task[] _runs;

        private Load(LoadHttp1[] first, LoadHttp2[] second)
        {
            Tallies = [.. first.Select(static one => one.Tally), .. second.Select(static one => one.Tally)];
            _runs = [.. first.Select(static one => one.RunAsync()), .. second.Select(static one => one.RunAsync())];
        }

        public List<LoadTally> Tallies { get; }

        public static Load Start(int port, TestKeys keys) => new(
            [.. Enumerable.Range(0, Clients).Select(i => new LoadHttp1(port, keys, $"first-{i}"))],
            [.. Enumerable.Range(0, Clients).Select(i => new LoadHttp2(port, keys, $"second-{i}", Streams))]);

        /// <summary>Waits until it is so of each client; one that failed ends that.</summary>
        public Task UntilAsync(Func<LoadTally, bool> isSo, string what) => Eventually.TrueAsync(
            async () =>
            {
                await Task.WhenAll(_runs.Where(static run => run.IsCompleted));
                return Tallies.All(isSo);
            },
            what);

        public void LetEnd() => Tallies.ForEach(static tally => tally.LetEnd());

        public async Task EndAsync()
        {
            await Task.WhenAll(_runs).Within("clients to hear of the end");
            Assert.All(Tallies, static tally => Assert.True(tally.HeardOfTheEnd));
        }
    }

    /// <summary>Requests that are at the servers when the proxy is told to go: there is no doubt about them.</summary>
    private sealed class Held
    {
        public const int Requests = Clients + (Clients * Streams);
        private readonly LoadTally[] _tallies;
        private readonly LoadTally[] _told;
        private readonly Task[] _runs;

        private Held(LoadHttp1[] first, LoadHttp2[] second)
        {
            _tallies = [.. first.Select(static one => one.Tally), .. second.Select(static one => one.Tally)];
            _told = [.. second.Select(static one => one.Tally)];
            _runs = [.. first.Select(static one => one.LastAsync()), .. second.Select(static one => one.RunAsync())];
        }

        public static Held Start(int port, TestKeys keys) => new(
            [.. Enumerable.Range(0, Clients).Select(i => new LoadHttp1(port, keys, $"held-first-{i}"))],
            [.. Enumerable.Range(0, Clients).Select(i => new LoadHttp2(port, keys, $"held-second-{i}", Streams))]);

        public void LetEnd() => Array.ForEach(_tallies, static tally => tally.LetEnd());

        /// <summary>Waits until HTTP/2's GOAWAY is there: from then on its clients begin nothing.</summary>
        public Task ToldAsync() => Eventually.TrueAsync(
            () => _told.All(static tally => tally.HeardOfTheEnd), "clients of HTTP/2 to be told of the end");

        public async Task EndAsync()
        {
            await Task.WhenAll(_runs).Within("held requests to be answered");
            Assert.All(_tallies, static tally => Assert.Empty(tally.Unanswered));
            Assert.Equal(Requests, _tallies.Sum(static tally => tally.Answered));
        }
    }
}
