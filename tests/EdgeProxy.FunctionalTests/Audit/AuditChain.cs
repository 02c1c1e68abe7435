using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeProxy.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>An audit directory of the test's own, outside the proxy's, so that it outlives it.</summary>
internal sealed class AuditChain(string? folder = null) : IDisposable
{
    public string Folder { get; } = folder ?? Directory.CreateTempSubdirectory("edgeproxy-audit-").FullName;

    /// <summary>Records, in order, of a chain that verifies with the public key in its folder.</summary>
    public List<JsonObject> Verified(out ChainReport report)
    {
        var records = new List<JsonObject>();
        using SegmentKey key = SegmentKey.OfPem(File.ReadAllText(Path.Combine(Folder, "key.pub.pem")));
        var files = new DiskFiles(Folder);
        report = new ChainVerifier([key]) { OnRecord = (_, seq, record) => records.Add(Json(seq, record)) }
            .Verify(files.List(), files.OpenRead);
        Assert.Null(report.Problem);
        return records;
    }

    /// <summary>As <see cref="Verified(out ChainReport)"/>, those of a kind.</summary>
    public List<JsonObject> Verified(string kind) =>
        [.. Verified(out _).Where(record => (string)record["kind"]! == kind)];

    /// <summary>A configuration with this chain; every router audited.</summary>
    public ProxyConfig Config(string audit = "", params IEnumerable<RawServer> servers) =>
        new(servers) { More = Table(audit) };

    public string Table(string more = "") => $"[audit]\ndirectory = \"{Folder}\"\nall_routers = true\n{more}\n";

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static JsonObject Json(ulong seq, ReadOnlySpan<byte> record)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            RecordJson.Write(json, "test", seq, record);
        }

        return JsonNode.Parse(text.WrittenSpan)!.AsObject();
    }
}
