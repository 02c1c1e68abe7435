using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>The chain of a running proxy: what is in it, and when it is opened, changed and closed.</summary>
public sealed class AuditTests
{
    private const string Get = "GET /a?b=c HTTP/1.1\r\nHost: shop.test\r\nX-Request-Id: r-1\r\nConnection: close\r\n\r\n";

    [Theory]
    [InlineData("")]
    [InlineData("fsync = \"always\"")]
    public async Task Life_FromStartToStop_IsOneSignedChain(string audit)
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = chain.Config(audit, server);
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Get)).Status);
            await proxy.ExpectMetricAsync(2, "edgeproxy_audit_records_total"); // the exchange is in
            await proxy.ReloadAsync(config.ToToml() + "\n# changed\n");
            proxy.WriteConfig("nonsense");
            Assert.Equal(422, (await proxy.AdminAsync("/api/v1/reload", "POST")).Status);
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        List<JsonObject> records = chain.Verified(out ChainReport report);
        Assert.Equal(["start", "config", "exchange", "config", "config", "admin", "stop"],
            records.Select(r => (string)r["kind"]!));
        Assert.Equal((7UL, 7UL), (report.LastSeq, report.SignedSeq));
        JsonObject exchange = records[2];
        Assert.Equal(("r-1", "all", "app", 200), ((string)exchange["request_id"]!, (string)exchange["router"]!,
            (string)exchange["service"]!, (int)exchange["status"]!));
        Assert.Equal((string)records[1]["config_hash"]!, (string)exchange["config_hash"]!);
        Assert.Equal((string)records[1]["config_hash"]!, (string)records[3]["config_hash_before"]!);
        Assert.Equal(("SIGHUP", "applied"), ((string)records[3]["cause"]!, (string)records[3]["outcome"]!));
        Assert.Equal(("admin API", "refused"), ((string)records[4]["cause"]!, (string)records[4]["outcome"]!));
        Assert.Equal(("/api/v1/reload", 422, "127.0.0.1"), ((string)records[5]["cause"]!, (int)records[5]["status"]!,
            (string)records[5]["by"]!));
    }

    [Fact]
    public async Task Reload_AddsTheChainAndThenKeepsItWhereItIs()
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Assert.Equal(404, (await proxy.AdminAsync("/api/v1/audit")).Status);

        await proxy.ReloadAsync(config.ToToml() + chain.Table());
        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Get)).Status);
        Assert.Contains("\"stuck\":false", (await proxy.AdminAsync("/api/v1/audit")).BodyText, StringComparison.Ordinal);

        proxy.WriteConfig(config.ToToml());
        RawResponse removed = await proxy.AdminAsync("/api/v1/reload", "POST");
        Assert.Equal(500, removed.Status);
        Assert.Contains("[audit] was removed", removed.BodyText, StringComparison.Ordinal);
        proxy.WriteConfig(config.ToToml() + "[audit]\ndirectory = \"/elsewhere\"\n");
        Assert.Contains(
            "audit.directory is", (await proxy.AdminAsync("/api/v1/reload", "POST")).BodyText, StringComparison.Ordinal);
        await proxy.ReloadAsync(config.ToToml() + chain.Table("fsync = \"always\""));
        Assert.Contains("always", (await proxy.AdminAsync("/api/v1/audit")).BodyText, StringComparison.Ordinal);
        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Get)).Status);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        Assert.Equal(2, chain.Verified("exchange").Count);
        Assert.Equal(2, chain.Verified("config").Count(record => (string)record["outcome"]! == "refused"));
    }

    [Fact]
    public async Task Start_FolderThatCannotBeUsed_EndsWithTheReason()
    {
        using var chain = new AuditChain();
        File.WriteAllText(Path.Combine(chain.Folder, "file"), "");
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server) { More = $"[audit]\ndirectory = \"{chain.Folder}/file/x\"\n" };

        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ProxyProcess.StartAsync(config));

        Assert.Contains("audit: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Router_WithoutAudit_LeavesNoRecord()
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = chain.Config("", server);
        config.Router = "audit = false";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Get)).Status);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        Assert.Empty(chain.Verified("exchange"));
    }

    [Theory]
    [InlineData("interval")]
    [InlineData("always")]
    public async Task Compressed_DigestIsOfWhatTheClientHas(string fsync)
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Answering(
            $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9000\r\n\r\n{new string('x', 9000)}");
        ProxyConfig config = chain.Config($"fsync = \"{fsync}\"\n[middlewares.small.compress]", server);
        config.Router = "middlewares = [\"small\"]\naudit_digests = true";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        RawResponse response = await RawClient.OnceAsync(
            proxy.Port, "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        JsonObject record = Assert.Single(chain.Verified("exchange"));
        Assert.InRange(response.Body.Length, 1, 1000);
        Assert.Equal(response.Body.Length, (int)record["response_bytes"]!);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(response.Body)), (string)record["response_sha256"]!);
    }

    [Fact]
    public async Task Metrics_CountRecordsAndNameTheSignedSegment()
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            chain.Config("fsync = \"always\"\nsegment_age = \"1s\"", server));
        await RawClient.OnceAsync(proxy.Port, Get);

        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_audit_signed_record") >= 3, "a signed segment");
        Assert.True(await proxy.MetricAsync("edgeproxy_audit_records_total") >= 2);
        Assert.True(await proxy.MetricAsync("edgeproxy_audit_bytes_total") > 300);
        await proxy.ExpectMetricAsync(0, "edgeproxy_audit_stuck");
        await proxy.ExpectMetricAsync(0, "edgeproxy_audit_lost_total");
        await proxy.WaitForLineAsync("audit segment 1 closed");

        // A segment is signed within a second: the latest of those that were by now.
        await Eventually.TrueAsync(
            async () => (await proxy.AdminAsync("/metrics")).BodyText.Contains(
                HashOf(proxy.Stderr.Last(line => line.Contains("audit segment ", StringComparison.Ordinal)
                    && line.Contains("hash ", StringComparison.Ordinal))),
                StringComparison.Ordinal),
            "the hash of the latest segment");

        static string HashOf(string line) =>
            line[(line.IndexOf("hash ", StringComparison.Ordinal) + 5)..].Split(' ')[0];
    }
}
