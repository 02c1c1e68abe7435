using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Ai;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>
/// What the record of an exchange says, whatever became of it: the table below is the format's promise.
/// </summary>
public sealed class AuditRecordTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Chat = "/v1/chat/completions";
    private const string Hello = "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]";
    private const string Usage =
        "\"gen_ai.usage.input_tokens\":7,\"gen_ai.usage.output_tokens\":3,\"edgeproxy.ai.cost\":38";

    // Of a call that a model answered.
    private const string Answered = "\"gen_ai.provider.name\":\"p\",\"edgeproxy.ai.model_sent\":\"real-model\","
        + "\"gen_ai.response.model\":\"real-model\",\"gen_ai.request.model\":\"fast\","
        + "\"edgeproxy.ai.targets_asked\":1," + Usage;

    // Name, key, path, body ("" for a GET), temper of the model, status, fields, facts.
    private static readonly (string Name, string Key, string Path, string Body, ModelTemper Temper, int Status,
        string Fields, string Facts)[] s_calls =
    [
        ("api", "", "/api?secret=1", "", ModelTemper.Good, 200,
            $"\"router\":\"api\",\"service\":\"app\",\"query\":\"secret=*\",\"tries\":1,\"trace_id\":\"{Trace}\"", ""),
        ("first", "", "/limited", "", ModelTemper.Good, 200, "\"router\":\"limited\"", ""),
        ("limited", "", "/limited", "", ModelTemper.Good, 429, "\"answered_by\":\"one\",\"tries\":0", ""),
        ("nobody", "none", Chat, "{}", ModelTemper.Good, 401, "\"answered_by\":\"key\",\"router\":\"llm\"", ""),
        ("whole", "ann", Chat, "{\"model\":\"fast\"," + Hello + "}", ModelTemper.Good, 200,
            "\"consumer\":\"ann\",\"tries\":1", Answered + ",\"edgeproxy.ai.outcome\":\"ok\""),
        ("stream", "ann", Chat, "{\"model\":\"fast\",\"stream\":true," + Hello + "}", ModelTemper.Good, 200,
            "\"consumer\":\"ann\"", Answered + ",\"edgeproxy.ai.outcome\":\"ok\""),
        ("tool", "ann", Chat, "{\"model\":\"fast\",\"tools\":[{\"type\":\"function\",\"function\":"
            + "{\"name\":\"weather\"}}]," + Hello + "}", ModelTemper.Good, 200, "\"consumer\":\"ann\"",
            Answered + ",\"gen_ai.tool.names\":\"weather\",\"edgeproxy.ai.outcome\":\"ok\""),
        ("translated", "ann", "/v1/messages", "{\"model\":\"fast\",\"max_tokens\":9," + Hello + "}", ModelTemper.Good,
            200, "\"tries\":1", Answered + ",\"edgeproxy.ai.outcome\":\"ok\""),
        ("ollama", "ann", "/api/chat", "{\"model\":\"fast\"," + Hello + "}", ModelTemper.Good, 200,
            "\"tries\":1", Answered + ",\"edgeproxy.ai.outcome\":\"ok\""),
        ("embeddings", "ann", "/v1/embeddings", "{\"model\":\"fast\",\"input\":\"x\"}", ModelTemper.Good, 200,
            "\"tries\":1", "\"gen_ai.request.model\":\"fast\",\"gen_ai.usage.input_tokens\":7,"
            + "\"edgeproxy.ai.outcome\":\"ok\""),
        ("count", "ann", "/v1/messages/count_tokens", "{\"model\":\"fast\"," + Hello + "}", ModelTemper.Good, 200,
            "\"tries\":0", "\"gen_ai.request.model\":\"fast\",\"edgeproxy.ai.outcome\":\"estimated\""),
        ("models", "ann", "/v1/models", "", ModelTemper.Good, 200, "\"consumer\":\"ann\",\"tries\":0", ""),
        ("masked", "ann", Chat, "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":"
            + "\"pay 4111 1111 1111 1111\"}]}", ModelTemper.Good, 200, "\"consumer\":\"ann\"",
            Answered + ",\"edgeproxy.ai.guard.prompt\":\"card_number:mask:1\",\"edgeproxy.ai.outcome\":\"ok\""),
        ("blocked", "ann", Chat, "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"forbidden\"}]}",
            ModelTemper.Good, 403, "\"tries\":0", "\"gen_ai.request.model\":\"fast\",\"edgeproxy.ai.guard.prompt\":"
            + "\"words:block:1\",\"edgeproxy.ai.outcome\":\"refused\",\"edgeproxy.ai.refusal\":\"content_filter\""),
        ("no model", "ann", Chat, "{\"model\":\"none\"}", ModelTemper.Good, 404, "\"tries\":0",
            "\"gen_ai.request.model\":\"none\",\"edgeproxy.ai.outcome\":\"refused\","
            + "\"edgeproxy.ai.refusal\":\"model_not_found\""),
        ("no JSON", "ann", Chat, "{\"model\":", ModelTemper.Good, 400, "\"tries\":0",
            "\"edgeproxy.ai.outcome\":\"refused\",\"edgeproxy.ai.refusal\":\"invalid_json\""),
        ("server tool", "ann", Chat, "{\"model\":\"fast\",\"tools\":[{\"type\":\"web_search\"}]," + Hello + "}",
            ModelTemper.Good, 403, "\"tries\":0", "\"gen_ai.request.model\":\"fast\","
            + "\"edgeproxy.ai.outcome\":\"refused\",\"edgeproxy.ai.refusal\":\"tool_not_allowed\""),
        ("in plan", "bob", Chat, "{\"model\":\"fast\"," + Hello + "}", ModelTemper.Good, 200, "\"consumer\":\"bob\"",
            Answered + ",\"edgeproxy.plan.name\":\"much\",\"edgeproxy.plan.decision\":\"allowed\""),
        ("over plan", "eve", Chat, "{\"model\":\"fast\"," + Hello + "}", ModelTemper.Good, 400, "\"tries\":0",
            "\"edgeproxy.plan.name\":\"one\",\"edgeproxy.plan.decision\":\"refused\",\"edgeproxy.plan.limit\":"
            + "\"tokens per day\",\"gen_ai.request.model\":\"fast\",\"edgeproxy.ai.outcome\":\"refused\","
            + "\"edgeproxy.ai.refusal\":\"request_over_plan\""),
        ("error within", "ann", Chat, "{\"model\":\"fast\",\"stream\":true," + Hello + "}", ModelTemper.ErrorWithin,
            200, "\"consumer\":\"ann\"", "\"gen_ai.request.model\":\"fast\",\"gen_ai.provider.name\":\"p\","
            + "\"edgeproxy.ai.outcome\":\"error_within\""),
        ("cut", "ann", Chat, "{\"model\":\"fast\",\"stream\":true," + Hello + "}", ModelTemper.Cut, 200,
            "\"consumer\":\"ann\"", "\"gen_ai.request.model\":\"fast\",\"edgeproxy.ai.outcome\":\"cut\""),
        ("fallback", "ann", Chat, "{\"model\":\"safe\"," + Hello + "}", ModelTemper.Overloaded, 200, "\"tries\":2",
            "\"gen_ai.request.model\":\"safe\",\"gen_ai.provider.name\":\"q\",\"edgeproxy.ai.targets_asked\":2,"
            + "\"edgeproxy.ai.model_sent\":\"second-model\",\"edgeproxy.ai.outcome\":\"ok\""),
        ("halted", "ann", Chat, "{\"model\":\"stopped\"," + Hello + "}", ModelTemper.Good, 503,
            "\"fault\":\"halted\"", "\"gen_ai.request.model\":\"stopped\",\"edgeproxy.ai.outcome\":\"refused\""),
    ];

    [Fact]
    public async Task Exchange_WhateverBecameOfIt_IsRecordedWhole()
    {
        using var chain = new AuditChain();
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        await using RawServer app = RawServer.Ok();
        first.Server.ToleratesFaults = true;
        var digests = new Dictionary<string, (string Request, string Answer)>();
        string hash;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(Config(chain, app, first, second)))
        {
            Assert.Equal(200, (await proxy.AdminAsync("/api/v1/halt?model=stopped", "POST")).Status);
            foreach ((string name, string key, string path, string body, ModelTemper temper, int status, _, _)
                in s_calls)
            {
                first.Temper = temper;
                RawResponse answer = await AskAsync(proxy, name, key, path, body);
                Assert.True(answer.Status == status, $"{name}: {answer.Status} {answer.BodyText}");
                digests[name] = (Hash(Encoding.UTF8.GetBytes(body)), answer.IsWhole ? Hash(answer.Body) : "");
            }

            await GoneAsync(proxy, first);
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
            hash = (string)chain.Verified("config")[0]["config_hash"]!;
        }

        Dictionary<string, JsonObject> records = chain.Verified("exchange").ToDictionary(
            record => ((string)record["request_id"]!).Replace('_', ' '));
        Assert.Equal([.. s_calls.Select(call => call.Name).Append("gone").Order()], records.Keys.Order());
        foreach ((string name, _, string path, string body, _, int status, string fields, string facts) in s_calls)
        {
            JsonObject record = records[name];
            AssertHas(name, record, $"{{\"status\":{status},\"config_hash\":\"{hash}\",\"client\":\"127.0.0.1\","
                + $"\"host\":\"a\",\"path\":\"{path.Split('?')[0]}\",\"method\":\"{(body.Length > 0 ? "POST" : "GET")}\","
                + $"{fields},\"facts\":{{{facts}}}}}");
            Assert.True(record.ContainsKey("duration_ms") && record.ContainsKey("service"), name);
            if (name is not ("first" or "limited" or "nobody") && body.Length > 0)
            {
                Assert.True(digests[name].Request == (string?)record["request_sha256"], name);
            }

            if (name is not ("first" or "limited") && digests[name].Answer.Length > 0)
            {
                Assert.True(digests[name].Answer == (string?)record["response_sha256"], name);
            }
        }

        AssertHas("gone", records["gone"], "{\"fault\":\"client_gone\",\"consumer\":\"bob\",\"facts\":{"
            + "\"gen_ai.request.model\":\"fast\",\"gen_ai.provider.name\":\"p\",\"edgeproxy.ai.usage_estimated\":1,"
            + "\"edgeproxy.ai.outcome\":\"cut\"}}");
    }

    [Fact]
    public async Task Show_TakesATraceId()
    {
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(chain.Config("", server));
        foreach (string id in (string[])["r-1", "r-2"])
        {
            await RawClient.GetAsync(proxy.Port, "/", $"traceparent: 00-{Trace}-b7ad6b7169203331-01\r\nX-Request-Id: {id}\r\n");
        }

        await RawClient.GetAsync(proxy.Port);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());
        CommandResult shown = await ProxyProcess.RunAsync("audit", "show", Trace, "--config", proxy.ConfigPath);

        Assert.Equal(0, shown.ExitCode);
        Assert.Equal(2, shown.Output.Split("\"kind\"").Length - 1);
        Assert.Contains("\"r-1\"", shown.Output, StringComparison.Ordinal);
        Assert.Contains("\"r-2\"", shown.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await ProxyProcess.RunAsync(
            "audit", "show", new string('0', Trace.Length), "--config", proxy.ConfigPath)).ExitCode);
    }

    private static Task<RawResponse> AskAsync(ProxyProcess proxy, string name, string key, string path, string body)
    {
        string fields = $"X-Request-Id: {name.Replace(' ', '_')}\r\nX-Key: {key}\r\nConnection: close\r\n"
            + (name == "api" ? $"traceparent: 00-{Trace}-b7ad6b7169203331-01\r\n" : "");
        return body.Length > 0
            ? RawClient.OnceAsync(proxy.Port, AiProxy.Post(path, body, fields), "POST")
            : RawClient.OnceAsync(proxy.Port, $"GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    }

    // Leaves in the middle of a stream, its first word read or not.
    private static async Task GoneAsync(ProxyProcess proxy, ModelServer model)
    {
        model.Temper = ModelTemper.Stalled;
        using (RawClient client = await proxy.ConnectAsync())
        {
            await client.SendAsync(AiProxy.Post(Chat, "{\"model\":\"fast\",\"stream\":true," + Hello + "}",
                "X-Request-Id: gone\r\nX-Key: bob\r\n"));
            Assert.Equal(200, (await client.ReadHeadAsync()).Status);
            client.Reset();
        }

        await model.Server.WaitForOpenAsync(0);
    }

    private static ProxyConfig Config(AuditChain chain, RawServer app, ModelServer first, ModelServer second) => new()
    {
        IsBare = true,
        More = $$"""
            {{chain.Table()}}
            [routers.api]
            rule = "Path(`/api`)"
            service = "app"
            audit_digests = true
            [routers.limited]
            rule = "Path(`/limited`)"
            service = "app"
            middlewares = ["one"]
            [routers.llm]
            rule = "PathPrefix(`/`)"
            service = "llm"
            middlewares = ["key", "guard"]
            [middlewares.one.rate_limit]
            average = 1
            period = "24h"
            burst = 1
            [middlewares.key.api_key]
            header = "X-Key"
            [middlewares.guard.ai_guard]
            prompt = [{ detect = "card_number", action = "mask" },
              { detect = "words", words = ["forbidden"], action = "block" }]
            [consumers.ann]
            keys = [{ sha256 = "{{Hash("ann"u8)}}" }]
            [consumers.eve]
            keys = [{ sha256 = "{{Hash("eve"u8)}}" }]
            plan = "one"
            [plans.one]
            limits = [{ count = "tokens", max = 1, period = "day" }]
            [consumers.bob]
            keys = [{ sha256 = "{{Hash("bob"u8)}}" }]
            plan = "much"
            [plans.much]
            limits = [{ count = "tokens", max = 1000000, period = "day" }]
            [services.app]
            {{ProxyConfig.ServerList(app.Port)}}
            [services.llm.ai]
            output_tokens_max = 50
            models = [{ name = "fast", provider = "p", model = "real-model" },
              { name = "stopped", provider = "p", model = "real-model" },
              { name = "safe", provider = "p", model = "real-model" },
              { name = "safe", provider = "q", model = "second-model", priority = 1 }]
            [ai.providers.p]
            kind = "openai"
            base_url = "http://127.0.0.1:{{first.Port}}/v1"
            prices = [{ model = "*", input = 2000000, output = 8000000 }]
            [ai.providers.q]
            kind = "openai"
            base_url = "http://127.0.0.1:{{second.Port}}/v1"
            """,
    };

    // What is expected is there; there may be more.
    private static void AssertHas(string name, JsonObject record, string expected)
    {
        foreach ((string member, JsonNode? value) in JsonNode.Parse(expected)!.AsObject())
        {
            if (value is JsonObject inner)
            {
                if (inner.Count > 0)
                {
                    Assert.True(record[member] is JsonObject, $"{name}: no {member} in {record}");
                    AssertHas(name, record[member]!.AsObject(), inner.ToJsonString());
                }
            }
            else
            {
                Assert.True(JsonNode.DeepEquals(record[member], value), $"{name}: {member} is {record[member]}, not {value}");
            }
        }
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
