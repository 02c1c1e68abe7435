using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Audit;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// Credentials, good ones and bad ones, are looked for in all that a proxy tells anybody: its log at its most
/// talkative, the access log, spans, metrics, the audit chain, the admin API, a viewer, its servers
/// (GHSA-h2ph-vhm7-g4hp).
/// </summary>
public sealed class CredentialTraceTests
{
    private const string Key = "canary-key-f2a1c9d07b6e4538";
    private const string Wrong = "canary-wrong-8c1d";
    private const string Password = "allmine";
    private const string CollectorToken = "canary-collector-77aa";

    private static readonly string s_pair = Convert.ToBase64String(Encoding.ASCII.GetBytes($"alice:{Password}"));
    private static readonly string s_wrongPair = Convert.ToBase64String(Encoding.ASCII.GetBytes($"alice:{Wrong}"));
    private static readonly string s_token = Tokens.Of("alice");

    // What each request shows, and how it ends.
    private static readonly (string Target, string Fields, int Status)[] s_requests =
    [
        ("/header", $"X-Key: {Key}", 200),
        ("/header", $"X-Key: {Wrong}", 401),
        ("/query?a=1&key=" + Key, "X-Other: 1", 200),
        ("/query?a=1&key=" + Wrong, "X-Other: 1", 401),
        ("/cookie", $"Cookie: a=1; key={Key}", 200),
        ("/cookie", $"Cookie: a=1; key={Wrong}", 401),
        ("/login", $"Authorization: Basic {s_pair}", 200),
        ("/login", $"Authorization: Basic {s_wrongPair}", 401),
        ("/token", $"Authorization: Bearer {s_token}", 200),
        ("/token", $"Authorization: Bearer {Wrong}", 401),
        ("/gone", $"X-Key: {Key}", 502),
        ("/nowhere%zz", $"X-Key: {Key}", 400),
    ];

    [Fact]
    public async Task Credentials_AreToldNobody()
    {
        using var chain = new AuditChain();
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, collector, chain);
        await proxy.AdminAsync("/api/v1/tail?viewer=test", "POST");

        foreach ((string target, string fields, int status) in s_requests)
        {
            Assert.Equal(status, (await RawClient.GetAsync(proxy.Port, target, $"{fields}\r\n")).Status);
        }

        await Eventually.TrueAsync(
            () => proxy.Stderr.Count(static line => line.Contains("\"path\":\"/")) == s_requests.Length, "all lines");
        await collector.WaitForSpansAsync(s_requests.Length);
        var told = new Dictionary<string, string>
        {
            ["the log"] = string.Join('\n', proxy.Stderr),
            ["spans"] = Text(collector.Bodies("/v1/traces")),
            ["log records"] = Text(collector.Bodies("/v1/logs")),
            ["servers"] = string.Concat(server.Requests.Select(static seen => seen.Head.Text)),
            ["tail"] = (await proxy.AdminAsync("/api/v1/tail?viewer=test", "POST")).BodyText,
            ["metrics"] = (await proxy.AdminAsync("/metrics")).BodyText,
        };
        foreach (string path in await PathsAsync(proxy))
        {
            told.Add(path, (await proxy.AdminAsync(path)).BodyText);
        }

        proxy.Terminate();
        Assert.Equal(0, await proxy.ExitCodeAsync());
        told.Add("audit", Text(Directory.GetFiles(chain.Folder).Select(File.ReadAllBytes)));

        string[] canaries = [Key, Wrong, Password, CollectorToken, s_pair, s_wrongPair, s_token, Tokens.Secret];
        Assert.Equal([], told.SelectMany(one =>
            canaries.Where(canary => one.Value.Contains(canary, StringComparison.OrdinalIgnoreCase))
                .Select(canary => $"{one.Key} has {canary}")));
        Assert.All(told, static one => Assert.NotEmpty(one.Value));
    }

    private static Task<ProxyProcess> StartAsync(RawServer server, OtlpCollector collector, AuditChain chain)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Key)));
        return ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Log = "level = \"debug\"",
            More = chain.Table() + $$"""
                [consumers.shop]
                keys = [{ sha256 = "{{hash}}" }]
                [middlewares.header.api_key]
                header = "X-Key"
                [middlewares.query.api_key]
                query = "key"
                [middlewares.cookie.api_key]
                cookie = "key"
                [middlewares.login.basic_auth]
                users = ["alice:$2y$08$HqWuK6/Ng6sg9gQzbLrgbOC/hxBmwQTMccqkpzM3h0HTZ.Y1Ang6."]
                [middlewares.token.jwt]
                secret = "{{Tokens.Secret}}"
                {{Router("header", "header")}}{{Router("query", "query")}}{{Router("cookie", "cookie")}}
                {{Router("login", "login")}}{{Router("token", "token")}}{{Router("gone", "header", "gone")}}
                [services.gone]
                {{ProxyConfig.ServerList(Ports.Next())}}
                [access_log]
                output = "stderr"
                headers_redacted = ["Authorization", "X-Key", "Cookie"]
                [telemetry.otlp]
                endpoint = "http://127.0.0.1:{{collector.Port}}"
                batch_interval = "100ms"
                headers = { Authorization = "Bearer {{CollectorToken}}" }
                [telemetry.traces]
                ratio = 1

                """,
        });
    }

    private static string Router(string name, string middleware, string service = "app") => $"""

        [routers.{name}]
        rule = "PathPrefix(`/{name}`)"
        service = "{service}"
        middlewares = ["{middleware}"]

        """;

    // All that the admin API's document lists and shows.
    private static async Task<string[]> PathsAsync(ProxyProcess proxy)
    {
        using var document = JsonDocument.Parse((await proxy.AdminAsync("/api/v1/openapi.json")).BodyText);
        return
        [
            .. document.RootElement.GetProperty("paths").EnumerateObject()
                .Where(static path => path.Value.TryGetProperty("get", out _)).Select(static path => path.Name),
        ];
    }

    private static string Text(IEnumerable<byte[]> bodies) =>
        string.Concat(bodies.Select(Encoding.Latin1.GetString));
}
