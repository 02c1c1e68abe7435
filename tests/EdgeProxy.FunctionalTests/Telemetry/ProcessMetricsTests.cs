using System;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Telemetry;

/// <summary>Metrics of the process, of entrypoints and of the certificates they show.</summary>
public sealed class ProcessMetricsTests
{
    [Fact]
    public async Task Process_IsWhatTheSystemSaysOfIt()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        double now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        string text = (await proxy.AdminAsync("/metrics")).BodyText;

        Assert.InRange(ProxyProcess.MetricIn(text, "process_start_time_seconds")!.Value, now - 600, now + 5);
        Assert.True(ProxyProcess.MetricIn(text, "process_resident_memory_bytes") > 1024 * 1024);
        Assert.True(ProxyProcess.MetricIn(text, "process_virtual_memory_bytes") > 1024 * 1024);
        Assert.True(ProxyProcess.MetricIn(text, "process_cpu_seconds_total") > 0);
        Assert.True(ProxyProcess.MetricIn(text, "process_threads") >= 2);
        Assert.True(ProxyProcess.MetricIn(text, "process_open_fds") >= 5);
        Assert.True(ProxyProcess.MetricIn(text, "dotnet_gc_collections_total", "gc_heap_generation=\"gen0\"") >= 0);
        Assert.True(ProxyProcess.MetricIn(text, "dotnet_gc_pause_time_seconds_total") >= 0);
    }

    [Fact]
    public async Task EntryPoint_TellsItsConnections_AndItsCertificatesExpiry()
    {
        using var keys = new TestKeys();
        using X509Certificate2 certificate = keys.Make("a.test");
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "tls = {}", More = keys.Toml("a.test") });
        using RawClient client = await RawClient.ConnectTlsAsync(proxy.Port, keys);

        await proxy.ExpectMetricAsync(1, "edgeproxy_entrypoint_connections_open", "entrypoint=\"web\"");
        Assert.Equal(
            new DateTimeOffset(certificate.NotAfter.ToUniversalTime()).ToUnixTimeSeconds(),
            await proxy.MetricAsync("edgeproxy_certificate_expiry_timestamp_seconds", "entrypoint=\"web\""));
    }
}
