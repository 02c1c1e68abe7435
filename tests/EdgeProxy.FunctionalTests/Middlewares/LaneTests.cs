using System;
using System.Net;
using System.Net.Http;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Middlewares.Identity;
using Xunit;

namespace EdgeProxy.FunctionalTests.Middlewares;

/// <summary>Bounds that only some addresses or answers reach, by HTTP/1.1 and HTTP/2, with and without TLS.</summary>
public sealed class LaneTests
{
    // Addresses in an order: a network of 64 bits, then one of 48, each with a request more than it may.
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task RateLimit_ByAddress_AnIpv6NetworkIsOneSource(bool isSecure, bool isHttp2)
    {
        await using RawServer server = RawServer.Ok();
        await using Lane lane = await Lane.StartAsync(isSecure, isHttp2, new ProxyConfig(server)
        {
            EntryPoint = "trusted_ips = [\"127.0.0.1\"]\n",
            Rule = "Host(`home.edge.test`)",
            Router = "middlewares = [\"home\"]",
            More = """
                [routers.site]
                rule = "Host(`site.edge.test`)"
                service = "app"
                middlewares = ["site"]
                [routers.one]
                rule = "Host(`one.edge.test`)"
                service = "app"
                middlewares = ["one"]
                [middlewares.home.rate_limit]
                average = 1
                period = "24h"
                depth = 1
                [middlewares.site.rate_limit]
                average = 1
                period = "24h"
                depth = 1
                ipv6_prefix = 48
                [middlewares.one.rate_limit]
                average = 1
                period = "24h"
                depth = 1
                ipv6_prefix = 128

                """,
        });

        (string Host, string Client, int Status)[] asked =
        [
            ("home.edge.test", "2001:db8:1:2::1", 200), ("home.edge.test", "2001:db8:1:2:ffff::9", 429),
            ("home.edge.test", "2001:db8:1:3::1", 200), ("home.edge.test", "192.0.2.1", 200), ("home.edge.test", "192.0.2.2", 200),
            ("home.edge.test", "::ffff:192.0.2.2", 429), // the same client as its IPv4 address
            ("site.edge.test", "2001:db8:1:2::1", 200), ("site.edge.test", "2001:db8:1:3::1", 429),
            ("site.edge.test", "2001:db8:2:2::1", 200),
            ("one.edge.test", "2001:db8:1:2::1", 200), ("one.edge.test", "2001:db8:1:2::2", 200),
            ("one.edge.test", "2001:db8:1:2::2", 429),
        ];
        foreach ((string host, string client, int status) in asked)
        {
            (int found, _) = await lane.GetAsync(host, ("X-Forwarded-For", client));
            Assert.Equal((host, client, status), (host, client, found));
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task ForwardAuth_AnswerTooLong_DecidesNothing(bool isSecure, bool isHttp2)
    {
        string longest = new('x', ForwardAuthSettings.AnswerBytesMax);
        await using RawServer auth = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.Head.One("X-Case") switch
                {
                    "longest" => Refusal($"Content-Length: {longest.Length}\r\n\r\n{longest}"),
                    "longer" => Refusal($"Content-Length: {longest.Length + 1}\r\n\r\n{longest}x"),
                    "chunked" => Refusal($"Transfer-Encoding: chunked\r\n\r\n"
                        + $"{longest.Length + 1:x}\r\n{longest}x\r\n0\r\n\r\n"),
                    "head" => Refusal($"X-Long: {longest}\r\nContent-Length: 2\r\n\r\nno"),
                    _ => $"HTTP/1.1 200 OK\r\nContent-Length: {longest.Length + 1}\r\n\r\n{longest}x",
                });
            }
        });
        auth.ToleratesFaults = true; // whoever has read enough closes
        await using RawServer server = RawServer.Ok();
        string keys = $"""
            address = "http://127.0.0.1:{auth.Port}/"
            timeout = "1m"
            request_headers = ["X-Case"]

            """;
        await using Lane lane = await Lane.StartAsync(isSecure, isHttp2, new ProxyConfig(server)
        {
            Rule = "Host(`closed.edge.test`)",
            Router = "middlewares = [\"closed\"]",
            More = $"""
                [routers.open]
                rule = "Host(`open.edge.test`)"
                service = "app"
                middlewares = ["open"]
                [middlewares.closed.forward_auth]
                {keys}
                [middlewares.open.forward_auth]
                {keys}
                on_failure = "open"

                """,
        });

        Assert.Equal((403, longest), await lane.GetAsync("closed.edge.test", ("X-Case", "longest")));
        foreach (string tooLong in (string[])["longer", "chunked", "head"])
        {
            (int status, string text) = await lane.GetAsync("closed.edge.test", ("X-Case", tooLong));
            Assert.Equal((tooLong, 503), (tooLong, status));
            Assert.DoesNotContain("x", text, StringComparison.Ordinal);
        }

        Assert.Empty(server.Requests);
        Assert.Equal((200, "ok"), await lane.GetAsync("open.edge.test", ("X-Case", "longer")));

        // Nobody wants the text of an answer that lets pass.
        Assert.Equal((200, "ok"), await lane.GetAsync("closed.edge.test", ("X-Case", "allow")));
        Assert.Equal(2, server.Requests.Count);

        static string Refusal(string rest) => "HTTP/1.1 403 No\r\nContent-Type: text/plain\r\n" + rest;
    }

    /// <summary>A proxy, and a client of another's make that speaks to it in one way.</summary>
    private sealed class Lane(ProxyProcess proxy, TestKeys keys, bool isSecure, HttpClient client) : IAsyncDisposable
    {
        public static async Task<Lane> StartAsync(bool isSecure, bool isHttp2, ProxyConfig config)
        {
            var keys = new TestKeys();
            keys.Make("a.test", ["*.edge.test", "127.0.0.1"]).Dispose();
            config.EntryPoint += isSecure ? "tls = {}" : "h2c = true";
            config.More += isSecure ? keys.Toml("a.test") : "";
            var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
            handler.SslOptions.CertificateChainPolicy = keys.Trust();
            var client = new HttpClient(handler)
            {
                DefaultRequestVersion = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
                DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Timeout = Deadline.Default,
            };
            return new Lane(await ProxyProcess.StartAsync(config), keys, isSecure, client);
        }

        public async Task<(int Status, string Text)> GetAsync(string host, (string Name, string Value) field)
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Get, $"http{(isSecure ? "s" : "")}://127.0.0.1:{proxy.Port}/");
            request.Headers.Host = host;
            request.Headers.TryAddWithoutValidation(field.Name, field.Value);
            using HttpResponseMessage answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            return ((int)answer.StatusCode,
                await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await proxy.DisposeAsync();
            keys.Dispose();
        }
    }
}
