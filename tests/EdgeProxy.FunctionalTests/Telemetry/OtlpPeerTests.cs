using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Grpc.Core;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>[telemetry.otlp] to a collector of another's make: gRPC, TLS, a certificate of our own.</summary>
public sealed class OtlpPeerTests
{
    private const int ServerKind = 2;
    private const string Log = "[access_log]\noutput = \"otlp\"";

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)]
    [InlineData(false, true, true)]
    public async Task AllSignals_Arrive(bool isGrpc, bool isTls, bool asksForCertificate)
    {
        using var keys = new TestKeys();
        using X509Certificate2 certificate = keys.Make("collector", ["127.0.0.1"]);
        using X509Certificate2 own = keys.Make("edge-7");
        await using PeerCollector collector = await PeerCollector.StartAsync(
            isGrpc, isTls ? certificate : null, asksForCertificate ? keys : null);
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(
            server, collector, isGrpc, isTls ? keys : null, asksForCertificate ? "edge-7" : null));

        await RawClient.GetAsync(proxy.Port, "/cart");

        await collector.WaitAsync(static c => c.Spans.Count >= 2 && c.Metrics.Count > 0
            && c.Logs.Any(static log => log.EventName == "edgeproxy.access"), "all signals");
        Assert.Equal("/cart", collector.Spans.Single(static s => s.Kind == ServerKind).Attributes["url.path"]);
        Assert.Equal("/cart",
            collector.Logs.Single(static l => l.EventName == "edgeproxy.access").Attributes["url.path"]);
        Assert.Contains(collector.Metrics, static metric => metric.Name == "edgeproxy.requests");
        string traces = isGrpc ? "/opentelemetry.proto.collector.trace.v1.TraceService/Export" : "/v1/traces";
        PeerRequest request = collector.Requests.First(r => r.Path == traces);
        Assert.Equal(
            (isGrpc ? "application/grpc" : "application/x-protobuf", "stores",
                asksForCertificate ? "CN=edge-7" : ""),
            (request.Fields["Content-Type"], request.Fields["X-Scope-OrgID"], request.Client));
        await proxy.ExpectMetricAsync(1, "edgeproxy_otlp_up");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Collector_WhomNobodyTrustedSigned_HearsNothing(bool isGrpc)
    {
        using var keys = new TestKeys();
        using var others = new TestKeys();
        using X509Certificate2 certificate = others.Make("collector", ["127.0.0.1"]);
        await using PeerCollector collector = await PeerCollector.StartAsync(isGrpc, certificate);
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy =
            await ProxyProcess.StartAsync(Config(server, collector, isGrpc, keys, null));

        await RawClient.GetAsync(proxy.Port);
        await proxy.WaitForLineAsync("is away");

        Assert.Empty(collector.Requests);
        await proxy.ExpectMetricAsync(0, "edgeproxy_otlp_up");
    }

    [Fact]
    public async Task Collector_ThatWantsACertificate_DoesNotHearThoseWithout()
    {
        using var keys = new TestKeys();
        using X509Certificate2 certificate = keys.Make("collector", ["127.0.0.1"]);
        await using PeerCollector collector = await PeerCollector.StartAsync(isGrpc: false, certificate, keys);
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy =
            await ProxyProcess.StartAsync(Config(server, collector, isGrpc: false, keys, null));

        await RawClient.GetAsync(proxy.Port);
        await proxy.WaitForLineAsync("is away");

        Assert.Empty(collector.Requests);
    }

    [Fact]
    public async Task Grpc_Unavailable_IsSentAgain_InvalidArgumentIsLost()
    {
        await using PeerCollector collector = await PeerCollector.StartAsync(isGrpc: true);
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = Config(
            server, collector, isGrpc: true, null, null, "signals = [\"traces\"]", log: "");
        collector.Fail(StatusCode.Unavailable, 1);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        await RawClient.GetAsync(proxy.Port, "/late");
        await collector.WaitAsync(static c => c.Spans.Count == 2, "what was sent again");
        collector.Fail(StatusCode.InvalidArgument, 1);
        await RawClient.GetAsync(proxy.Port, "/lost");
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync(
                "edgeproxy_telemetry_lost_items_total", "kind=\"traces\",reason=\"refused\"") == 2, "2 refused");
        await RawClient.GetAsync(proxy.Port, "/next");
        await collector.WaitAsync(static c => c.Spans.Count == 4, "the next");

        Assert.Equal(["/late", "/next"],
            collector.Spans.Where(static s => s.Kind == ServerKind).Select(static s => s.Attributes["url.path"]));
    }

    private static ProxyConfig Config(
        RawServer server, PeerCollector collector, bool isGrpc, TestKeys? keys, string? own, string more = "",
        string log = Log) =>
        new(server)
        {
            More = $$"""
                [telemetry.otlp]
                endpoint = "{{(keys is null ? "http" : "https")}}://127.0.0.1:{{collector.Port}}"
                protocol = "{{(isGrpc ? "grpc" : "http")}}"
                batch_interval = "100ms"
                metrics_interval = "1s"
                headers = { X-Scope-OrgID = "stores" }
                {{(keys is null ? "" : $"ca = \"{keys.AuthorityFile}\"")}}
                {{(own is null ? "" : $"cert = \"{keys!.CertificateFile(own)}\"\nkey = \"{keys.KeyFile(own)}\"")}}
                {{more}}
                [telemetry.traces]
                ratio = 1
                {{log}}

                """,
        };
}
