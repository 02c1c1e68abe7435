using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>A disk that is full: nothing is served unrecorded, or what was is counted.</summary>
public sealed class AuditFullTests
{
    [Theory]
    [InlineData("fsync_interval = \"10ms\"")]
    [InlineData("fsync = \"always\"")]
    public async Task FolderThatIsRemoved_IsNoticed_AndNothingIsServedUnrecorded(string fsync)
    {
        using AuditChain chain = new();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(chain.Config(fsync, server));
        Assert.True(await ServedAsync(proxy));

        Directory.Delete(chain.Folder, recursive: true);
        Directory.CreateDirectory(chain.Folder);

        await Eventually.TrueAsync(async () => !await ServedAsync(proxy), "requests to be refused");
        await proxy.WaitForLineAsync("was removed");
        int reached = server.Requests.Count;
        Assert.False(await ServedAsync(proxy));
        Assert.Equal(reached, server.Requests.Count);
    }

    [Theory]
    [InlineData("interval", true)]
    [InlineData("interval", false)]
    [InlineData("always", true)]
    [InlineData("always", false)]
    public async Task Full_Block_RefusesUntilThereIsRoom(string fsync, bool mayMount)
    {
        await using FullDisk disk = await FullDisk.MakeAsync(mayMount);
        using AuditChain chain = new(Path.Combine(disk.Folder, "audit"));
        await using RawServer server = RawServer.Ok();
        int served = 0;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(
            chain.Config($"fsync = \"{fsync}\"", server), disk.Wrap))
        {
            served += await ServedAsync(proxy) ? 1 : 0;
            await disk.FillAsync(proxy);
            await Eventually.TrueAsync(
                async () =>
                {
                    bool isServed = await ServedAsync(proxy);
                    served += isServed ? 1 : 0;
                    return !isServed;
                },
                "requests to be refused");
            int reached = server.Requests.Count;
            Assert.False(await ServedAsync(proxy));
            Assert.Equal(reached, server.Requests.Count);
            await proxy.ExpectMetricAsync(1, "edgeproxy_audit_stuck");
            await Eventually.TrueAsync(
                async () => await proxy.MetricAsync("edgeproxy_audit_refused_total") >= 2, "two to be counted");
            await proxy.WaitForLineAsync("audit records cannot be written");

            await disk.FreeAsync(proxy);
            await proxy.WaitForLineAsync("audit records are written again");
            Assert.True(await ServedAsync(proxy));
            served++;
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        List<JsonObject> exchanges = chain.Verified("exchange");
        int cut = chain.Verified("exchange_cut").Count;
        Assert.Equal(fsync == "always" ? 1 : 0, cut);
        Assert.Equal(served + cut, exchanges.Count(record => (int)record["status"]! == 200));
        Assert.Empty(chain.Verified("gap"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Full_Gap_ServesAndCountsWhatIsMissing(bool mayMount)
    {
        await using FullDisk disk = await FullDisk.MakeAsync(mayMount);
        using AuditChain chain = new(Path.Combine(disk.Folder, "audit"));
        await using RawServer server = RawServer.Ok();
        int asked = 0;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(
            chain.Config("on_full = \"gap\"", server), disk.Wrap))
        {
            await disk.FillAsync(proxy);
            using RawClient client = await proxy.ConnectAsync();

            // Until the ring is full, too.
            while (asked % 500 != 0 || await proxy.MetricAsync("edgeproxy_audit_lost_total") < 1)
            {
                Assert.Equal(200, (await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
                asked++;
            }

            await disk.FreeAsync(proxy);
            await proxy.WaitForLineAsync("audit records are written again");
            Assert.Equal(200, (await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
            asked++;
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        Assert.Equal(asked, chain.Verified("exchange").Count + chain.Verified("gap").Sum(gap => (int)gap["lost"]!));
        Assert.NotEmpty(chain.Verified("gap"));
    }

    // Whose record the disk had no room for is cut off; whoever comes after is refused.
    private static async Task<bool> ServedAsync(ProxyProcess proxy)
    {
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        try
        {
            RawResponse response = await client.ReadResponseAsync(limit: TimeSpan.FromSeconds(30));
            Assert.True(response.Status is 200 or 503, response.Head.Text);
            return response.Status == 200;
        }
        catch (WireEndedException)
        {
            return false;
        }
    }
}
