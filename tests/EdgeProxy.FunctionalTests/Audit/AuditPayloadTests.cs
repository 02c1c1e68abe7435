using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Ai;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Audit;

/// <summary>
/// Bodies of calls are kept beside the chain as their router says, shown by who may, erased when asked, and the chain
/// verifies all the way.
/// </summary>
public sealed class AuditPayloadTests
{
    private const string Mail = "jane.doe@example.com";

    [Theory]
    [InlineData("redacted", false)]
    [InlineData("redacted", true)]
    [InlineData("sealed", true)]
    public async Task Call_IsKeptShownAndErased(string mode, bool stream)
    {
        using var chain = new AuditChain();
        using ECDiffieHellman pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        string publicKey = Path.Combine(chain.Folder, "payloads.pub.pem");
        string privateKey = Path.Combine(chain.Folder, "payloads.pem");
        File.WriteAllText(publicKey, pair.ExportSubjectPublicKeyInfoPem());
        File.WriteAllText(privateKey, pair.ExportPkcs8PrivateKeyPem());
        await using ModelServer server = ModelServer.Start();
        string body = "{\"model\":\"fast\",\"stream\":" + (stream ? "true" : "false")
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"mail " + Mail + "\"}]}";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            Config(chain, server, mode, publicKey));
        RawResponse answer = await AiProxy.PostAsync(
            proxy, "/v1/chat/completions", body, "X-Key: ann-key\r\n");
        Assert.Equal(200, answer.Status);

        string shown = await ShowAsync(proxy, mode == "sealed" ? ["--private-key", privateKey] : []);
        Assert.Contains("\"payloads\": \"" + mode + "\"", shown);
        Assert.Contains("\"payload\": \"ok\"", shown);
        Assert.Equal(mode == "sealed", shown.Contains(Mail));
        Assert.Equal(mode == "redacted", shown.Contains("[EMAIL]"));

        (int code, string erased) = await RunAsync(proxy, "audit", "erase", "--consumer", "ann");
        Assert.Equal((0, "1 payloads of ann erased\n"), (code, erased));
        shown = await ShowAsync(proxy, []);
        Assert.Contains("\"payload\": \"erased\"", shown);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        (code, string verified) = await RunAsync(proxy, "audit", "verify", "--format", "json");
        Assert.Equal(0, code);
        JsonNode payloads = JsonNode.Parse(verified)!["payloads"]!;
        Assert.Equal((0, 1, 0), ((int)payloads["kept"]!, (int)payloads["erased"]!, (int)payloads["never_written"]!));
        JsonObject done = chain.Verified("erasure")[1];
        Assert.Equal(("ann", "done", 1), ((string)done["consumer"]!, (string)done["outcome"]!, (int)done["erased"]!));
        JsonObject action = Assert.Single(chain.Verified("admin"));
        Assert.Equal(("/api/v1/audit/erase", 200), ((string)action["cause"]!, (int)action["status"]!));
        Assert.StartsWith("127.0.0.1", (string)action["by"]!);

