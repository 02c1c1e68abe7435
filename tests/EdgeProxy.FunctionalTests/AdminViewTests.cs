using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>What the admin API shows, that it is as its OpenAPI document says, and who is let in.</summary>
public sealed class AdminViewTests
{
    private const string Token = "a token of this test";

    // The first byte of many, and no more.
    private const string LongBody = "Content-Length: 8388608\r\n\r\n{";

    [Fact]
    public async Task EveryAnswer_IsAsTheDocumentSays()
    {
        using var keys = new TestKeys();
        using var chain = new AuditChain();
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = Rich(server, keys);
        config.More += chain.Table();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        Assert.Equal(200, (await proxy.AdminAsync("/api/v1/halt?router=other", "POST")).Status);
        JsonObject document = (await JsonAsync(proxy, "/api/v1/openapi.json")).AsObject();
        Assert.Equal("3.1.0", (string)document["openapi"]!);
        JsonObject paths = document["paths"]!.AsObject();

        foreach ((string path, JsonNode? methods) in paths)
        {
            if (methods!["get"] is { } get)
            {
                JsonNode schema = get["responses"]!["200"]!["content"]!["application/json"]!["schema"]!;
                Check(await JsonAsync(proxy, path), schema, document, path);
            }
            else
            {
                Assert.Equal(405, (await proxy.AdminAsync(path)).Status);
            }
        }

        // Whatever the index lists is in the document.
        string index = (await proxy.AdminAsync("/")).BodyText;
        Assert.All(paths, path => Assert.Contains(path.Key.Split('/')[^1], index, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryChange_AnswersAsTheDocumentSays()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        JsonObject document = (await JsonAsync(proxy, "/api/v1/openapi.json")).AsObject();

        async Task CheckAsync(string path, int status, string body = "")
        {
            RawResponse answer = await PostAsync(proxy, path, body);
            Assert.Equal(status, answer.Status);
            JsonNode response = document["paths"]![path.Split('?')[0]]!["post"]!["responses"]![$"{status}"]!;
            if (response["content"]!["application/json"] is { } json)
            {
                Check(JsonNode.Parse(answer.BodyText)!, json["schema"]!, document, path);
            }
        }

        string good = $"\"{JsonEncodedText.Encode(proxy.Config.ToToml())}\"";
        await CheckAsync("/api/v1/reload", 200);
        await CheckAsync("/api/v1/plan", 200, $"{{\"files\":[{{\"path\":\"/a.toml\",\"text\":{good}}}]}}");
        await CheckAsync("/api/v1/plan", 422, "{\"files\":[{\"path\":\"/a.toml\",\"text\":\"x = 1\"}]}");
        await CheckAsync("/api/v1/plan", 400, "{\"files\":[{\"path\":\"relative\",\"text\":\"\"}]}");
        await CheckAsync("/api/v1/plan", 400, "nonsense");
        await CheckAsync("/api/v1/rollback", 404);
        await CheckAsync("/api/v1/rollback?hash=0123", 400);
        await CheckAsync("/api/v1/halt?router=all", 200);
        await CheckAsync("/api/v1/release?router=all", 200);
        await CheckAsync("/api/v1/deployments", 201, "{\"service\":\"app\",\"version\":\"1\"}");
        proxy.WriteConfig("[node]\nx = 1\n");
        await CheckAsync("/api/v1/reload", 422);
    }

    [Fact]
    public async Task Views_SayWhatThereIsAndHideSecrets()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Rich(server, keys));

        JsonNode overview = await JsonAsync(proxy, "/api/v1/overview");
        Assert.Equal(
            ("test", true, 2), ((string)overview["node"]!, (bool)overview["ready"]!, (int)overview["routers"]!));
        JsonNode router = (await JsonAsync(proxy, "/api/v1/routers")).AsArray()
            .Single(one => (string)one!["name"]! == "other")!;
        Assert.Equal(("PathPrefix(`/other`)", "app"), ((string)router["rule"]!, (string)router["service"]!));
        JsonNode middleware = Assert.Single((await JsonAsync(proxy, "/api/v1/middlewares")).AsArray())!;
        Assert.Equal(("fields", "headers", "other"),
            ((string)middleware["name"]!, (string)middleware["kind"]!, (string)middleware["routers"]![0]!));
        JsonNode certificate = Assert.Single((await JsonAsync(proxy, "/api/v1/certificates")).AsArray())!;
        Assert.True((int)certificate["days_left"]! >= 0);
        Assert.Equal("secure", (string)certificate["entrypoints"]![0]!);

        string config = (await proxy.AdminAsync("/api/v1/config")).BodyText;
        Assert.DoesNotContain("sk-literal", config, StringComparison.Ordinal);
        JsonNode key = JsonNode.Parse(config)!["values"]!.AsArray().Single(
            one => (string)one!["unit"]! == "provider cloud" && (string)one["key"]! == "api_key")!;
        Assert.Equal("\"***\"", (string)key["value"]!);
        Assert.Matches($"^{proxy.ConfigPath}:[0-9]+:[0-9]+$", (string)key["origin"]!);
    }

