using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>
/// SIGKILL at moments by lot under load: who has a whole answer has a record, once, and the chain verifies.
/// EDGEPROXY_LONG=1 kills ten times as often.
/// </summary>
public sealed class AuditKillTests
{
    private const int Clients = 4;
    private const int SignalKill = 9;

    private static int Rounds => Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1" ? 100 : 10;

    [Theory]
    [InlineData("interval")]
    [InlineData("always")]
    public async Task Killed_UnderLoad_NothingAcknowledgedIsLostOrTwice(string fsync)
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        server.ToleratesFaults = true;
        ProxyConfig config = chain.Config(
            $"fsync = \"{fsync}\"\nsegment_bytes = \"64KiB\"\nsegment_age = \"1s\"", server);
        config.Loops = 2;
        var acknowledged = new ConcurrentQueue<string>();
        var lots = new Random(7);
        for (int round = 0; round < Rounds; round++)
        {
            await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
            int enough = acknowledged.Count + 1 + lots.Next(400);
            using var stopping = new CancellationTokenSource();
            Task[] clients = [.. Enumerable.Range(0, Clients).Select(
                client => AskAsync(proxy.Port, $"{round}-{client}", acknowledged, stopping.Token))];
            await Eventually.TrueAsync(() => acknowledged.Count >= enough, $"{enough} answers");
            proxy.Signal(SignalKill);
            await stopping.CancelAsync();
            await Task.WhenAll(clients).Within("the clients to notice");
        }

        // The last start takes what the last kill left.
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(config))
        {
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        List<JsonObject> records = chain.Verified(out ChainReport report);
        var seen = records.Where(record => (string)record["kind"]! == "exchange")
            .GroupBy(record => (string)record["request_id"]!).ToDictionary(ids => ids.Key, ids => ids.Count());
        Assert.DoesNotContain(acknowledged, id => !seen.ContainsKey(id));
        Assert.DoesNotContain(seen, id => id.Value != 1);
        Assert.Equal(report.LastSeq, report.SignedSeq);
        Assert.Equal(Rounds, records.Count(record => (string)record["kind"]! == "recovery"));
        Assert.DoesNotContain(records, record => (string)record["kind"]! == "gap");
    }

    // Notes the id of each request whose answer came whole, until the proxy is gone.
    private static async Task AskAsync(
        int port, string name, ConcurrentQueue<string> acknowledged, CancellationToken stopping)
    {
        for (int i = 0; !stopping.IsCancellationRequested; i++)
        {
            try
            {
                using RawClient client = await RawClient.ConnectAsync(port);
                for (; ; i++)
                {
                    string id = $"{name}-{i}";
                    await client.SendAsync($"GET /{id} HTTP/1.1\r\nHost: a\r\nX-Request-Id: {id}\r\n\r\n");
                    RawResponse response = await client.ReadResponseAsync();
                    if (response.IsWhole)
                    {
                        Assert.Equal((200, "ok"), (response.Status, response.BodyText));
                        acknowledged.Enqueue(id);
                    }
                }
            }
            catch (Exception gone) when (gone is SocketException or IOException or TimeoutException)
            {
                // It was killed.
            }
        }
    }
}
