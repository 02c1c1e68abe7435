using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>What a model never sees, and its caller gets back.</summary>
public sealed class AiPlaceholderTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Mail = "ann@example.com";

    // The model says what it was asked, in single bytes: it never had the address, and the client has it back.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_HasBackWhatTheModelNeverSaw(bool isStream)
    {
        using var chain = new AuditChain();
        await using RawServer server = Echo(isStream);
        RawResponse answer;
        await using (ProxyProcess proxy = await ProxyProcess.StartAsync(Config(server, chain)))
        {
            answer = await AiProxy.PostAsync(proxy, Chat, Body(isStream));
            Assert.Contains(
                "\"guard\":\"prompt=email:mask:2 answer=restored:restore:2\"",
                await proxy.WaitForLineAsync("\"path\":\"/v1/chat/completions\""));
            await proxy.ExpectMetricAsync(2, "edgeproxy_ai_guard_findings_total",
                "guard=\"guard\",side=\"answer\",rule=\"restored\",action=\"restore\",report_only=\"false\"");
            proxy.Terminate();
            Assert.Equal(0, await proxy.ExitCodeAsync());
            Assert.DoesNotContain(proxy.Stderr, line => line.Contains(Mail, StringComparison.Ordinal));
        }

        Assert.Equal(200, answer.Status);
        Assert.Equal($"To {Mail} and bob@example.com.", Said(answer, isStream));
        string asked = Encoding.UTF8.GetString(Assert.Single(server.WholeRequests).Body);
        Assert.Contains("To [EMAIL_1] and [EMAIL_2].", asked, StringComparison.Ordinal);
        Assert.DoesNotContain(Mail, asked, StringComparison.Ordinal);
        Assert.Single(chain.Verified("exchange"));
        foreach (string file in Directory.EnumerateFiles(chain.Folder, "*", SearchOption.AllDirectories))
        {
            string kept = Encoding.Latin1.GetString(
                await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.DoesNotContain(Mail, kept, StringComparison.Ordinal);
        }
    }

    private static string Body(bool isStream) =>
        $"{{\"model\":\"fast\",\"stream\":{(isStream ? "true" : "false")},\"messages\":[{{\"role\":\"user\","
            + $"\"content\":\"To {Mail} and bob@example.com.\"}}]}}";

    private static string Said(RawResponse answer, bool isStream) => isStream
        ? string.Concat(AiProxy.Events(answer).Where(data => data.StartsWith('{')).Select(data =>
            (string?)JsonNode.Parse(data)!["choices"]![0]!["delta"]!["content"]))
        : (string)AiProxy.Json(answer)["choices"]![0]!["message"]!["content"]!;

    private static RawServer Echo(bool isStream) => RawServer.Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            string said = (string)JsonNode.Parse(request.Body)!["messages"]![0]!["content"]!;
            if (!isStream)
            {
                string whole = $"{{\"choices\":[{{\"message\":{{\"content\":\"{said}\"}}}}]}}";
                await connection.SendAsync(
                    $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {whole.Length}\r\n\r\n{whole}");
                continue;
            }

            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            foreach (char sign in said)
            {
                string piece = $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{sign}\"}}}}]}}\n\n";
                await connection.SendAsync($"{piece.Length:x}\r\n{piece}\r\n");
            }

            await connection.SendAsync("e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
        }
    });

    private static ProxyConfig Config(RawServer server, AuditChain chain) => AiProxy.Config(server.Port, "openai", more: $$"""
        [routers.guarded]
        rule = "PathPrefix(`/`)"
        priority = 1000
        middlewares = ["guard"]
        service = "llm"
        audit_payloads = "redacted"
        [middlewares.guard.ai_guard]
        prompt = [{ detect = "email", action = "mask", reversible = true }]
        [access_log]
        output = "stderr"
        {{chain.Table()}}
        """);
}
