using System;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Probes of the health service of gRPC, and probes that are spoken otherwise than requests.</summary>
public sealed class GrpcHealthTests
{
    private const string Often = "interval = \"100ms\", jitter = \"0\", rise = 1, fall = 1, timeout = \"1m\"";

    [Theory]
    [InlineData("")]
    [InlineData("shop.v1.Orders")]
    public async Task Status_DecidesWhetherTheServerIsUp(string service)
    {
        await using GrpcHealthServer server = await GrpcHealthServer.StartAsync();
        server.Set(service, isServing: true);
        string asked = service.Length > 0 ? $", service = \"{service}\"" : "";
        await using ProxyProcess proxy = await StartAsync(
            $"http://127.0.0.1:{server.Port}", $"health_check = {{ kind = \"grpc\"{asked}, {Often} }}");

        await WaitForAsync(proxy, "up", "SERVING");
        server.Set(service, isServing: false);
        await WaitForAsync(proxy, "down", "NOT_SERVING");
        Assert.Equal(503, (await RawClient.GetAsync(proxy.Port)).Status);
        server.Set(service, isServing: true);
        await WaitForAsync(proxy, "up", "SERVING");
        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    [Fact]
    public async Task ServiceTheServerDoesNotKnow_IsDown()
    {
        await using GrpcHealthServer server = await GrpcHealthServer.StartAsync();
        server.Set("", isServing: true);
        await using ProxyProcess proxy = await StartAsync(
            $"http://127.0.0.1:{server.Port}", $"health_check = {{ kind = \"grpc\", service = \"other\", {Often} }}");

        await WaitForAsync(proxy, "down", "its answer holds no health status");
    }

    [Fact]
    public async Task OverTls_TheServerIsVerifiedAndSpeaksHttp2()
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        await using GrpcHealthServer server = await GrpcHealthServer.StartAsync(own);
        server.Set("", isServing: true);
        string check = $"health_check = {{ kind = \"grpc\", {Often} }}";

        await using (ProxyProcess proxy = await StartAsync(
            $"https://127.0.0.1:{server.Port}", $"{check}\ntls = {{ ca = \"{keys.AuthorityFile}\" }}"))
        {
            await WaitForAsync(proxy, "up", "SERVING");
            server.Set("", isServing: false);
            await WaitForAsync(proxy, "down", "NOT_SERVING");
        }

        await using ProxyProcess distrusting = await StartAsync($"https://127.0.0.1:{server.Port}", check);
        await WaitForAsync(distrusting, "down", "certificate");
    }

    [Fact]
    public async Task OverTls_AServerOfHttp1_IsDown()
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        await using GrpcHealthServer server = await GrpcHealthServer.StartAsync(own, HttpProtocols.Http1);
        await using ProxyProcess proxy = await StartAsync(
            $"https://127.0.0.1:{server.Port}",
            $"health_check = {{ kind = \"grpc\", {Often} }}\ntls = {{ ca = \"{keys.AuthorityFile}\" }}");

        // OpenSSL or the probe says so, depending on how the server declines.
        await WaitForAsync(proxy, "down", "");
    }

    [Theory]
    [InlineData("not http", "its answer is not HTTP/2")]
    [InlineData("503", "its answer is not HTTP/2")]
    [InlineData("closed", "closed without an answer")]
    [InlineData("hangs", "no answer in time")]
    [InlineData("hangs within its answer", "no answer in time")]
    [InlineData("reset", "")]
    [InlineData("refused", "")]
    public async Task PeerThatDoesNotAnswerInHttp2_IsDown(string way, string outcome)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.Wire.ReadHeadAsync("the preface");
            if (way == "reset")
            {
                connection.Wire.Reset();
                return;
            }

            if (way == "hangs within its answer")
            {
                // Its SETTINGS, then the first bytes of HEADERS.
                await connection.SendAsync("\0\0\0\u0004\0\0\0\0\0\0\0\u0040\u0001\u0004\0");
            }

            if (way is "not http" or "503")
            {
                await connection.SendAsync(
                    way == "503" ? "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" : "220 mail.test ESMTP\r\n");
            }

            if (way != "closed")
            {
                await connection.Wire.ReadToEndAsync();
            }
        });
        server.ToleratesFaults = true;
        if (way == "refused")
        {
            server.StopAccepting();
        }

        bool isSilent = way.StartsWith("hangs", StringComparison.Ordinal);
        await using ProxyProcess proxy = await StartAsync(
            $"http://127.0.0.1:{server.Port}",
            $"health_check = {{ kind = \"grpc\", {(isSilent ? Often.Replace("1m", "200ms") : Often)} }}");

        await WaitForAsync(proxy, "down", outcome);
    }

    [Fact]
    public async Task Scheme_ProbesAreSecuredOrNot_WhateverRequestsAre()
    {
        using var keys = new TestKeys();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        await using RawServer clear = RawServer.Ok();
        await using RawServer secure = RawServer.StartTls(
            async connection =>
            {
                while (await connection.ReadRequestAsync() is not null)
                {
                    await connection.AnswerAsync();
                }
            },
            TestKeys.Server(own));
        string tls = $"tls = {{ ca = \"{keys.AuthorityFile}\" }}";

        await using (ProxyProcess proxy = await StartAsync(
            $"http://127.0.0.1:{clear.Port}",
            $"health_check = {{ scheme = \"https\", port = {secure.Port}, path = \"/healthz\", {Often} }}\n{tls}"))
        {
            await WaitForAsync(proxy, "up", "status 200");
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        }

        Assert.All(secure.Requests, request => Assert.Equal("/healthz", request.Target));
        await using (ProxyProcess proxy = await StartAsync(
            $"https://127.0.0.1:{secure.Port}",
            $"health_check = {{ scheme = \"http\", port = {clear.Port}, path = \"/healthz\", {Often} }}\n{tls}"))
        {
            await WaitForAsync(proxy, "up", "status 200");
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/page")).Status);
        }

        Assert.Contains(secure.Requests, request => request.Target == "/page");
    }

    private static Task<ProxyProcess> StartAsync(string url, string service) => ProxyProcess.StartAsync(new ProxyConfig
    {
        IsBare = true,
        More = $$"""
            [routers.all]
            rule = "PathPrefix(`/`)"
            service = "app"
            [services.app]
            servers = [{ url = "{{url}}" }]
            {{service}}
            """,
    });

    private static Task<string> WaitForAsync(ProxyProcess proxy, string state, string outcome) => Eventually.GetAsync(
        async () =>
        {
            using var json = JsonDocument.Parse((await proxy.AdminAsync("/api/v1/services")).BodyText);
            JsonElement server = json.RootElement[0].GetProperty("servers")[0];
            return $"{server.GetProperty("state").GetString()}: {server.GetProperty("last_probe").GetString()}";
        },
        seen => seen.StartsWith($"{state}: ", StringComparison.Ordinal) && seen.Contains(outcome, StringComparison.Ordinal),
        $"{state}: {outcome}");
}
