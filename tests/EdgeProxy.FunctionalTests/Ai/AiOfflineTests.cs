using System.Collections.Generic;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>With the link down a local model answers, and the answer says so.</summary>
public sealed class AiOfflineTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Body = "{\"model\":\"best\",\"messages\":[]}";
    private const string Stream = "{\"model\":\"best\",\"stream\":true,\"messages\":[]}";
    private const string Field = "X-EdgeProxy-Offline";

    [Theory]
    [InlineData(Body)]
    [InlineData(Stream)]
    public async Task Link_Down_TheLocalModelAnswersAndSaysSo(string body)
    {
        using var chain = new AuditChain();
        await using ModelServer cloud = ModelServer.Start();
        await using ModelServer local = ModelServer.Start();
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(Config(
            cloud.Port, local.Port, more: chain.Table() + "\n[access_log]\noutput = \"stderr\"\n")))
        {
            RawResponse there = await AiProxy.PostAsync(proxy, Chat, body);
            Assert.Equal((200, null), (there.Status, there.Header(Field)));
            Assert.Equal((1, 0), (cloud.Requests.Count, local.Requests.Count));
            cloud.Server.StopAccepting();
            cloud.Server.CloseAll();

            // Whoever finds out, and the next, who need not.
            RawResponse first = await AiProxy.PostAsync(proxy, Chat, body);
            RawResponse next = await AiProxy.PostAsync(proxy, Chat, body);

            Assert.Equal((200, 200), (first.Status, next.Status));
            Assert.Equal(("true", "true"), (first.Header(Field), next.Header(Field)));
            Assert.Equal((1, 2), (cloud.Requests.Count, local.Requests.Count));
            Assert.Equal("local-model", ModelServer.BodyOf(local.Last)["model"]!.ToString());
            await proxy.ExpectMetricAsync(
                2, "edgeproxy_ai_offline_calls_total", "gen_ai_provider_name=\"local\"");
            await proxy.WaitForLineAsync("\"offline\":true");
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
        }

        List<JsonObject> records = chain.Verified("exchange");
        Assert.Equal(3, records.Count);
        Assert.Null(records[0]["facts"]!["edgeproxy.ai.offline"]);
        Assert.All(records[1..], record => Assert.Equal("true", (string)record["facts"]!["edgeproxy.ai.offline"]!));
    }

    // The probe alone: nobody's call has to find out, in either direction.
    [Fact]
    public async Task Link_DownByTheProbe_IsFoundOutByNoCall()
    {
        await using ModelServer cloud = ModelServer.Start();
        await using ModelServer local = ModelServer.Start();
        string status = "200 OK";
        await using RawServer probed = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync("", "", Volatile.Read(ref status));
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(cloud.Port, local.Port, provider: $$"""
            health_check = { port = {{probed.Port}}, interval = "100ms", jitter = "1ms", fall = 1, rise = 1 }
            """));
        await proxy.WaitForServersAsync("up", cloud.Port);
        Assert.Null((await AiProxy.PostAsync(proxy, Chat, Body)).Header(Field));
        Volatile.Write(ref status, "503 Service Unavailable");
        await proxy.WaitForServersAsync("down", cloud.Port);

        RawResponse answer = await AiProxy.PostAsync(proxy, Chat, Body);

        Assert.Equal((200, "true"), (answer.Status, answer.Header(Field)));
        Assert.Equal((1, 1), (cloud.Requests.Count, local.Requests.Count));
        Volatile.Write(ref status, "200 OK");
        await proxy.WaitForServersAsync("up", cloud.Port);
        Assert.Null((await AiProxy.PostAsync(proxy, Chat, Body)).Header(Field));
        Assert.Equal((2, 1), (cloud.Requests.Count, local.Requests.Count));
    }

    // A provider that answers is there, whatever it says: the local model is no other for that.
    [Theory]
    [InlineData("Overloaded")]
    [InlineData("Cut")]
    public async Task Provider_ThatAnswers_IsNotOffline(string temper)
    {
        await using ModelServer cloud = ModelServer.Start();
        await using ModelServer local = ModelServer.Start();
        cloud.Temper = System.Enum.Parse<ModelTemper>(temper);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(cloud.Port, local.Port));
        using RawClient client = await RawClient.ConnectAsync(proxy.Port);

        await client.SendAsync(AiProxy.Post(Chat, Body));
        RawResponse head = await client.ReadHeadAsync();

        Assert.Null(head.Header(Field));
        Assert.Empty(local.Requests);
    }

    private static ProxyConfig Config(int cloud, int local, string provider = "", string more = "") => new()
    {
        IsBare = true,
        More = $$"""
            [routers.llm]
            rule = "PathPrefix(`/`)"
            service = "llm"

            [services.llm.ai]
            models = [
              { name = "best", provider = "local", model = "local-model", when = "offline" },
              { name = "best", provider = "cloud", model = "cloud-model", priority = 1 },
            ]

            [ai.providers.cloud]
            kind = "openai"
            base_url = "http://127.0.0.1:{{cloud}}/v1"
            {{provider}}

            [ai.providers.local]
            kind = "ollama"
            base_url = "http://127.0.0.1:{{local}}"

            {{more}}
            """,
    };
}
