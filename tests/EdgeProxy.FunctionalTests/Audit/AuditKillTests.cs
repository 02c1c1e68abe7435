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
using EdgeProxy.FunctionalTests.Ai;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>
/// SIGKILL at moments by lot under load: who has a whole answer has a record, once, and the chain verifies. Ten
/// times in each of the two ways to sync, which run side by side; a hundred with CI=true or EDGEPROXY_LONG=1.
/// </summary>
public abstract class AuditKillTests(string fsync)
{
    private const int Clients = 4;
    private const int SignalKill = 9;

    private static int Rounds =>
        External.IsContinuousIntegration || Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1" ? 100 : 10;

    [Fact]
    public async Task Killed_UnderLoad_NothingAcknowledgedIsLostOrTwice()
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        await using ModelServer model = ModelServer.Start();
        server.ToleratesFaults = true;
        model.Server.ToleratesFaults = true;
        ProxyConfig config = chain.Config(
            $"fsync = \"{fsync}\"\nsegment_bytes = \"64KiB\"\nsegment_age = \"1s\"\n{Models(model)}", server);
        config.Loops = 2;
        var acknowledged = new ConcurrentQueue<string>();
        var lots = new Random(7);
        for (int round = 0; round < Rounds; round++)
        {
            await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
            int enough = acknowledged.Count + 1 + lots.Next(400);
            using var stopping = new CancellationTokenSource();
            Task[] clients = [.. Enumerable.Range(0, Clients).Select(
                client => AskAsync(
                    proxy.Port, $"{round}-{client}", client % 2 == 0, acknowledged, stopping.Token))];
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
        var asked = records.Where(record => record["facts"]?["edgeproxy.ai.outcome"] is not null)
            .ToDictionary(record => (string)record["request_id"]!);
        Assert.Contains(acknowledged, asked.ContainsKey);
        Assert.DoesNotContain(acknowledged.Where(asked.ContainsKey),
            id => (string)asked[id]["facts"]!["edgeproxy.ai.outcome"]! != "ok" || asked[id]["response_sha256"] is null);
    }

    private static string Models(ModelServer model) => $$"""
        [routers.llm]
        rule = "PathPrefix(`/v1`)"
        service = "llm"
        [services.llm.ai]
        models = [{ name = "fast", provider = "p" }]
        [ai.providers.p]
        kind = "openai"
        base_url = "http://127.0.0.1:{{model.Port}}/v1"
        """;

    private static string Request(string id, bool isModel) => isModel
        ? AiProxy.Post("/v1/chat/completions", "{\"model\":\"fast\",\"stream\":true}", $"X-Request-Id: {id}\r\n")
        : $"GET /{id} HTTP/1.1\r\nHost: a\r\nX-Request-Id: {id}\r\n\r\n";

    // Notes the id of each request whose answer came whole, streams of a model or others, until the proxy is gone.
    private static async Task AskAsync(
        int port, string name, bool isModel, ConcurrentQueue<string> acknowledged, CancellationToken stopping)
    {
        for (int i = 0; !stopping.IsCancellationRequested; i++)
        {
            try
            {
                using RawClient client = await RawClient.ConnectAsync(port);
                for (; ; i++)
                {
                    string id = $"{name}-{i}";
                    await client.SendAsync(Request(id, isModel));
                    RawResponse response = await client.ReadResponseAsync();
                    if (response.IsWhole)
                    {
                        Assert.Equal(200, response.Status);
                        Assert.EndsWith(isModel ? "data: [DONE]\n\n" : "ok", response.BodyText, StringComparison.Ordinal);
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

/// <summary>Synced every so often.</summary>
public sealed class IntervalAuditKillTests() : AuditKillTests("interval");

/// <summary>No answer ends before its record is synced.</summary>
public sealed class AlwaysAuditKillTests() : AuditKillTests("always");
