using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>What wears an appliance's flash: bytes that the process sends to the disk (proc(5), write_bytes).</summary>
public sealed class FlashTests(ITestOutputHelper output) : IDisposable
{
    private const int Requests = 1_000;
    private const int AuditedBytesMax = 512;

    // A file system may count a page or two for what it notes of files that are read.
    private const long AtRestBytesMax = 32 * 1024;
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("edgeproxy-flash-");

    [Fact]
    public async Task WithoutFilesToWrite_RequestsAndReloadsOfTheSameWriteNothing()
    {
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server) { StateFolder = _state.FullName };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string kept = (await Eventually.GetAsync(
            () => Task.FromResult(Kept()), static files => files.Length == 1, "the configuration to be kept"))[0];
        DateTime written = File.GetLastWriteTimeUtc(kept);
        long before = WrittenBytes(proxy);

        await RequestAsync(proxy);
        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/reload", "POST")).Status);

        output.WriteLine($"{Requests} requests: {WrittenBytes(proxy) - before} bytes to the disk");
        Assert.InRange(WrittenBytes(proxy) - before, 0, AtRestBytesMax);
        Assert.Equal(written, File.GetLastWriteTimeUtc(kept));
        await using ProxyProcess again = await ProxyProcess.StartAgainAsync(proxy);
        before = WrittenBytes(again);
        await RequestAsync(again);
        Assert.InRange(WrittenBytes(again) - before, 0, AtRestBytesMax);
        Assert.Equal(written, File.GetLastWriteTimeUtc(kept));
    }

    [Fact]
    public async Task WithAudit_ARequestIsLessThanHalfAKilobyte()
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = chain.Config("", server);
        config.StateFolder = _state.FullName;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        await RequestAsync(proxy);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        // The rings beside the chain are files of a fixed size, mapped into memory.
        long bytes = Directory.GetFiles(chain.Folder, "*.audit").Sum(static path => new FileInfo(path).Length);
        output.WriteLine($"{bytes / (double)Requests:0} bytes of the chain for a request");
        Assert.Equal(Requests, chain.Verified("exchange").Count);
        Assert.InRange(bytes, Requests, Requests * AuditedBytesMax);
    }

    public void Dispose() => _state.Delete(recursive: true);

    // A file has another name until all of it is there.
    private string[] Kept() =>
    [
        .. Directory.GetFiles(_state.FullName, "0*", SearchOption.AllDirectories)
            .Where(static path => !path.EndsWith(".new", StringComparison.Ordinal)),
    ];

    private static async Task RequestAsync(ProxyProcess proxy)
    {
        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < Requests; i++)
        {
            Assert.Equal(200, (await client.RequestAsync("GET /page HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        }
    }

    private static long WrittenBytes(ProxyProcess proxy)
    {
        const string Field = "write_bytes: ";
        string line = File.ReadLines($"/proc/{proxy.Id}/io").First(l => l.StartsWith(Field, StringComparison.Ordinal));
        return long.Parse(line[Field.Length..], CultureInfo.InvariantCulture);
    }
}