    [Fact]
    public async Task Page_NeedsNoScriptAndMayLoadNothing()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Rule = "PathPrefix(`/`) && !Header(`X`, `<script>alert(1)</script>`)",
        });

        RawResponse page = await RawClient.OnceAsync(
            proxy.AdminPort,
            $"GET / HTTP/1.1\r\nHost: localhost:{proxy.AdminPort}\r\nAccept: text/html,*/*\r\nConnection: close\r\n\r\n");

        Assert.Equal((200, "text/html; charset=utf-8"), (page.Status, page.Header("Content-Type")));
        Assert.DoesNotContain("<script", page.BodyText, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", page.BodyText, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{server.Port}", page.BodyText, StringComparison.Ordinal);
        string policy = page.Header("Content-Security-Policy")!;
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        string style = page.BodyText.Split("<style>")[1].Split("</style>")[0];
        byte[] hash = System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(style));
        Assert.Contains(Convert.ToBase64String(hash), policy, StringComparison.Ordinal);
        Assert.Equal(policy, (await proxy.AdminAsync("/api/v1/services")).Header("Content-Security-Policy"));
        Assert.Equal(policy, (await proxy.AdminAsync("/nothing")).Header("Content-Security-Policy"));
    }

    [Theory]
    [InlineData("", 401)]
    [InlineData("Authorization: Bearer a token of this tesT\r\n", 401)]
    [InlineData("Authorization: Bearer\r\n", 401)]
    [InlineData("Authorization: Basic " + Token + "\r\n", 401)]
    [InlineData("Authorization: Bearer " + Token + "\r\n", 200)]
    [InlineData("authorization: bearer " + Token + "\r\n", 200)]
    public async Task Token_IsAskedForEverywhereButForHealth(string fields, int status)
    {
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = new(server) { Admin = $"token = \"{Token}\"\nhosts = [\"box.example\"]" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        async Task<int> StatusAsync(string path, string host) => (await RawClient.OnceAsync(
            proxy.AdminPort,
            $"GET {path} HTTP/1.1\r\nHost: {host}:{proxy.AdminPort}\r\nConnection: close\r\n{fields}\r\n")).Status;

        foreach (string path in (string[])["/", "/metrics", "/api/v1/config", "/api/v1/history"])
        {
            Assert.Equal(status, await StatusAsync(path, "box.example"));
        }

        Assert.Equal(200, await StatusAsync("/readyz", "127.0.0.1"));
        Assert.Equal(403, await StatusAsync("/readyz", "evil.example"));
        Assert.Equal(0, (await ProxyProcess.RunAsync("history", "-c", proxy.ConfigPath)).ExitCode);
        Assert.Equal(0, (await ProxyProcess.RunAsync("reload", "-c", proxy.ConfigPath)).ExitCode);
    }

    [Fact]
    public async Task Body_OfWhoIsNotLetIn_IsNotWaitedFor()
    {
        await using RawServer server = RawServer.Ok();
        ProxyConfig config = new(server) { Admin = $"token = \"{Token}\"" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        foreach ((string host, int status) in ((string, int)[])[("127.0.0.1", 401), ("evil.example", 403)])
        {
            RawResponse answer = await RawClient.OnceAsync(
                proxy.AdminPort, $"POST /api/v1/plan HTTP/1.1\r\nHost: {host}:{proxy.AdminPort}\r\n{LongBody}");
            Assert.Equal(status, answer.Status);
        }
    }

    [Fact]
    public async Task Address_ThatOthersReach_NeedsAToken()
    {
        using var file = new ConfigOnDisk(new ProxyConfig { IsBare = true }.ToToml()
            .Replace("address = \"127.0.0.1:", "address = \"0.0.0.0:", StringComparison.Ordinal));

        CommandResult result = await ProxyProcess.RunAsync("validate", "-c", file.Path);

        Assert.Equal(78, result.ExitCode);
        Assert.Contains("is not a loopback address, and needs token", result.Errors, StringComparison.Ordinal);
    }

    private static ProxyConfig Rich(RawServer server, TestKeys keys)
    {
        keys.Make("shop").Dispose();
        return new ProxyConfig(server)
        {
            More = $$"""
                [entrypoints.secure]
                address = "127.0.0.1:{{Ports.Next()}}"
                tls = {}
                [[tls.certificates]]
                cert = "{{keys.Folder}}/shop.pem"
                key = "{{keys.Folder}}/shop.key"
                [routers.other]
                rule = "PathPrefix(`/other`)"
                service = "app"
                middlewares = ["fields"]
                [middlewares.fields.headers.request]
                set = { X-A = "b" }
                [ai.providers.cloud]
                kind = "openai"
                base_url = "http://127.0.0.1:1/v1"
                api_key = "sk-literal"

                """,
        };
    }

    private static async Task<JsonNode> JsonAsync(ProxyProcess proxy, string path)
    {
        RawResponse answer = await proxy.AdminAsync(path);
        Assert.Equal((path, 200), (path, answer.Status));
        return JsonNode.Parse(answer.BodyText)!;
    }

    private static Task<RawResponse> PostAsync(ProxyProcess proxy, string path, string body) => RawClient.OnceAsync(
        proxy.AdminPort,
        $"POST {path} HTTP/1.1\r\nHost: localhost:{proxy.AdminPort}\r\nConnection: close\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    // What of JSON Schema the document uses.
    private static void Check(JsonNode? value, JsonNode schema, JsonObject document, string at)
    {
        if ((string?)schema["$ref"] is { } reference)
        {
            schema = document["components"]!["schemas"]![reference.Split('/')[^1]]!;
        }

        string[] types = schema["type"] is JsonArray several
            ? [.. several.Select(type => (string)type!)]
            : [(string)schema["type"]!];
        string type = value?.GetValueKind() switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => types.Contains("number") ? "number" : "integer",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            _ => "null",
        };
        Assert.True(types.Contains(type), $"{at} is {type}, not {string.Join('|', types)}");
        if (schema["enum"] is JsonArray words)
        {
            Assert.Contains((string)value!, words.Select(word => (string)word!));
        }

        if (value is JsonArray list)
        {
            Assert.All(list, (item, i) => Check(item, schema["items"]!, document, $"{at}[{i}]"));
        }

        if (value is JsonObject members)
        {
            JsonObject properties = schema["properties"]!.AsObject();
            Assert.All(members, member => Assert.True(properties.ContainsKey(member.Key), $"{at}.{member.Key}"));
            Assert.All(
                schema["required"]!.AsArray(), name => Assert.True(members.ContainsKey((string)name!), $"{at}: {name}"));
            foreach ((string name, JsonNode? member) in members)
            {
                Check(member, properties[name]!, document, $"{at}.{name}");
            }
        }
    }
}