        // Without a proxy the chain is opened by the verb itself.
        (code, erased) = await RunAsync(proxy, "audit", "erase", "--consumer", "ann");
        Assert.Equal((0, "0 payloads of ann erased\n"), (code, erased));
        (code, erased) = await RunAsync(proxy, "audit", "erase", "--consumer", "");
        Assert.NotEqual(0, code); // a variable that is not set is nobody's name, and not everybody without one
        Assert.Contains("--consumer is empty", erased, StringComparison.Ordinal);
        Assert.Equal(4, chain.Verified("erasure").Count);
    }

    // One call's, by its id: with a proxy and without, and nothing else.
    [Fact]
    public async Task Request_IsErasedAlone()
    {
        using var chain = new AuditChain();
        await using ModelServer server = ModelServer.Start();
        using ECDiffieHellman pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        string publicKey = Path.Combine(chain.Folder, "payloads.pub.pem");
        File.WriteAllText(publicKey, pair.ExportSubjectPublicKeyInfoPem());
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Config(chain, server, "redacted", publicKey));
        const int Count = 3;
        for (int i = 0; i < Count; i++)
        {
            string body = "{\"model\":\"fast\",\"messages\":[{\"role\":\"user\",\"content\":\"call " + i + "\"}]}";
            RawResponse answer = await AiProxy.PostAsync(proxy, "/v1/chat/completions", body, "X-Key: ann-key\r\n");
            Assert.Equal(200, answer.Status);
        }

        string kept = await Eventually.GetAsync(
            async () => (await RunAsync(proxy, "audit", "export", "--kind", "payload")).Output,
            lines => lines.Count(sign => sign == '\n') == Count, "the payloads were not kept");
        string[] ids = [.. kept.TrimEnd().Split('\n').Select(line => (string)JsonNode.Parse(line)!["request_id"]!)];
        (int code, string erased) = await RunAsync(proxy, "audit", "erase", "--request", ids[0]);
        Assert.Equal((0, $"1 payloads of request {ids[0]} erased\n"), (code, erased));
        Assert.Contains("\"payload\": \"erased\"", (await RunAsync(proxy, "audit", "show", ids[0], "--payload")).Output);
        Assert.Contains("call 1", (await RunAsync(proxy, "audit", "show", ids[1], "--payload")).Output);
        (code, erased) = await RunAsync(proxy, "audit", "erase", "--request", "nobody's");
        Assert.Equal((1, true), (code, erased.Contains("no exchange of request nobody's", StringComparison.Ordinal)));
        (code, _) = await RunAsync(proxy, "audit", "erase", "--request", ids[0], "--consumer", "ann");
        Assert.Equal(2, code);
        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());

        // Without a proxy the chain is opened by the verb itself.
        (code, erased) = await RunAsync(proxy, "audit", "erase", "--request", ids[1]);
        Assert.Equal((0, $"1 payloads of request {ids[1]} erased\n"), (code, erased));
        (code, string verified) = await RunAsync(proxy, "audit", "verify", "--format", "json");
        Assert.Equal(0, code);
        JsonNode payloads = JsonNode.Parse(verified)!["payloads"]!;
        Assert.Equal((1, 2), ((int)payloads["kept"]!, (int)payloads["erased"]!));
        Assert.Equal(ids[1], (string)chain.Verified("erasure")[3]["request_id"]!);
    }

    // Of the one exchange, once its payload has a record of its own.
    private static Task<string> ShowAsync(ProxyProcess proxy, string[] key) =>
        Eventually.GetAsync(
            async () =>
            {
                (int code, string line) = await RunAsync(proxy, "audit", "export", "--kind", "payload");
                Assert.Equal(0, code);
                if (line.Length == 0)
                {
                    return null;
                }

                string id = (string)JsonNode.Parse(line)!["request_id"]!;
                (code, string shown) = await RunAsync(proxy, ["audit", "show", id, "--payload", .. key]);
                Assert.Equal(0, code);
                return shown;
            },
            shown => shown is not null, "no payload was kept")!;

    private static async Task<(int Code, string Output)> RunAsync(ProxyProcess proxy, params string[] arguments)
    {
        CommandResult result = await ProxyProcess.RunAsync([.. arguments, "--config", proxy.ConfigPath]);
        return (result.ExitCode, result.ExitCode == 0 ? result.Output : result.Output + result.Errors);
    }

    private static ProxyConfig Config(AuditChain chain, ModelServer server, string mode, string publicKey)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData("ann-key"u8));
        ProxyConfig config = AiProxy.Config(server, "openai", more: $$"""
            [consumers.ann]
            keys = [{ sha256 = "{{hash}}" }]
            [middlewares.key.api_key]
            header = "X-Key"
            [audit]
            directory = "{{chain.Folder}}"
            fsync_interval = "10ms"
            [audit.payloads]
            public_key_file = "{{publicKey}}"
            """);
        config.More = config.More.Replace("service = \"llm\"\n",
            $"service = \"llm\"\nmiddlewares = [\"key\"]\naudit_payloads = \"{mode}\"\n", StringComparison.Ordinal);
        return config;
    }
}
